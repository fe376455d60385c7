"""Statistics answers in words first, and never shows black boxes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta

from PySide6.QtWidgets import QApplication, QGraphicsRectItem

from filo_core.types import ReviewDecision, Verdict
from gui.application import _import_screen
from gui.state import Screen
from gui.statistics.panel import StatisticsPanel
from gui.style_sheet import apply_theme
from gui.theme import DARK, LIGHT
from gui.widgets.plot import Plot
from storage.recorder import Recorder
from tests.unit.gui.statistics.conftest import START
from tests.unit.gui.statistics.test_panel import show
from tests.unit.storage.making import make_inspection
from workflows.workbench import Workbench

Until = Callable[..., None]


def test_whether_it_got_worse_is_the_first_sentence_and_ng_is_what_was_decided(
    panel: StatisticsPanel, workbench: Workbench, product: str, until: Until
) -> None:
    recipe = workbench.catalogue.recipe(product).recipe
    recorder = Recorder(workbench.storage, product)
    for number in range(80):
        at = START + timedelta(hours=4 * number)
        recorder.record_one(make_inspection(recipe, number, 0.8 if number in {50, 60} else 0.1, inspected_at=at))
    show(panel, until, product)
    assert panel.change.text().startswith("NG 4.8 % (2/42) in the 7 days to ")
    assert panel.change.text().endswith("0 % (0/38) in the 7 days before: too few to tell.")
    for number in range(62, 80):
        workbench.history.review(number, ReviewDecision.OVERRULE, Verdict.NG, "ada", reason="bent")
    panel.presenter.figures = None
    panel.refresh()
    until(lambda: panel.presenter.figures is not None)
    assert panel.change.text().endswith("before: worse.")
    assert "NG is what a person decided" in panel.change_note.text()
    assert "Fisher's exact test, p = < 0.001" in panel.change_note.text()
    assert "20 NG" in panel.counts.text()


def test_the_verdicts_zones_lie_behind_the_scores_and_follow_the_limits(
    panel: StatisticsPanel, counted: str, until: Until
) -> None:
    show(panel, until, counted)
    zones = [item for item in panel.limits.card.plot.drawn if isinstance(item, QGraphicsRectItem)]
    assert [round(zone.rect().left(), 3) for zone in zones] == [0.0, 0.3, 0.6]
    panel.presenter.move_ng(0.7)
    assert round(zones[2].rect().left(), 3) == 0.7


def test_decided_parts_have_colours_of_their_own(
    panel: StatisticsPanel, workbench: Workbench, counted: str, until: Until
) -> None:
    for inspection_id, verdict in ((1, Verdict.OK), (2, Verdict.OK), (3, Verdict.NG)):
        workbench.history.review(inspection_id, ReviewDecision.CONFIRM, verdict, "ada")
    show(panel, until, counted)
    assert panel.limits.card.notes.text().startswith("Green: 2 decided good; red, hatched: 1 decided bad; blue: 9")


def test_a_plot_has_the_ground_of_the_theme_before_anything_is_drawn(qapp: QApplication) -> None:
    for theme in (DARK, LIGHT):
        apply_theme(qapp, theme)
        plot = Plot("empty")
        plot.resize(80, 60)
        assert plot.grab().toImage().pixelColor(75, 5).name() == theme.surface


def test_the_first_visit_says_that_it_reads(panel: StatisticsPanel, counted: str) -> None:
    panel.show()
    assert panel.chart.sentence == "The record is being read"


def test_charts_are_imported_ahead_with_their_screen() -> None:
    _import_screen(Screen.STATISTICS)
    assert "pyqtgraph" in sys.modules
