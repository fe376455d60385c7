"""A code in the picture, from a file or a line's trigger to the record and the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import zxingcpp
from PIL import Image

from filo_core.identity import Identity
from filo_core.line.station import Station
from filo_core.line.triggers.base import Trigger, TriggerKind
from filo_core.types import InspectionFilter, Prediction, Recipe, SourceImage, Verdict
from filo_core.zones import CodeRead, Unreadable, Zone, ZoneKind
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.filo_core.line.station_parts import MemoryLedger
from tests.unit.storage.making import make_draft, sign_product
from workflows.inspecting.inspector import folder_steps
from workflows.products.catalogue import Catalogue
from workflows.reporting.history import History

if TYPE_CHECKING:
    from filo_core.engine import Engine

NAME = "metal nut"
LABEL = Zone("label", ((0.05, 0.05), (0.95, 0.95)), kind=ZoneKind.CODE, code=CodeRead("serial", Unreadable.NG))


class _Quiet:
    def predict(self, pixels: Any) -> Prediction:
        del pixels
        return Prediction(0.1, np.zeros((2, 2), np.float32), (), {}, trained=True)


class _Engine:
    lanes = 1

    def detector(self, recipe: Recipe, images: object) -> _Quiet:
        del recipe, images
        return _Quiet()


def picture(texts: Sequence[str]) -> Any:
    pixels = np.full((240, 320, 3), 200, np.uint8)
    for place, text in enumerate(texts):
        written = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)
        code = np.asarray(written.to_image(scale=4))
        left = 40 + 140 * place
        pixels[80 : 80 + len(code), left : left + code.shape[1]] = code[..., None]
    return pixels


def test_the_serial_of_a_code_is_in_the_record_and_found_by_a_search(
    storage: Storage, catalogue: Catalogue, tmp_path: Path, monkeypatch: Any
) -> None:
    draft = make_draft(NAME)
    sign_product(storage, draft=replace(draft, zones=(LABEL,), region_of_interest=None))
    monkeypatch.setattr(Catalogue, "references", lambda *_: ())
    for name, texts in (("a", ["SN-1"]), ("b", []), ("c", ["SN-1", "SN-2"])):
        Image.fromarray(picture(texts)).save(tmp_path / f"{name}.png")
    steps = folder_steps(Recorder(storage, NAME), catalogue, catalogue.recipe(NAME), tmp_path)
    list(steps(cast("Engine", _Engine())))
    history = History(storage)
    third, second, first = history.page(InspectionFilter(product=NAME))
    assert (first.verdict, first.identity) == (Verdict.OK, Identity(serial="SN-1"))
    assert (second.verdict, second.identity) == (Verdict.NG, Identity())
    assert "No code could be read in region label" in second.reason
    assert third.verdict is Verdict.NG
    assert "shows 2 codes" in third.reason
    found = history.page(InspectionFilter(identity=Identity(serial="SN-1")))
    assert [record.inspection_id for record in found] == [first.inspection_id]


def test_a_line_answers_review_where_its_trigger_names_another_part_than_the_code(storage: Storage) -> None:
    recipe = sign_product(storage, draft=replace(make_draft(NAME), zones=(LABEL,), region_of_interest=None))
    station = Station(None, recipe, _Quiet(), MemoryLedger(), deadline_s=20)
    station.start()
    try:
        results = []
        for number, serial in enumerate(("SN-1", "SN-9", "")):
            shown = SourceImage("a.png", b"", f"{number}", picture(["SN-1"]), datetime.now(UTC))
            trigger = Trigger(f"{number}", TriggerKind.FOLDER, shown, identity=Identity(serial=serial))
            results.append(station.ask(trigger).wait(20))
    finally:
        station.stop()
    same, other, silent = (result for result in results if result is not None)
    assert (same.verdict, same.identity.serial) == (Verdict.OK, "SN-1")
    assert (other.verdict, other.identity.serial) == (Verdict.REVIEW, "SN-9")
    assert other.reason == "The serial was given as SN-9, and the code in the picture says SN-1."
    assert (silent.verdict, silent.identity.serial) == (Verdict.OK, "SN-1")
