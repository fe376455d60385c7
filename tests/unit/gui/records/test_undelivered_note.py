from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from pytestqt.qtbot import QtBot

from filo_core.line.results import not_inspected
from gui.main_window import MainWindow
from gui.records.undelivered_note import UndeliveredNote
from gui.state import AppState
from storage.outbox import Outbox

Until = Callable[..., None]


@pytest.fixture
def outbox(state: AppState) -> Iterator[Outbox]:
    opened = Outbox(state.settings.outbox)
    yield opened
    opened.close()


def put(outbox: Outbox, *sinks: str) -> None:
    number, _ = outbox.open_trigger(uuid.uuid4().hex, timedelta(seconds=5))
    outbox.close_trigger(number, not_inspected("part", "nut", "h", "away", 1.0), sinks)


def test_a_window_that_opens_says_what_an_earlier_run_has_not_delivered(
    qtbot: QtBot, state: AppState, outbox: Outbox, until: Until
) -> None:
    put(outbox, "mqtt://broker/line", "csv:out.csv")
    put(outbox, "csv:out.csv")
    window = MainWindow(state)
    qtbot.addWidget(window)
    window.show()
    assert not window.undelivered.isVisible()
    state.workbench_opened.emit()
    until(window.undelivered.isVisible, "the note")
    assert window.undelivered.full_text == "2 verdicts are waiting for an output: see Settings, Outputs"
    window.close()


def test_a_verdict_on_its_way_is_not_called_waiting_and_one_that_stays_is(
    qtbot: QtBot, state: AppState, outbox: Outbox, until: Until
) -> None:
    note = UndeliveredNote(state)
    qtbot.addWidget(note)
    counts: list[int] = []

    def count() -> int:
        note.count()
        until(lambda: not note._background.is_busy, "the count")
        counts.append(note.waiting)
        return note.waiting

    count()
    put(outbox, "csv:out.csv")
    count()
    outbox.discard("csv:out.csv")
    count()
    put(outbox, "csv:out.csv")
    count()
    count()
    assert counts == [0, 0, 0, 0, 1]
    assert note.full_text == "1 verdict is waiting for an output: see Settings, Outputs"
    note.close_down()
