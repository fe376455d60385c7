"""Inspect, retype three regions, inspect again: the names follow. Offscreen, and in a window of a real X server."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import Qt

from filo_core.naming.region_features import space_of
from filo_core.types import UNKNOWN_TYPE, Box, InspectionFilter, InspectionRecord, Position, Prediction, Region
from gui.review.panel import ReviewPanel
from gui.review.table_model import ReviewColumn
from gui.state import AppState
from tests.unit.gui.conftest import RedEngine
from tests.unit.gui.review.conftest import Answer, Press
from workflows.workbench import Workbench

Until = Callable[..., None]
COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255))
NAMES = ("scratch", "dent", "burr")


class SpotDetector:
    """Finds three spots side by side, and says of each that it looks like its colour."""

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        height, width = pixels.shape[:2]
        spots = [pixels[height // 3 : 2 * height // 3, width * at // 3 : width * (at + 1) // 3] for at in range(3)]
        found = []
        for at, spot in enumerate(spots):
            colour = spot.reshape(-1, 3).mean(axis=0).astype(np.float32)
            box = Box(width * at // 3, height // 3, width // 3, height // 3)
            unit = colour / np.linalg.norm(colour)
            where = (Position.LEFT, Position.CENTER, Position.RIGHT)[at]
            found.append(Region(box, 99, 0.9 - 0.1 * at, UNKNOWN_TYPE, 0.0, where, embedding=unit))
        seen = np.full((8, 8), 0.9, np.float32)
        space = space_of(RedEngine.model_hash)
        return Prediction(0.9, seen, tuple(found), {"all": 0.001}, trained=True, embedding_space=space)


class SpotEngine(RedEngine):
    def detector(self, *_: object) -> SpotDetector:  # type: ignore[override]
        return SpotDetector()


@pytest.fixture
def engine() -> RedEngine:
    return SpotEngine(trained=True)


def spotted(path: Path, order: tuple[int, ...], seed: int) -> None:
    """A picture with a spot of each colour, in an order; another seed is another file."""
    noise = np.random.default_rng(seed).integers(0, 9, (48, 96, 3))
    pixels = np.full((48, 96, 3), 40) + noise
    for at, colour in enumerate(order):
        pixels[16:32, 32 * at : 32 * (at + 1)] = np.array(COLOURS[colour]) * 0.9 + noise[16:32, 32 * at : 32 * (at + 1)]
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)


def inspected(workbench: Workbench, product: str, folder: Path) -> InspectionRecord:
    handle = workbench.inspector.inspect_folder(product, folder)
    handle.wait(20)
    assert handle.error is None
    return workbench.history.page(InspectionFilter(), limit=1)[0]


def test_names_follow_three_retyped_regions(
    panel: ReviewPanel,
    state: AppState,
    product: str,
    tmp_path: Path,
    answer: Answer,
    press: Press,
    until: Until,
) -> None:
    spotted(tmp_path / "first" / "a.png", (0, 1, 2), 1)
    first = inspected(state.workbench, product, tmp_path / "first")
    assert {region.anomaly_type for region in first.regions} == {UNKNOWN_TYPE}
    panel.show()
    until(lambda: panel.detail.is_seen, "the picture is on screen")
    assert panel.detail.regions.item(0).text() == "1   unknown – left"

    panel.detail.regions.setCurrentRow(0)
    for name in NAMES:
        asked = answer(Qt.Key.Key_Return, text=name)
        press(panel, Qt.Key.Key_T)
        until(lambda asked=asked: bool(asked), "the question")  # type: ignore[misc]
    assert [panel.detail.regions.item(row).text() for row in range(3)] == [
        "1   scratch – left",
        "2   dent – center",
        "3   burr – right",
    ], "each answer named one region, and the next one was chosen"
    assert [review.regions for review in state.workbench.history.reviews(first.inspection_id)] == [(0,), (1,), (2,)]

    row = panel.presenter.model.row_of(first.inspection_id)
    assert panel.presenter.model.index(row, ReviewColumn.TYPES).data() == "scratch, dent, burr"

    spotted(tmp_path / "second" / "b.png", (2, 0, 1), 2)
    second = inspected(state.workbench, product, tmp_path / "second")
    assert [region.anomaly_type for region in second.regions] == ["burr", "scratch", "dent"]
    assert second.examples == 3
    assert (second.verdict, second.image_score) == (first.verdict, first.image_score)
    panel.refresh()
    panel.table.setCurrentIndex(panel.presenter.model.index(0, 0))
    until(lambda: panel.detail.record is not None and panel.detail.record.inspection_id == second.inspection_id)
    until(lambda: panel.detail.is_seen, "the picture is on screen")
    assert panel.detail.regions.item(0).text().startswith("1   burr ")
    assert "% – left" in panel.detail.regions.item(0).text()
    assert "names learnt from 3 decided regions" in panel.detail._facts.text()


def test_without_a_chosen_region_all_of_them_are_retyped(
    panel: ReviewPanel, state: AppState, product: str, tmp_path: Path, answer: Answer, press: Press, until: Until
) -> None:
    spotted(tmp_path / "first" / "a.png", (0, 1, 2), 1)
    first = inspected(state.workbench, product, tmp_path / "first")
    panel.show()
    until(lambda: panel.detail.is_seen, "the picture is on screen")
    asked = answer(Qt.Key.Key_Return, text="burr")
    press(panel, Qt.Key.Key_T)
    until(lambda: bool(asked), "the question")
    assert [review.regions for review in state.workbench.history.reviews(first.inspection_id)] == [()]
    shown = [panel.detail.regions.item(row).text() for row in range(3)]
    assert shown == ["1   burr – left", "2   burr – center", "3   burr – right"]


@pytest.mark.x11
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed (make system-test)")
def test_names_follow_in_a_window_on_a_real_x_server(printed_on_a_real_server: Callable[[str, float], str]) -> None:
    own = f"{Path(__file__)}::{test_names_follow_three_retyped_regions.__name__}"
    assert "1 passed" in printed_on_a_real_server(own, 250)
