from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QListWidget,
    QPushButton,
    QScrollArea,
    QScroller,
    QSpinBox,
    QStyle,
    QStyleOptionSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui.input_guard import guard_input
from gui.style_sheet import apply_theme
from gui.theme import ENTRY_PX, LIGHT, TOUCH_PX

Until = Callable[..., None]


@pytest.fixture(autouse=True)
def fitted(qapp: QApplication) -> None:
    guard_input()
    apply_theme(qapp, LIGHT)


@pytest.mark.parametrize("entries", [2, 4, 30])
def test_an_open_list_shows_whole_entries_that_are_hit(qtbot: QtBot, entries: int) -> None:
    box = QComboBox()
    qtbot.addWidget(box)
    box.addItems([f"entry {number}" for number in range(entries)])
    box.show()
    box.showPopup()
    QApplication.processEvents()
    view = box.view()
    first = view.visualRect(view.model().index(0, 0)).height()
    assert first >= ENTRY_PX
    # No entry is cut in half, and none hides under an arrow.
    assert view.viewport().height() % first == 0
    assert view.viewport().height() // first == min(entries, box.maxVisibleItems())
    box.hidePopup()


@pytest.mark.parametrize("kind", [QSpinBox, QDoubleSpinBox])
def test_a_number_has_a_large_step_at_each_end(qtbot: QtBot, kind: type[QSpinBox]) -> None:
    spin = kind()
    qtbot.addWidget(spin)
    spin.resize(200, spin.sizeHint().height())
    spin.show()
    option = QStyleOptionSpinBox()
    spin.initStyleOption(option)
    for part, moved in ((QStyle.SubControl.SC_SpinBoxUp, 1), (QStyle.SubControl.SC_SpinBoxDown, 0)):
        place = spin.style().subControlRect(QStyle.ComplexControl.CC_SpinBox, option, part, spin)
        assert place.width() >= 40
        assert place.height() >= TOUCH_PX - 2
        QTest.mouseClick(spin, Qt.MouseButton.LeftButton, pos=place.center())
        assert spin.value() == moved


def _list() -> QListWidget:
    made = QListWidget()
    made.addItems([f"entry {number}" for number in range(60)])
    return made


def _table() -> QTableWidget:
    made = QTableWidget(60, 1)
    for row in range(60):
        made.setItem(row, 0, QTableWidgetItem(f"row {row}"))
    return made


class Finger:
    """Touches as a screen tells of them; Qt makes its own mouse of them, as it does there."""

    def __init__(self, ground: QWidget) -> None:
        self._ground = ground
        self._device = QTest.createTouchDevice(QPointingDevice.DeviceType.TouchScreen)

    def tap(self, at: QPoint) -> None:
        QTest.touchEvent(self._ground, self._device).press(0, at, self._ground)
        QTest.touchEvent(self._ground, self._device).release(0, at, self._ground)

    def swipe_up(self, begin: QPoint, end: QPoint) -> None:
        QTest.touchEvent(self._ground, self._device).press(0, begin, self._ground)
        for y in range(begin.y() - 20, end.y(), -20):
            QTest.qWait(5)
            QTest.touchEvent(self._ground, self._device).move(0, QPoint(begin.x(), y), self._ground)
        QTest.touchEvent(self._ground, self._device).release(0, end, self._ground)


def _rest(ground: QWidget, until: Until) -> None:
    until(lambda: QScroller.scroller(ground).state() is QScroller.State.Inactive, "nothing moves any more")


@pytest.mark.parametrize("make", [_list, _table])
def test_a_finger_swipes_a_list_and_chooses_only_where_it_taps(
    qtbot: QtBot, until: Until, make: Callable[[], QListWidget]
) -> None:
    view = make()
    qtbot.addWidget(view)
    view.resize(300, 400)
    view.show()
    qtbot.waitExposed(view)
    chosen: list[int] = []
    view.itemSelectionChanged.connect(lambda: chosen.append(len(view.selectedIndexes())))
    finger = Finger(view.viewport())
    finger.swipe_up(QPoint(60, 350), QPoint(60, 60))
    until(lambda: view.verticalScrollBar().value() > 100, "the list has moved")
    _rest(view.viewport(), until)
    assert chosen == []
    finger.tap(QPoint(60, 150))
    until(lambda: chosen == [1], "the tap has chosen")


def test_a_swipe_over_a_page_presses_no_button_of_it(qtbot: QtBot, until: Until) -> None:
    area, page = QScrollArea(), QWidget()
    qtbot.addWidget(area)
    pressed: list[bool] = []
    layout = QVBoxLayout(page)
    for number in range(40):
        made = QPushButton(f"button {number}")
        made.setMinimumWidth(240)
        made.clicked.connect(lambda: pressed.append(True))
        layout.addWidget(made)
    area.setWidget(page)
    area.resize(320, 400)
    area.show()
    qtbot.waitExposed(area)
    finger = Finger(area.viewport())
    finger.swipe_up(QPoint(60, 350), QPoint(60, 60))
    until(lambda: area.verticalScrollBar().value() > 100, "the page has moved")
    _rest(area.viewport(), until)
    assert pressed == []
    middle = page.childAt(60, area.verticalScrollBar().value() + 200)
    place = middle.mapTo(area.viewport(), middle.rect().center())
    finger.tap(QPoint(60, place.y()))
    until(lambda: pressed == [True], "the tap has pressed")


@pytest.mark.parametrize("make", [_list, _table])
def test_a_mouse_still_chooses_and_turns_its_wheel(qtbot: QtBot, make: Callable[[], QWidget]) -> None:
    view = make()
    qtbot.addWidget(view)
    view.resize(300, 400)
    view.show()
    row = view.visualRect(view.model().index(2, 0))
    # A line of the grid lies between two rows.
    assert row.height() >= ENTRY_PX - 1
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert [index.row() for index in view.selectedIndexes()] == [2]
    assert view.verticalScrollBar().value() == 0
