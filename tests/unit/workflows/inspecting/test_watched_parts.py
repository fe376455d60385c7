"""A watched folder of a product with views, through the record: one row a part, with what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PIL import Image

from filo_core.events import ImageInspected
from filo_core.line.part_collecting import PartCollector
from filo_core.line.watched_folder import WatchedFolder
from filo_core.types import InspectionFilter, Prediction, Recipe, Verdict
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import sign_part
from tests.unit.workflows.inspecting.test_folder_jobs import PlainInspector, file, inspector
from workflows.inspecting.folder_jobs import FolderJobFile, FolderJobState
from workflows.inspecting.folder_queue import FolderJobs
from workflows.inspecting.inspector import folder_steps
from workflows.products.catalogue import Catalogue
from workflows.reporting.history import History

if TYPE_CHECKING:
    from filo_core.engine import Engine

__all__ = ["file", "inspector"]
Wait = Callable[[Callable[[], object]], None]


class _Redness:
    def predict(self, pixels: Any) -> Prediction:
        score = float(pixels[..., 0].mean() / 255.0)
        return Prediction(score, np.full((2, 2), score, np.float32), (), {}, trained=True)


class _Engine:
    lanes = 1

    def detector(self, recipe: Recipe, images: object) -> _Redness:
        del recipe, images
        return _Redness()


def save(path: Path, red: int) -> None:
    Image.new("RGB", (8, 6), (red, 0, 0)).save(path)


def test_what_has_come_together_is_one_row_a_part(
    storage: Storage, catalogue: Catalogue, tmp_path: Path, wait_until: Wait, monkeypatch: Any
) -> None:
    sign_part(storage)
    monkeypatch.setattr(Catalogue, "references", lambda *_: ())
    for name, red in (("a_top", 0), ("a_side", 250), ("b_top", 0)):
        save(tmp_path / f"{name}.png", red)
    watched = WatchedFolder(tmp_path, settled_s=0.05)
    watched.start()
    wait_until(lambda: len(watched.waiting()) == 3)
    collector = PartCollector({"top": "_top", "side": "_side"}, tmp_path, wait_s=5.0)
    parts = (*collector.collect(watched.waiting(), 0.0).parts, *collector.collect(watched.waiting()[2:], 9.0).parts)
    watched.stop()
    for path in tmp_path.glob("*.png"):
        # What arrived was read; who wrote it may have moved it on.
        path.unlink()
    steps = folder_steps(Recorder(storage, "housing"), catalogue, catalogue.recipe("housing"), tmp_path, parts)
    events = list(steps(cast("Engine", _Engine())))
    assert sum(isinstance(event, ImageInspected) for event in events) == 2
    second, first = History(storage).page(InspectionFilter(product="housing"))
    assert (first.name, first.verdict, len(first.views)) == ("a", Verdict.NG, 2)
    assert (second.name, second.verdict) == ("b", Verdict.NOT_INSPECTED)
    assert "side: no file b_side came within 5 s." in second.reason


def test_a_watched_folder_hands_on_parts_and_names_what_came_late(
    inspector: PlainInspector, file: FolderJobFile, tmp_path: Path, wait_until: Wait
) -> None:
    suffixes: Mapping[str, str] = {"top": "_top", "side": "_side"}
    jobs = FolderJobs(inspector, file, lambda _: suffixes, part_wait_s=1.0)
    jobs.open()
    folder = tmp_path / "in"
    folder.mkdir()
    job = jobs.add("housing", folder, watch=True)
    save(folder / "a_top.png", 1)
    save(folder / "a_side.png", 1)
    save(folder / "b_top.png", 1)
    wait_until(lambda: inspector.judged == ["a", "b"])
    save(folder / "b_side.png", 1)
    wait_until(lambda: (now := jobs.job(job.number)) is not None and "b_side.png" in now.left_out)
    save(folder / "c_top.png", 1)
    save(folder / "c_side.png", 1)
    wait_until(lambda: inspector.judged == ["a", "b", "c"])
    wait_until(lambda: (now := jobs.job(job.number)) is not None and now.state is FolderJobState.WATCHING)
    jobs.close()
