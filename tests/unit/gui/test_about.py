"""The icon, the version with the licences, and the page of keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from gui.about_dialog import AboutDialog
from gui.app_icon import SIZES, app_icon, app_picture
from gui.help_dialog import KEY_GROUPS, HelpDialog, KeyGroup
from gui.main_window import MainWindow
from gui.screens import SCREENS
from gui.state import AppState, Screen
from workflows.settings.installed_parts import installed_parts, program_version

Until = Callable[..., None]


def test_every_package_that_the_program_needs_is_listed_with_its_licence() -> None:
    parts = {part.name: part for part in installed_parts()}
    assert {"Python", "numpy", "PySide6", "SQLAlchemy", "onnxruntime", "shiboken6"} <= parts.keys()
    assert "LGPL" in parts["PySide6"].licence
    assert all(part.version for part in parts.values())
    said = [part for part in parts.values() if part.licence]
    assert len(said) >= 0.9 * len(parts), sorted(parts.keys() - {part.name for part in said})
    assert max(len(part.licence) for part in said) <= 60, "a name, never the text of a licence"
    assert not any("OSI Approved" in part.licence for part in said), "a heading, no licence"
    assert "filo-inspector" not in parts


@pytest.mark.usefixtures("product")
def test_about_says_which_version_this_is_and_what_it_is_made_of(qtbot: QtBot, state: AppState, until: Until) -> None:
    dialog = AboutDialog(state)
    qtbot.addWidget(dialog)
    dialog.show()
    assert program_version() in dialog.facts.text()
    assert "red" in dialog.facts.text(), "the profile that judges"
    until(lambda: dialog.table.rowCount() > 20)
    items = [dialog.table.item(row, 0) for row in range(dialog.table.rowCount())]
    assert "PySide6" in [item.text() for item in items if item is not None]
    dialog.accept()


def test_the_window_has_an_icon_in_every_size(qtbot: QtBot, state: AppState) -> None:
    window = MainWindow(state)
    qtbot.addWidget(window)
    assert not window.windowIcon().isNull()
    assert {size.width() for size in app_icon().availableSizes()} == set(SIZES)
    picture = app_picture(32).toImage()
    assert len({picture.pixel(x, y) for x in range(32) for y in range(32)}) > 20, "not one flat colour"


@pytest.mark.parametrize("screen", [spec.screen for spec in SCREENS])
def test_f1_shows_the_keys_of_the_screen_in_front_first(
    qtbot: QtBot, state: AppState, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = MainWindow(state)
    qtbot.addWidget(window)
    monkeypatch.setattr(MainWindow, "current_screen", screen)
    shown: list[list[KeyGroup]] = []
    monkeypatch.setattr(HelpDialog, "exec", lambda dialog: shown.append(dialog.groups))
    window._actions["show_help"].trigger()
    listed = {group.screen for group in KEY_GROUPS}
    assert [group.screen for group in shown[0]].count(screen) == (screen in listed)
    assert screen not in listed or shown[0][0].screen is screen
