"""An alarm of the record stands above every screen until its source says that all is well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from filo_core.alarms.engine import AlarmChange, AlarmKey
from filo_core.alarms.rules import AlarmKind
from gui.alarms_dialog import AlarmsDialog
from gui.main_window import MainWindow
from gui.state import AppState
from gui.widgets.message_fold import MessageKind
from storage.audit.problems import Problem
from tests.unit.gui.test_accessibility import PLACES, go_to

Until = Callable[..., None]
SAID = "Verdict 7 was changed. Ask an admin, and keep a copy of the record."


@pytest.fixture
def window(qtbot: QtBot, state: AppState, product: str) -> Iterator[MainWindow]:
    made = MainWindow(state)
    qtbot.addWidget(made)
    made.resize(1360, 860)
    made.show()
    state.workbench_opened.emit()
    yield made
    made.close()


def test_an_alarm_stands_above_every_screen_and_nobody_closes_it(
    window: MainWindow, state: AppState, until: Until
) -> None:
    assert not window.alarms.isVisible()
    state.set_alarms("audit", SAID)
    for place in PLACES:
        go_to(window, place, until)
        assert window.alarms.isVisible(), place
        assert window.alarms.sentence == f"ALARM: {SAID}"
        assert window.alarms.kind is MessageKind.ERROR
        QTest.keyClick(window, Qt.Key.Key_Escape)
    assert [made.text() for made in window.alarms.findChildren(QPushButton) if made.isVisible()] == []
    window.show_error("Something else.")
    assert window.alarms.isVisible()


def test_several_alarms_are_counted_and_each_goes_with_its_own_source(window: MainWindow, state: AppState) -> None:
    state.set_alarms("audit", SAID, "A trigger was planted.")
    state.set_alarms("clock", "The clock was moved back.")
    assert window.alarms.sentence == f"ALARM: {SAID} And 2 more."
    assert window.alarms.details.splitlines() == [SAID, "A trigger was planted.", "The clock was moved back."]
    state.set_alarms("audit")
    assert window.alarms.sentence == "ALARM: The clock was moved back."
    state.set_alarms("clock", "")
    assert not window.alarms.isVisible()
    assert window.alarms.sentence == ""


def test_an_alarm_raised_before_the_window_is_there_stands_in_it(qtbot: QtBot, state: AppState) -> None:
    state.set_alarms("audit", SAID)
    window = MainWindow(state)
    qtbot.addWidget(window)
    window.show()
    assert window.alarms.isVisible()
    window.close()


def test_an_alarm_of_the_record_shows_by_itself_and_goes_when_it_is_settled(
    qtbot: QtBot, state: AppState, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.alarm_strip.LOOK_EVERY_MS", 20)
    window = MainWindow(state)
    qtbot.addWidget(window)
    window.show()
    state.workbench_opened.emit()
    alarms = state.workbench.alarms
    alarms.raise_for("tail", [Problem(7, "inspections", 3, "was changed")])
    until(window.alarms.isVisible, "the alarm")
    assert "was altered from outside" in window.alarms.sentence
    alarms.settle(state.workbench.access, "it was a drill", "anna")
    until(lambda: not window.alarms.isVisible(), "the alarm is settled")
    window.close()


def test_an_alarm_of_the_process_is_listed_acknowledged_and_then_told_less_loudly(
    qtbot: QtBot, state: AppState, until: Until
) -> None:
    window = MainWindow(state)
    qtbot.addWidget(window)
    window.show()
    state.workbench_opened.emit()
    book = state.workbench.alarm_watch.book
    key = AlarmKey(AlarmKind.CAMERA_LOST, "Live")
    now = datetime.now(UTC)
    book.note([AlarmChange(key, is_raised=True, at=now, value=10.0, sentence="Live: The camera is away.")])
    window.alarms.look()
    until(window.alarms.isVisible, "the alarm")
    assert window.alarms.sentence == "ALARM: Live: The camera is away."
    assert window.alarms.kind is MessageKind.ERROR
    assert window.alarms.list_button.isVisible()
    dialog = AlarmsDialog(state, book.standing(), window)
    qtbot.addWidget(dialog)
    assert "A camera gives no picture" in dialog.list.item(0).text()
    assert dialog.acknowledge_button.isEnabled()
    QTest.mouseClick(dialog.acknowledge_button, Qt.MouseButton.LeftButton)
    assert f"Acknowledged by {state.operator}" in dialog.list.item(0).text()
    assert not dialog.acknowledge_button.isEnabled()
    window.alarms.look()
    until(lambda: window.alarms.kind is MessageKind.WARNING, "the quieter alarm")
    book.note([AlarmChange(key, is_raised=False, at=now, value=0.0, sentence="")])
    window.alarms.look()
    until(lambda: not window.alarms.isVisible(), "the cause is gone")
    dialog.show_alarms(book.standing())
    assert dialog.list.count() == 0
    window.close()


def test_who_had_chosen_an_alarm_that_clears_does_not_acknowledge_the_others(qtbot: QtBot, state: AppState) -> None:
    book, now = state.workbench.alarm_watch.book, datetime.now(UTC)
    one, other = (AlarmKey(AlarmKind.CAMERA_LOST, about) for about in ("one", "other"))
    book.note([AlarmChange(key, is_raised=True, at=now, value=10.0, sentence="It is away.") for key in (one, other)])
    dialog = AlarmsDialog(state, book.standing())
    qtbot.addWidget(dialog)
    dialog.list.item(0).setSelected(True)
    book.note([AlarmChange(one, is_raised=False, at=now, value=0.0, sentence="")])
    dialog.show_alarms(book.standing())
    assert dialog.list.count() == 1
    assert not dialog.acknowledge_button.isEnabled()
    dialog.show_alarms(book.standing())
    assert not dialog.acknowledge_button.isEnabled()
    dialog.list.item(0).setSelected(True)
    assert dialog.acknowledge_button.isEnabled()
