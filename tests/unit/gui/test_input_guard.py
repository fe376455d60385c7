"""A held key is one trigger, and the wheel changes no value that has no focus: in every screen and dialog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QThreadPool
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QDateEdit,
    QDial,
    QDoubleSpinBox,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSlider,
    QSpinBox,
    QTabBar,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui.input_guard import InputGuard, guard_input, is_value
from gui.main_window import MainWindow
from gui.settings.outputs_page import OutputsPage
from gui.state import AppState, Screen
from gui.widgets.keys import on_key
from tests.unit.gui.test_accessibility import PLACES, go_to
from tests.unit.gui.test_dialogs_accessible import DIALOGS
from tests.unit.gui.walking import called

Until = Callable[..., None]


@pytest.fixture
def guard(qapp: QApplication) -> InputGuard:
    guard_input()
    found = qapp.findChild(InputGuard)
    assert found is not None
    return found


@pytest.fixture
def page(qtbot: QtBot, guard: InputGuard) -> QScrollArea:
    """A page that scrolls, with one of each kind of value."""
    content = QWidget()
    column = QVBoxLayout(content)
    combo = QComboBox()
    combo.addItems(["one", "two", "three"])
    combo.setCurrentIndex(1)
    typed = QComboBox()
    typed.setEditable(True)
    typed.addItems(["a", "b", "c"])
    typed.setCurrentIndex(1)
    tabs = QTabBar()
    for name in "xyz":
        tabs.addTab(name)
    tabs.setCurrentIndex(1)
    other = QLineEdit()
    for control in (other, QSpinBox(), QDoubleSpinBox(), QDateEdit(), combo, typed, QSlider(), QDial(), tabs):
        control.setMinimumHeight(90)
        column.addWidget(control)
        if isinstance(control, QAbstractSlider):
            control.setValue(50)
    area = QScrollArea()
    qtbot.addWidget(area)
    area.setWidget(content)
    area.resize(300, 300)
    area.show()
    area.activateWindow()
    other.setFocus()
    return area


def value_of(control: QWidget) -> object:
    if isinstance(control, QAbstractSpinBox):
        return control.text()
    if isinstance(control, QComboBox | QTabBar):
        return control.currentIndex()
    assert isinstance(control, QAbstractSlider)
    return control.value()


def values_of(root: QWidget) -> list[QWidget]:
    return [made for made in root.findChildren(QWidget) if is_value(made) and made.isVisible() and made.isEnabled()]


def turn_wheel(over: QWidget, notches: int = -1) -> bool:
    """Whether the control took it for itself; Qt hands only real events on to the page around."""
    middle = QPointF(over.rect().center())
    event = QWheelEvent(
        middle, over.mapToGlobal(middle), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(over, event)
    return event.isAccepted()


def changed_by_the_wheel(root: QWidget) -> list[str]:
    """Values that change when the wheel is turned over them, or over a part of them, while they have no focus."""
    found = []
    for control in values_of(root):
        parts = [control, *(part for part in control.findChildren(QWidget) if part.isVisible())]
        for over in parts:
            for notches in (-1, 1):
                if focused := QApplication.focusWidget():
                    focused.clearFocus()
                before = value_of(control)
                turn_wheel(over, notches)
                if value_of(control) != before:
                    found.append(called(control))
    return found


def press(widget: QWidget, key: Qt.Key, text: str = "", *, repeat: bool) -> QKeyEvent:
    """What Qt sends to a control for one press: first the question whether it claims the key, then the key."""
    modifiers = Qt.KeyboardModifier.NoModifier
    claim = QKeyEvent(QEvent.Type.ShortcutOverride, key, modifiers, text, repeat)
    claim.ignore()
    QApplication.sendEvent(widget, claim)
    event = QKeyEvent(QEvent.Type.KeyPress, key, modifiers, text, repeat)
    QApplication.sendEvent(widget, event)
    return claim


def hold(widget: QWidget, key: Qt.Key, text: str = "", times: int = 5) -> None:
    press(widget, key, text, repeat=False)
    for _ in range(times):
        QApplication.sendEvent(
            widget, QKeyEvent(QEvent.Type.KeyRelease, key, Qt.KeyboardModifier.NoModifier, text, True)
        )
        press(widget, key, text, repeat=True)
    QTest.keyRelease(widget, key)


# The wheel ---------------------------------------------------------------------------------------------------------


def test_no_kind_of_value_changes_by_the_wheel_without_the_focus(page: QScrollArea) -> None:
    assert len(values_of(page)) == 8
    assert changed_by_the_wheel(page) == []


def test_the_walk_finds_values_that_change_where_the_rule_is_not_in_force(
    page: QScrollArea, guard: InputGuard, qapp: QApplication
) -> None:
    qapp.removeEventFilter(guard)
    try:
        found = changed_by_the_wheel(page)
    finally:
        qapp.installEventFilter(guard)
    assert {name.split()[0] for name in found} >= {"QSpinBox", "QDateEdit", "QComboBox", "QSlider", "QTabBar"}


def test_the_wheel_is_left_to_the_page_where_it_changes_no_value(page: QScrollArea) -> None:
    assert [called(made) for made in values_of(page) if turn_wheel(made)] == []
    assert turn_wheel(page.viewport())
    assert page.verticalScrollBar().value() > 0


def test_a_value_that_has_the_focus_follows_the_wheel(page: QScrollArea) -> None:
    spin = page.findChild(QSpinBox)
    assert isinstance(spin, QSpinBox)
    spin.setFocus()
    turn_wheel(spin, 1)
    assert spin.value() == 1


def test_the_wheel_gives_no_value_the_focus(page: QScrollArea) -> None:
    wheel = Qt.FocusPolicy.WheelFocus
    assert [called(made) for made in values_of(page) if made.focusPolicy() == wheel] == []


def test_the_open_list_of_a_drop_down_scrolls(page: QScrollArea, qtbot: QtBot) -> None:
    combo = page.findChild(QComboBox)
    assert isinstance(combo, QComboBox)
    combo.addItems([str(number) for number in range(200)])
    combo.setMaxVisibleItems(5)
    combo.showPopup()
    qtbot.waitUntil(combo.view().isVisible)
    bar = combo.view().verticalScrollBar()
    before = bar.value()
    turn_wheel(combo.view().viewport())
    assert bar.value() > before
    combo.hidePopup()


@pytest.fixture
def window(qtbot: QtBot, state: AppState, product: str, parts: Path, inspected: str) -> Iterator[MainWindow]:
    made = MainWindow(state)
    qtbot.addWidget(made)
    made.resize(1360, 860)
    made.show()
    state.set_current_product(product)
    state.workbench_opened.emit()
    yield made
    made.close()


@pytest.fixture
def inspected(state: AppState, product: str, parts: Path) -> str:
    handle = state.workbench.inspector.inspect_folder(product, parts)
    handle.wait(20)
    return product


def test_no_value_of_any_screen_changes_by_the_wheel_without_the_focus(window: MainWindow, until: Until) -> None:
    walked = 0
    for place in PLACES:
        go_to(window, place, until)
        walked += len(values_of(window))
        assert (place, changed_by_the_wheel(window)) == (place, [])
    settings: Any = window.screen_widget(Screen.SETTINGS)
    for row in range(settings.pages.count()):
        settings.pages.setCurrentRow(row)
        walked += len(values_of(window))
        assert (row, changed_by_the_wheel(window)) == (row, [])
    # A search shows what it finds on all pages at once.
    settings.search.setText("e")
    walked += len(values_of(window))
    assert changed_by_the_wheel(window) == []
    assert walked > 25


def test_no_value_of_any_dialog_changes_by_the_wheel_without_the_focus(
    qtbot: QtBot, state: AppState, inspected: str
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    walked = 0
    for name, make in DIALOGS.items():
        dialog = make(state, parent)
        dialog.show()
        QApplication.processEvents()
        walked += len(values_of(dialog))
        assert (name, changed_by_the_wheel(dialog)) == (name, [])
        dialog.close()
        if hasattr(dialog, "close_down"):
            dialog.close_down()
    for made in parent.findChildren(OutputsPage):
        made.close_down()
    QThreadPool.globalInstance().waitForDone(10_000)
    assert walked > 3


# Held keys ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def counting(qtbot: QtBot, guard: InputGuard) -> tuple[QWidget, list[str]]:
    """A window whose shortcut, action, and two buttons count what they are asked for."""
    window, seen = QWidget(), []
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    for name in ("default", "plain"):
        made = QPushButton(name)
        made.setDefault(name == "default")
        made.setAutoDefault(False)
        made.clicked.connect(lambda *_, name=name: seen.append(name))
        column.addWidget(made)
    for widget in (QLineEdit(), QPlainTextEdit(), QSpinBox(), QCheckBox("tick"), QListWidget()):
        column.addWidget(widget)
    # As Qt makes it: repeating, which the rule must stop by itself.
    QShortcut(QKeySequence("C"), window).activated.connect(lambda: seen.append("shortcut"))
    action = QAction(window)
    action.setShortcut(QKeySequence("A"))
    action.triggered.connect(lambda: seen.append("action"))
    window.addAction(action)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window, seen


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_a_button_is_pressed_once_by_a_held_enter(counting: tuple[QWidget, list[str]], key: Qt.Key) -> None:
    window, seen = counting
    default = window.findChildren(QPushButton)[0]
    default.setAutoDefault(True)
    default.setFocus()
    hold(default, key, "\r")
    assert seen == ["default"]


def test_a_button_is_pressed_once_by_a_held_space(counting: tuple[QWidget, list[str]]) -> None:
    window, seen = counting
    made = window.findChildren(QPushButton)[1]
    made.setFocus()
    hold(made, Qt.Key.Key_Space, " ")
    assert seen == ["plain"]


def test_a_repetition_that_qt_took_for_a_finger_is_one(counting: tuple[QWidget, list[str]]) -> None:
    """As an X server tells of it: a release and a press in the same millisecond; Qt sometimes marks neither."""
    window, seen = counting
    made = window.findChildren(QPushButton)[1]
    made.setFocus()
    none = Qt.KeyboardModifier.NoModifier

    def send(kind: QEvent.Type, moment: int) -> None:
        event = QKeyEvent(kind, Qt.Key.Key_Space, none, 65, 32, 0, " ", False, 1)
        event.setTimestamp(moment)
        QApplication.sendEvent(made, event)

    send(QEvent.Type.KeyPress, 1000)
    for moment in (1600, 1640, 1680, 1720):
        send(QEvent.Type.KeyRelease, moment)
        send(QEvent.Type.KeyPress, moment)
    send(QEvent.Type.KeyRelease, 1750)
    assert seen == ["plain"]
    send(QEvent.Type.KeyPress, 1790)
    send(QEvent.Type.KeyRelease, 1840)
    assert seen == ["plain", "plain"], "a finger that comes again is taken again"


def test_a_box_is_ticked_once_by_a_held_space(counting: tuple[QWidget, list[str]]) -> None:
    window, _ = counting
    tick = window.findChild(QCheckBox)
    assert isinstance(tick, QCheckBox)
    tick.setFocus()
    hold(tick, Qt.Key.Key_Space, " ", times=4)
    assert tick.isChecked()


@pytest.mark.parametrize("kind", [QPushButton, QLineEdit, QPlainTextEdit, QSpinBox, QCheckBox, QListWidget])
def test_no_shortcut_is_looked_up_for_a_repetition_wherever_the_focus_is(
    counting: tuple[QWidget, list[str]], kind: type[QWidget]
) -> None:
    window, _ = counting
    control = window.findChild(kind)
    assert isinstance(control, QWidget)
    # Qt looks for a shortcut only where nobody has claimed the key.
    claim = press(control, Qt.Key.Key_C, "c", repeat=True)
    assert claim.isAccepted()
    assert press(control, Qt.Key.Key_F5, repeat=True).isAccepted()


def test_a_held_letter_is_typed_again_and_again_into_a_text(counting: tuple[QWidget, list[str]]) -> None:
    window, _ = counting
    line, text, spin = (window.findChild(kind) for kind in (QLineEdit, QPlainTextEdit, QSpinBox))
    assert isinstance(line, QLineEdit)
    assert isinstance(text, QPlainTextEdit)
    assert isinstance(spin, QSpinBox)
    for control in (line, text):
        hold(control, Qt.Key.Key_X, "x", times=3)
        hold(control, Qt.Key.Key_Backspace, times=0)
    assert (line.text(), text.toPlainText()) == ("xxx", "xxx")
    spin.clear()
    hold(spin, Qt.Key.Key_1, "1", times=1)
    assert spin.value() == 11


def test_a_held_arrow_moves_through_a_list_but_a_held_letter_does_not(counting: tuple[QWidget, list[str]]) -> None:
    window, _ = counting
    chosen = window.findChild(QListWidget)
    assert isinstance(chosen, QListWidget)
    chosen.addItems(["a1", "a2", "a3", "a4", "a5", "a6"])
    chosen.setCurrentRow(0)
    hold(chosen, Qt.Key.Key_Down, times=3)
    assert chosen.currentRow() == 4
    chosen.setCurrentRow(0)
    hold(chosen, Qt.Key.Key_A, "a", times=3)
    assert chosen.currentRow() <= 1


def test_every_key_of_the_window_is_one_call_a_press(window: MainWindow, until: Until) -> None:
    for place in PLACES:
        go_to(window, place, until)
    shortcuts, actions = window.findChildren(QShortcut), window.findChildren(QAction)
    assert len(shortcuts) > 15
    keyed = [made for made in actions if made.shortcuts() and not isinstance(made.parent(), QLineEdit)]
    repeating = [made.key().toString() for made in shortcuts if made.autoRepeat()]
    repeating += [made.text() for made in keyed if made.autoRepeat() and made.parent() is window]
    assert repeating == []


def test_a_key_counts_where_its_owner_or_something_in_it_has_the_focus(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    inner = QPushButton(parent=window)
    seen: list[str] = []
    on_key("K", window, lambda: seen.append("all"))
    on_key("L", window, lambda: seen.append("alone"), alone=True)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    inner.setFocus()
    QTest.keyClick(inner, Qt.Key.Key_K)
    QTest.keyClick(inner, Qt.Key.Key_L)
    assert seen == ["all"]


def test_the_rules_are_put_in_force_once(qapp: QApplication, guard: InputGuard) -> None:
    guard_input()
    assert qapp.findChildren(InputGuard) == [guard]
