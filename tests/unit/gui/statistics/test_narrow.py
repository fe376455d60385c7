"""Statistics on a small screen where words are long."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.languages import Languages
from gui.state import AppState
from gui.statistics.panel import StatisticsPanel
from gui.widgets.controls import set_shown
from tests.unit.gui.statistics.test_panel import show

BESIDE_THE_NAVIGATION = 1280 - 116


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    languages = Languages(qapp)
    languages.use("de")
    yield
    languages.use("en")


@pytest.mark.usefixtures("german")
def test_the_screen_fits_into_1280_pixels_in_german_even_while_it_reads(
    qtbot: QtBot, state: AppState, counted: str, until: Callable[..., None]
) -> None:
    panel = StatisticsPanel(state)
    qtbot.addWidget(panel)
    panel.resize(BESIDE_THE_NAVIGATION, 690)
    show(panel, until, counted)
    set_shown(panel.busy, True)
    QApplication.processEvents()
    assert panel.minimumSizeHint().width() <= BESIDE_THE_NAVIGATION
    labels = panel.chart.plot.bottom._tickLevels[0]
    assert len(labels) <= panel.chart.plot.room_for(max((text for _, text in labels), key=len))
    panel.close_down()
