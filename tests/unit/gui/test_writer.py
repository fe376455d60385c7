"""What the window writes: in order, on one thread, and never lost."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from gui.background import asked
from gui.writer import Writer, wait_for_writes
from tests.unit.gui.conftest import _window_code

Until = Callable[..., None]
pytestmark = pytest.mark.usefixtures("qapp")


def test_two_owners_write_on_one_thread_in_the_order_they_asked(until: Until) -> None:
    first, second = Writer(), Writer()
    order: list[str] = []
    threads: set[int] = set()

    def write(name: str) -> Callable[[], None]:
        def work() -> None:
            order.append(name)
            threads.add(threading.get_ident())

        return work

    for number in range(5):
        first.write(write(f"a{number}"), lambda _: None)
        second.write(write(f"b{number}"), lambda _: None)
    until(lambda: not first.is_busy and not second.is_busy)
    assert order == [name for number in range(5) for name in (f"a{number}", f"b{number}")]
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_what_was_asked_for_is_written_after_its_owner_has_closed() -> None:
    writer, gate = Writer(), threading.Event()
    written: list[int] = []
    told: list[int] = []
    for number in range(3):

        def work(number: int = number) -> None:
            assert gate.wait(10)
            written.append(number)

        writer.write(work, lambda _: told.append(1))
    writer.close()
    gate.set()
    wait_for_writes()
    assert written == [0, 1, 2]
    assert told == []


def test_what_is_asked_in_passing_is_answered_from_another_thread_and_keeps_the_window_turning(until: Until) -> None:
    from PySide6.QtCore import QTimer

    turns: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: turns.append(1))
    timer.start(5)
    gate = threading.Event()

    def work() -> int:
        # Only a window that turns opens the gate.
        assert gate.wait(10)
        return threading.get_ident()

    opener = QTimer()
    opener.setSingleShot(True)
    opener.timeout.connect(gate.set)
    opener.start(100)
    assert asked(work) != threading.get_ident()
    timer.stop()
    assert turns


def test_what_fails_elsewhere_is_raised_where_it_was_asked() -> None:
    def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        asked(work)


def test_the_guard_over_every_test_finds_the_windows_code_and_not_a_tests_own() -> None:

    def ask() -> str:
        return _window_code()

    namespace = {"__name__": "gui.any", "ask": ask}
    exec("def look():\n    return ask()", namespace)
    assert namespace["look"]().endswith(" look")  # type: ignore[operator]
    assert _window_code() == ""
