from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from gui.actions import ACTIONS
from gui.folder.panel import FolderPanel
from gui.help_dialog import KEYS, HelpDialog
from gui.input_guard import InputGuard
from gui.live.panel import LivePanel
from gui.main_window import MainWindow
from gui.products.panel import ProductsPanel
from gui.screens import SCREENS, HasWorkToEnd
from gui.state import AppState, ModelState, Screen
from gui.widgets.untrained_note import UntrainedNote
from workflows.workbench import Workbench

Until = Callable[..., None]


@pytest.fixture
def open_window(qtbot: QtBot, qapp: object) -> Iterator[Callable[[AppState], MainWindow]]:
    made: list[MainWindow] = []

    def open_one(state: AppState, settings: QSettings | None = None) -> MainWindow:
        window = MainWindow(state, settings)
        qtbot.addWidget(window)
        window.resize(1100, 720)
        window.show()
        made.append(window)
        return window

    yield open_one
    for window in made:
        window.close()
    made.clear()


@pytest.fixture
def window(open_window: Callable[[AppState], MainWindow], state: AppState) -> MainWindow:
    made = open_window(state)
    state.workbench_opened.emit()
    return made


def test_the_window_is_there_before_the_record_is_open(
    open_window: Callable[[AppState], MainWindow], workbench: Workbench
) -> None:
    state = AppState("anna")
    window = open_window(state)
    assert window.isVisible()
    assert not any(button.isEnabled() for button in window._buttons.values())
    state.set_workbench(workbench)
    assert window.current_screen is Screen.PRODUCTS
    assert all(button.isEnabled() for button in window._buttons.values())


@pytest.mark.parametrize("spec", SCREENS, ids=[spec.screen.value for spec in SCREENS])
def test_every_screen_opens_by_its_key_and_marks_its_button(window: MainWindow, until: Until, spec: object) -> None:
    from gui.screens import ScreenSpec

    assert isinstance(spec, ScreenSpec)
    window.activateWindow()
    until(window.isActiveWindow, "the window is active")
    key = Qt.Key(Qt.Key.Key_1 + list(Screen).index(spec.screen))
    QTest.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
    until(lambda: window.current_screen is spec.screen, "the screen is shown")
    assert window._buttons[spec.screen].isChecked()
    assert spec.title in window.windowTitle()


def test_screens_are_built_when_they_are_first_shown_and_kept(window: MainWindow) -> None:
    assert set(window._built) == {Screen.PRODUCTS}
    window.show_screen(Screen.LIVE)
    live = window.screen_widget(Screen.LIVE)
    assert isinstance(live, LivePanel)
    window.show_screen(Screen.PRODUCTS)
    window.show_screen(Screen.LIVE)
    assert window.screen_widget(Screen.LIVE) is live


def test_the_screens_are_built_ahead_while_nobody_touches_the_window(
    window: MainWindow, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = QApplication.instance().findChild(InputGuard)  # type: ignore[union-attr]
    QTest.keyClick(window, Qt.Key.Key_Shift)
    assert guard.untouched_s < 0.5  # type: ignore[union-attr]
    window.build_ahead(*list(Screen)[1:])
    window._build_next()
    assert set(window._built) == {Screen.PRODUCTS}
    monkeypatch.setattr(guard, "_touched", -1e9)
    until(lambda: set(window._built) == set(Screen) and not window._ahead.isActive(), "all are built")
    assert window.current_screen is Screen.PRODUCTS
    products = window.screen_widget(Screen.PRODUCTS)
    assert isinstance(products, ProductsPanel)
    assert products._wizard is not None
    assert products.currentWidget() is products.list_view
    assert not products.is_busy


def test_a_screen_can_ask_for_another_one_with_a_product_in_hand(
    window: MainWindow, state: AppState, product: str
) -> None:
    state.request_screen(Screen.FOLDER, product)
    assert window.current_screen is Screen.FOLDER
    panel = window.screen_widget(Screen.FOLDER)
    assert isinstance(panel, FolderPanel)
    assert panel.products.product == product


def test_screens_that_run_something_are_ended_before_the_window_closes(window: MainWindow) -> None:
    for screen in (Screen.LIVE, Screen.FOLDER):
        assert isinstance(window.screen_widget(screen), HasWorkToEnd)


def test_the_status_bar_says_how_the_model_is(window: MainWindow, state: AppState, until: Until) -> None:
    until(lambda: state.trained is not None, "the model is loaded")
    state.set_model_state(ModelState.LOADING)
    assert "loading" in window._status.text
    state.set_model_state(ModelState.READY)
    assert "red" in window._status.text
    assert "cpu" in window._status.text
    assert window._status.says_untrained


def test_trained_weights_carry_no_badge(
    open_window: Callable[[AppState], MainWindow], state: AppState, engine: object, until: Until
) -> None:
    until(lambda: state.trained is not None, "the model is loaded")
    engine.trained = True  # type: ignore[attr-defined]
    window = open_window(state)
    state.set_model_state(ModelState.READY)
    assert not window._status.says_untrained


def test_a_model_that_cannot_be_loaded_is_told_above_every_screen(window: MainWindow, state: AppState) -> None:
    state.set_model_state(ModelState.FAILED, "Profile full is not installed. Run 'models install full'.")
    assert window.message == "Profile full is not installed. Run 'models install full'."
    assert "Profile full" in window._status.text


def test_the_operators_name_is_shown_as_it_is(window: MainWindow, state: AppState) -> None:
    state.set_operator("Anna & <Bea>")
    assert window._status._operator.accessibleName() == "Operator: Anna & <Bea>"
    assert window._status._operator.text() == "Operator: Anna && <Bea>"


def test_the_window_comes_back_as_it_was_left(
    open_window: Callable[..., MainWindow], state: AppState, tmp_path: Path
) -> None:
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    fresh = MainWindow(state, settings)
    assert fresh.width() == 1440
    fresh.deleteLater()
    open_window(state, settings).close()
    again = MainWindow(state, settings)
    assert again.width() == 1100
    again.deleteLater()


def test_no_action_lacks_its_slot(window: MainWindow) -> None:
    assert all(callable(getattr(window, spec.slot)) for spec in ACTIONS)
    assert set(window._actions) == {spec.slot for spec in ACTIONS}


def test_full_screen_is_entered_and_left(window: MainWindow) -> None:
    window.toggle_full_screen()
    assert window.isFullScreen()
    window.toggle_full_screen()
    assert not window.isFullScreen()


def test_help_lists_every_key(qtbot: QtBot) -> None:
    dialog = HelpDialog()
    qtbot.addWidget(dialog)
    shown = {label.text() for label in dialog.findChildren(QLabel)}
    assert {key for key, _ in KEYS} <= shown


@pytest.mark.parametrize("screen", [Screen.LIVE, Screen.FOLDER])
def test_without_a_signed_product_a_screen_says_what_to_do_first(
    window: MainWindow, state: AppState, screen: Screen
) -> None:
    window.show_screen(screen)
    panel = window.screen_widget(screen)
    assert isinstance(panel, LivePanel | FolderPanel)
    assert panel.empty.isVisible()
    panel.empty.action_requested.emit()
    assert window.current_screen is Screen.PRODUCTS


@pytest.mark.parametrize("screen", [Screen.LIVE, Screen.FOLDER])
def test_every_control_has_a_name_and_is_large_enough(window: MainWindow, product: str, screen: Screen) -> None:
    window.show_screen(screen)
    controls = [made for made in window.findChildren(QAbstractButton) if made.isVisible()]
    controls = [made for made in controls if not made.objectName().startswith("qt_")]
    assert len(controls) > 6
    nameless = [made for made in controls if not made.accessibleName() and not made.text()]
    assert nameless == []
    small = [made.accessibleName() for made in controls if not isinstance(made, QToolButton) and made.height() < 34]
    assert small == []


@pytest.mark.parametrize("screen", [Screen.LIVE, Screen.FOLDER])
def test_nothing_is_cut_off_in_the_smallest_window(
    window: MainWindow, until: Until, product: str, screen: Screen
) -> None:
    window.show_screen(screen)
    panel = window.screen_widget(screen)
    until(lambda: panel.isVisible() and panel.width() > 900)
    assert (window.width(), window.height()) == (1100, 720)
    assert panel.minimumSizeHint().width() <= panel.width()
    assert panel.minimumSizeHint().height() <= panel.height()
    cut = [made.text() for made in visible_labels(panel) if made.sizeHint().width() > made.width() + 1]
    assert cut == []


def visible_labels(panel: QWidget) -> list[QLabel]:
    """One-line labels that are shown; an elided label shortens itself on purpose."""
    return [
        label
        for label in panel.findChildren(QLabel)
        if label.isVisible() and not label.wordWrap() and type(label) is QLabel
    ]


def test_untrained_results_are_marked_on_every_screen_that_shows_results(
    window: MainWindow, state: AppState, product: str, parts: Path, until: Until
) -> None:
    until(lambda: state.trained is not None)
    window.show_screen(Screen.LIVE)
    live = window.screen_widget(Screen.LIVE)
    assert [note.isVisible() for note in live.findChildren(UntrainedNote)] == [True]
    window.show_screen(Screen.FOLDER)
    panel = window.screen_widget(Screen.FOLDER)
    assert isinstance(panel, FolderPanel)
    panel.folder.setText(str(parts))
    panel.start_run()
    until(lambda: panel.presenter.model.rowCount() == 8)
    panel.table.selectRow(1)
    until(panel.detail.untrained.isVisible)
