"""The pages of the settings on the left, and the search over all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from gui.settings.panel import SettingsPanel
from gui.state import AppState
from tests.unit.gui.products.test_accessible import cut_off, nameless, too_small
from workflows.settings.declared import declared
from workflows.settings.setting_kinds import SettingsPage


@pytest.fixture
def panel(qtbot: QtBot, state: AppState) -> Iterator[SettingsPanel]:
    made = SettingsPanel(state)
    qtbot.addWidget(made)
    made.resize(992, 640)
    made.show()
    yield made
    made.close_down()


def titles(panel: SettingsPanel) -> list[str]:
    entries = [panel.pages.item(row) for row in range(panel.pages.count())]
    return [entry.text() for entry in entries if not entry.isHidden()]


def fields(panel: SettingsPanel) -> set[str]:
    """The settings that can be seen."""
    return {name for name, field in panel.general.fields.items() if field.isVisible()}


def test_every_page_can_be_read_out_pressed_with_gloves_and_fits_a_small_window(panel: SettingsPanel) -> None:
    for row in range(panel.pages.count()):
        panel.pages.setCurrentRow(row)
        QApplication.processEvents()
        assert (nameless(panel), too_small(panel), cut_off(panel)) == ([], [], []), panel.pages.item(row).text()


def test_a_page_has_the_settings_that_are_declared_for_it_and_no_others(panel: SettingsPanel) -> None:
    for category in SettingsPage:
        panel.show_page(category)
        assert fields(panel) - {"plant_password"} == {name for name, one in declared().items() if one.page is category}
    panel.show_page(panel.users)
    assert panel.users.isVisible()
    assert fields(panel) == set()


def test_pages_are_chosen_by_click_and_by_key(panel: SettingsPanel) -> None:
    view = panel.pages
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualItemRect(view.item(1)).center())
    assert fields(panel) == {"language", "theme", "font_scale"}
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert fields(panel) == {"source_kind", "source_value"}


def test_a_setting_is_found_by_its_name_or_by_what_is_said_of_it(panel: SettingsPanel) -> None:
    panel.pages.setFocus()
    QTest.keyClick(panel.pages, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert panel.search.hasFocus()
    QTest.keyClicks(panel.search, "TIMEOUT")
    assert fields(panel) == {"llm_timeout_s"}
    assert titles(panel) == ["Language model"]
    panel.search.clear()
    QTest.keyClicks(panel.search, "nightly backup")
    assert fields(panel) == {"keep_days"}
    panel.search.clear()
    QTest.keyClicks(panel.search, "users")
    assert panel.users.isVisible()
    QTest.keyClicks(panel.search, "zzz")
    assert "No setting is called that" in panel._nothing.sentence
    assert panel._nothing.isVisible()
    QTest.keyClick(panel.search, Qt.Key.Key_Escape)
    assert len(titles(panel)) == panel.pages.count()


def test_a_mistake_is_shown_on_its_page_whatever_page_is_open(panel: SettingsPanel, qtbot: QtBot) -> None:
    panel.show_page(SettingsPage.LANGUAGE_MODEL)
    address = panel.general.fields["llm_base_url"].control
    assert isinstance(address, QLineEdit)
    QTest.keyClicks(address, "nowhere")
    panel.show_page(SettingsPage.APPEARANCE)
    QTest.mouseClick(panel.general.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "llm_base_url" in fields(panel), timeout=15_000)
    assert "This is no address" in panel.general.fields["llm_base_url"].problem
