"""Several pictures judged at a time: the events are those of one after another, in the order of the files."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from filo_core.errors import StorageError
from filo_core.events import ImageInspected, ImageSkipped, RunFinished
from filo_core.line.runs import inspect_images
from filo_core.types import Recipe, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.types import Prediction
    from tests.unit.filo_core.line.conftest import BrightnessDetector


class Waiting:
    """Answers as another detector does, once so many ask at the same time; the darker, the later."""

    def __init__(self, inner: BrightnessDetector, together: int = 1) -> None:
        self._inner = inner
        self._all_here = threading.Barrier(together)
        self.threads: set[str] = set()

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        self.threads.add(threading.current_thread().name)
        self._all_here.wait(timeout=20)
        time.sleep(0.02 * (1 - float(pixels.mean()) / 255))
        return self._inner.predict(pixels)


def _files(folder: Path, *brightness: int) -> list[Path]:
    paths = [folder / f"{number}.png" for number in range(len(brightness))]
    for path, value in zip(paths, brightness, strict=True):
        Image.new("RGB", (8, 8), (value,) * 3).save(path)
    return paths


def test_pictures_are_judged_at_the_same_time_and_told_in_their_order(
    tmp_path: Path, recipe: Recipe, detector: BrightnessDetector
) -> None:
    # Without a second one that asks meanwhile none would be answered.
    waiting = Waiting(detector, together=2)
    files = _files(tmp_path, 0, 250, 10, 240, 20, 230)
    events = list(inspect_images(files, recipe, waiting, lambda _: None, lanes=2))
    judged = [event for event in events if isinstance(event, ImageInspected)]
    assert [event.index for event in judged] == list(range(6))
    assert [event.inspection.name for event in judged] == [path.name for path in files]
    assert [event.inspection.verdict for event in judged] == [Verdict.OK, Verdict.NG] * 3
    assert threading.current_thread().name not in waiting.threads


def test_the_events_are_those_of_one_after_another(
    tmp_path: Path, recipe: Recipe, detector: BrightnessDetector
) -> None:
    files = _files(tmp_path, 0, 250, 120, 240, 20)
    files[2].write_bytes(b"no picture")
    files.insert(1, tmp_path / "gone.png")

    def told(lanes: int) -> list[Any]:
        events = list(inspect_images(files, recipe, detector, lambda _: None, lanes=lanes))
        assert isinstance(events[-1], RunFinished)
        seen = [(e.index, e.inspection.name, e.inspection.verdict, e.inspection.reason) for e in events[1:-1]
                if isinstance(e, ImageInspected)]  # fmt: skip
        return [*seen, events[-1].counts]

    assert told(3) == told(1)
    assert told(3)[-1].unreadable == ("gone.png", "2.png")


def test_what_was_judged_before_is_asked_in_order_on_the_thread_of_the_run(
    tmp_path: Path, recipe: Recipe, detector: BrightnessDetector
) -> None:
    asked: list[str] = []
    mine = threading.current_thread()

    def earlier(image_hash: str) -> int | None:
        assert threading.current_thread() is mine
        asked.append(image_hash)
        return 7 if len(asked) == 2 else None

    events = list(inspect_images(_files(tmp_path, 0, 9, 18, 27), recipe, detector, earlier, lanes=2))
    assert [type(event) for event in events[1:-1]] == [ImageInspected, ImageSkipped, ImageInspected, ImageInspected]
    assert len(asked) == 4


def test_a_run_that_is_ended_judges_no_more_than_was_begun(
    tmp_path: Path, recipe: Recipe, detector: BrightnessDetector
) -> None:
    run = inspect_images(_files(tmp_path, *range(0, 200, 10)), recipe, detector, lambda _: None, lanes=2)
    next(run)
    next(run)
    run.close()  # type: ignore[attr-defined]
    assert len(detector.seen) <= 4
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("filo-judge")]


def test_what_was_begun_before_an_error_of_the_record_is_told_first(
    tmp_path: Path, recipe: Recipe, detector: BrightnessDetector
) -> None:
    asked: list[str] = []

    def earlier(image_hash: str) -> None:
        asked.append(image_hash)
        if len(asked) == 3:
            raise StorageError("The record is gone.")

    run = inspect_images(_files(tmp_path, 0, 10, 20, 30), recipe, detector, earlier, lanes=2)
    told = [next(run) for _ in range(3)]
    with pytest.raises(StorageError):
        next(run)
    assert [event.index for event in told if isinstance(event, ImageInspected)] == [0, 1]
