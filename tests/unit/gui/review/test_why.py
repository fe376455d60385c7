"""Why a place stands out: beside the nearest good part, on demand and never on the window's thread."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from filo_core.events import NearestFound, ReasonsFound
from filo_core.types import Box, InspectionFilter, InspectionRecord, LocatedBox, Position, TextReasons, Verdict
from gui.records.choices import Queue
from gui.review.comparison import Comparison
from gui.review.panel import ReviewPanel
from gui.review.why_pane import WhyPane
from gui.state import AppState
from tests.unit.gui.conftest import RedEngine
from workflows.workbench import Workbench

Until = Callable[..., None]


def of(workbench: Workbench, verdict: Verdict) -> tuple[InspectionRecord, ...]:
    return workbench.history.page(InspectionFilter(verdicts=frozenset({verdict})))


@pytest.fixture
def comparison(state: AppState, inspected: str) -> Comparison:
    return Comparison(state)


@pytest.fixture
def told(comparison: Comparison) -> list[NearestFound]:
    found: list[NearestFound] = []
    comparison.found.connect(found.append)
    return found


def test_the_region_comes_beside_a_crop_of_the_same_extent(
    comparison: Comparison, told: list[NearestFound], workbench: Workbench, until: Until
) -> None:
    record = of(workbench, Verdict.NG)[0]
    comparison.want(record, 0)
    assert told == []
    until(lambda: bool(told))
    assert told[0].inspection_id == record.inspection_id
    assert told[0].reference_name == "good_0.png"
    assert told[0].part_crop.shape == told[0].reference_crop.shape
    assert np.median(told[0].part_crop[..., 0]) > 200
    assert np.median(told[0].reference_crop[..., 0]) < 60


def test_only_the_newest_wish_is_answered(
    comparison: Comparison, told: list[NearestFound], workbench: Workbench, engine: RedEngine, until: Until
) -> None:
    first, second = of(workbench, Verdict.NG)
    engine.gate.clear()
    comparison.want(first, 0)
    comparison.want(second, 0)
    engine.gate.set()
    until(lambda: bool(told))
    until(lambda: not comparison.is_running)
    assert [found.inspection_id for found in told] == [second.inspection_id]


def test_good_parts_that_are_gone_are_told_in_a_sentence(
    comparison: Comparison, workbench: Workbench, until: Until
) -> None:
    record = of(workbench, Verdict.NG)[0]
    reference = workbench.catalogue.recipe(record.product).recipe.references[0]
    workbench.storage.artefacts.path_of(reference.image_hash).unlink()
    said: list[str] = []
    comparison.failed.connect(said.append)
    comparison.want(record, 0)
    until(lambda: bool(said))
    assert said[0].endswith("is missing from the image store. Restore it from a backup.")


def test_what_was_not_inspected_is_not_compared(comparison: Comparison, workbench: Workbench) -> None:
    said: list[str] = []
    comparison.failed.connect(said.append)
    comparison.want(of(workbench, Verdict.NOT_INSPECTED)[0], 0)
    assert said == ["It was not inspected, so there is nothing to compare."]
    assert not comparison.is_running


def test_w_opens_the_pane_and_it_follows_the_row(panel: ReviewPanel, inspected: str, until: Until) -> None:
    panel.show()
    panel.filter_bar.choose_queue(Queue.NG)
    assert not panel.why.isVisible()
    assert not panel.why.comparison.is_running
    QTest.keyClick(panel.table, Qt.Key.Key_W)
    until(lambda: panel.why.good.picture is not None)
    assert panel.why.part.picture is not None
    assert panel.why.part.zoom == panel.why.good.zoom
    assert "good_0.png" in panel.why.sentence.text()
    assert panel.why.accessibleName() == panel.why.sentence.text()
    QTest.keyClick(panel.table, Qt.Key.Key_Down)
    assert panel.why.good.picture is None
    until(lambda: panel.why.good.picture is not None)
    QTest.keyClick(panel.table, Qt.Key.Key_W)
    assert not panel.why.isVisible()


def test_boxes_positions_phrase_and_filtering_stand_beside_the_comparison(state: AppState, qtbot: QtBot) -> None:
    pane = WhyPane(state)
    qtbot.addWidget(pane)
    box = LocatedBox(Box(0, 0, 10, 10), 0.43, "dent")
    reasons = TextReasons((box,), (Position.TOP_LEFT, Position.TOP), 5)
    pane.comparison.reasons_found.emit(ReasonsFound(1, 0, reasons, ("normal",), "dent"))
    assert pane.reasons.text().splitlines() == [
        "This place was lit by the phrase “dent”.",
        "Boxes found: dent 0.43. Outside of them the map counts less.",
        "Anomalies were asked about at: top left, top.",
        "Filtering left out 5 phrases; it was not applied to the normal side, which it would have emptied.",
    ]
    nothing = TextReasons((), tuple(Position), None)
    pane.comparison.reasons_found.emit(ReasonsFound(1, 0, nothing, (), ""))
    assert pane.reasons.text().splitlines()[0] == "No box was found, so the whole picture counts alike."
    assert "not filtered" in pane.reasons.text()
    pane.close_down()
