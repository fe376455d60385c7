"""The tour begins at the first start, shows every screen once, and never comes back by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from gui.help_dialog import HelpDialog
from gui.main_window import MainWindow
from gui.state import AppState, Screen
from gui.tour import STEPS

Open = Callable[[], MainWindow]


@pytest.fixture
def open_window(qtbot: QtBot, state: AppState, tmp_path: Path) -> Iterator[Open]:
    made: list[MainWindow] = []

    def open_one() -> MainWindow:
        window = MainWindow(state, QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
        qtbot.addWidget(window)
        window.show()
        state.workbench_opened.emit()
        made.append(window)
        return window

    yield open_one
    for window in made:
        # One that was closed has been deleted by then.
        if isValid(window):
            window.close()


def press(window: MainWindow, name: str) -> None:
    QTest.mouseClick(getattr(window.tour, name), Qt.MouseButton.LeftButton)


def test_it_shows_each_screen_with_what_it_is_for_and_ends_for_good(open_window: Open) -> None:
    assert list(STEPS) == list(Screen)
    window = open_window()
    assert window.tour.isVisible()
    seen = []
    for _ in Screen:
        seen.append((window.current_screen, window.tour.text))
        press(window, "next_button")
    assert seen == list(STEPS.items())
    assert window.tour.isHidden()
    window.close()
    assert open_window().tour.isHidden()


def test_it_goes_back_and_can_be_skipped_at_once(open_window: Open) -> None:
    window = open_window()
    assert not window.tour.back_button.isEnabled()
    press(window, "next_button")
    assert window.current_screen is Screen.LIVE
    press(window, "back_button")
    assert window.current_screen is Screen.PRODUCTS
    press(window, "skip_button")
    assert window.tour.isHidden()
    window.close()
    assert open_window().tour.isHidden()


def test_f1_leads_to_it_again(open_window: Open, qapp: QApplication) -> None:
    window = open_window()
    press(window, "skip_button")

    def choose() -> None:
        dialog = qapp.activeModalWidget()
        assert isinstance(dialog, HelpDialog)
        QTest.mouseClick(dialog.tour_button, Qt.MouseButton.LeftButton)

    QTimer.singleShot(0, choose)
    window.show_help()
    assert window.tour.isVisible()
    assert window.current_screen is Screen.PRODUCTS


def test_a_window_that_remembers_nothing_does_not_begin_it(qtbot: QtBot, state: AppState) -> None:
    window = MainWindow(state)
    qtbot.addWidget(window)
    window.show()
    state.workbench_opened.emit()
    assert window.tour.isHidden()
    window.close()
