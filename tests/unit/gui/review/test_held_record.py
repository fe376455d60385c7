"""Deciding while another program holds the record: the window goes on, and what was decided is stored afterwards."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from sqlalchemy import Engine, event

from filo_core.types import Verdict
from gui.records.choices import Choices
from gui.review.panel import ReviewPanel
from gui.review.presenter import ReviewPresenter
from gui.review.table_model import ReviewColumn
from gui.state import AppState
from storage import engine
from storage.engine import sqlite_file
from tests.unit.gui.review.conftest import Press

Until = Callable[..., None]
HELD_MS = 4000


@pytest.fixture
def shown(panel: ReviewPanel, inspected: str) -> ReviewPanel:
    panel.show()
    return panel


@pytest.fixture
def other_writer(state: AppState) -> Iterator[sqlite3.Connection]:
    """Another program's connection that has begun to write."""
    path = sqlite_file(state.workbench.storage._url)
    assert path is not None
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def decided(shown: ReviewPanel, row: int) -> str:
    return str(shown.presenter.model.index(row, ReviewColumn.FINAL).data())


def test_key_c_shows_saving_while_another_program_writes_and_the_window_goes_on(
    shown: ReviewPanel, state: AppState, until: Until, other_writer: sqlite3.Connection
) -> None:
    until(lambda: shown.detail.is_seen)
    first = shown.current
    assert first is not None
    turns: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: turns.append(1))
    timer.start(10)
    released: list[bool] = []
    # On this thread: it is released only by a window that goes on turning.
    QTimer.singleShot(HELD_MS, lambda: released.append(bool(other_writer.execute("ROLLBACK"))))

    QTest.keyClick(shown.table, Qt.Key.Key_C)
    assert not released
    assert decided(shown, 0) == "saving …"
    assert shown.table.currentIndex().row() == 1, "the next one is there to be looked at"
    until(lambda: shown.detail.is_seen)
    QTest.keyClick(shown.table, Qt.Key.Key_Up)
    until(lambda: shown.detail.is_seen)
    QTest.keyClick(shown.table, Qt.Key.Key_C)
    assert state.workbench.history.get(first.inspection_id).review is None, "once is enough, and it is not stored yet"
    turned = len(turns)
    until(lambda: bool(released), "the other program ends")
    assert len(turns) > turned + 10
    until(lambda: not shown.presenter.saves)
    timer.stop()
    assert len(state.workbench.history.reviews(first.inspection_id)) == 1
    assert decided(shown, 0) == "NG"
    assert shown.message.sentence == ""
    assert shown.toast.sentence.startswith("confirmed NG: ")


def test_a_record_that_stays_held_is_told_and_the_part_is_open_again(
    shown: ReviewPanel, state: AppState, until: Until, monkeypatch: pytest.MonkeyPatch, press: Press
) -> None:
    until(lambda: shown.detail.is_seen)
    record = shown.current
    assert record is not None

    history = state.workbench.history
    real = history._storage.transaction

    def held() -> object:
        monkeypatch.setattr(history._storage, "transaction", real)
        raise engine.StorageError("The record is held by another program. Try again.")

    monkeypatch.setattr(history._storage, "transaction", held)
    press(shown, Qt.Key.Key_C)
    assert record.name in shown.message.sentence
    assert "held by another program" in shown.message.sentence
    assert decided(shown, 0) == "open"
    assert history.get(record.inspection_id).review is None
    until(lambda: shown.presenter.counts == (5, 5))


@pytest.mark.parametrize(("verdict", "transactions", "statements"), [(Verdict.NG, 2, 8), (Verdict.OK, 3, 10)])
def test_one_key_costs_two_transactions_and_eight_statements(
    inspected: str, state: AppState, until: Until, verdict: Verdict, transactions: int, statements: int
) -> None:
    """It was four with sixteen. What becomes OK is looked at once more before: it may need a signature."""
    presenter = ReviewPresenter(state)
    presenter.apply(Choices(product=inspected, verdicts=frozenset({verdict})))
    until(lambda: presenter.counts is not None)
    record = presenter.model.record_at(0)
    assert record is not None
    begun: list[str] = []
    run: list[str] = []

    def begin(_connection: object) -> None:
        begun.append(threading.current_thread().name)

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            run.append(statement)

    event.listen(Engine, "begin", begin)
    event.listen(Engine, "before_cursor_execute", count)
    try:
        presenter.confirm(record)
        until(lambda: not presenter.saves)
    finally:
        event.remove(Engine, "begin", begin)
        event.remove(Engine, "before_cursor_execute", count)
    assert len(begun) <= transactions
    assert len(run) <= statements, run
    kept = state.workbench.history.get(record.inspection_id)
    assert presenter.model.record_at(0) == kept, "what was written is what was returned"
    presenter.close_down()
