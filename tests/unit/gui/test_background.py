from __future__ import annotations

import functools
import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import QThreadPool, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.exceptions import capture_exceptions
from pytestqt.qtbot import QtBot

from filo_core.errors import FolderError
from gui.background import Background, sentence_of, wait_while_painting

Until = Callable[..., None]


def test_the_outcome_arrives_on_the_gui_thread_and_the_work_runs_elsewhere(qtbot: QtBot, until: Until) -> None:
    seen: list[tuple[str, int]] = []
    background = Background()
    background.run(threading.get_ident, lambda worked: seen.extend([("work", worked), ("then", threading.get_ident())]))
    until(lambda: len(seen) == 2)
    places = dict(seen)
    assert places["then"] == threading.get_ident()
    assert places["work"] != threading.get_ident()


def test_an_exception_reaches_the_one_who_asked(qtbot: QtBot, until: Until) -> None:
    caught: list[Exception] = []

    def fail() -> None:
        raise FolderError("parts is empty. Choose another folder.")

    background = Background()
    background.run(fail, lambda _: pytest.fail("there is no outcome"), caught.append)
    until(lambda: bool(caught))
    assert str(caught[0]) == "parts is empty. Choose another folder."
    assert not background.is_busy


def test_an_exception_nobody_asked_for_is_not_swallowed(qtbot: QtBot, until: Until) -> None:
    nothing: dict[str, str] = {}
    background = Background()
    with capture_exceptions() as raised:
        background.run(lambda: nothing["missing"], lambda _: None)
        until(lambda: bool(raised))
    assert raised[0][0] is KeyError


def test_one_runs_at_a_time_in_the_order_they_came(qtbot: QtBot, until: Until) -> None:
    order: list[int] = []
    running, most = [0], [0]

    def work(number: int) -> int:
        running[0] += 1
        most[0] = max(most[0], running[0])
        running[0] -= 1
        return number

    background = Background()
    for number in range(20):
        background.run(functools.partial(work, number), order.append)
    until(lambda: len(order) == 20)
    assert order == list(range(20))
    assert most[0] == 1


def test_what_waits_can_be_cancelled_and_what_runs_is_delivered(qtbot: QtBot, until: Until) -> None:
    gate = threading.Event()
    done: list[str] = []

    def first() -> str:
        gate.wait(10)
        return "first"

    background = Background()
    background.run(first, done.append)
    background.run(lambda: "second", done.append)
    background.cancel_waiting()
    background.run(lambda: "third", done.append)
    gate.set()
    until(lambda: "third" in done)
    assert done == ["first", "third"]


def test_nothing_is_delivered_after_closing(qtbot: QtBot, until: Until) -> None:
    gate, ran = threading.Event(), threading.Event()
    late: list[object] = []

    def work() -> str:
        gate.wait(10)
        ran.set()
        return "late"

    background = Background()
    background.run(work, late.append)
    background.close()
    gate.set()
    until(ran.is_set)
    other = Background()
    marker: list[str] = []
    other.run(lambda: "marker", marker.append)
    until(lambda: bool(marker))
    assert late == []


def test_our_own_errors_are_sentences_and_others_come_with_details() -> None:
    assert sentence_of(FolderError("parts is empty. Choose another folder.")) == (
        "parts is empty. Choose another folder.",
        "",
    )
    sentence, details = sentence_of(KeyError("colour"))
    assert "KeyError" not in sentence
    assert "KeyError: 'colour'" in details


def test_whoever_waits_for_the_end_of_work_lets_the_event_loop_go_round_meanwhile(qtbot: QtBot) -> None:
    came_round = threading.Event()
    QTimer.singleShot(0, came_round.set)
    worked_on: list[int] = []

    def work() -> None:
        assert came_round.wait(20), "the event loop stands still"
        worked_on.append(threading.get_ident())

    wait_while_painting(work)
    assert worked_on != [threading.get_ident()]
    with pytest.raises(FolderError, match="parts is empty"):
        wait_while_painting(functools.partial(fail_with, FolderError("parts is empty. Choose another folder.")))


def test_work_that_nobody_waits_for_says_nothing_once_its_owner_has_closed(qtbot: QtBot, until: Until) -> None:
    answered, ended = threading.Event(), threading.Event()

    def ask() -> None:
        assert answered.wait(20), "a test forgot to answer"
        ended.set()

    told: list[str] = []
    background = Background(waited_for=False)
    background.run(lambda: None, lambda _: told.append("the first"))
    until(lambda: told == ["the first"])
    background.run(ask, lambda _: told.append("the second"))
    assert QThreadPool.globalInstance().waitForDone(1), "it holds no thread of the pool"
    background.close()
    answered.set()
    until(lambda: not any(thread.name == "filo-asking" for thread in threading.enumerate()))
    QApplication.processEvents()
    assert ended.is_set()
    assert told == ["the first"]


def fail_with(error: Exception) -> None:
    raise error
