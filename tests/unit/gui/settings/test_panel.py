"""The pages of the settings beside each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from gui.settings.panel import SettingsPanel
from gui.state import AppState
from tests.unit.gui.products.test_accessible import cut_off, nameless, too_small


@pytest.fixture
def panel(qtbot: QtBot, state: AppState) -> Iterator[SettingsPanel]:
    made = SettingsPanel(state)
    qtbot.addWidget(made)
    made.resize(992, 640)
    made.show()
    yield made
    made.close_down()


def test_every_page_can_be_read_out_pressed_with_gloves_and_fits_a_small_window(panel: SettingsPanel) -> None:
    for page in range(panel.tabs.count()):
        panel.tabs.setCurrentIndex(page)
        assert (nameless(panel), too_small(panel), cut_off(panel)) == ([], [], []), panel.tabs.tabText(page)
