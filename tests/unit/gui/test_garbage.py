from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QApplication

from gui.garbage import GarbageCollector

Until = Callable[..., None]


class Knot:
    """Refers to itself: only a collector frees it."""

    def __init__(self, freed_on: list[int]) -> None:
        self.itself = self
        weakref.finalize(self, lambda: freed_on.append(threading.get_ident()))


@pytest.fixture
def collector(qapp: QApplication) -> Iterator[GarbageCollector]:
    gc.enable()
    made = GarbageCollector()
    yield made
    made.stop()


def allocate_much() -> None:
    kept = [[number] for number in range(200_000)]
    assert kept


def test_a_cycle_is_freed_on_the_gui_thread_however_much_another_one_allocates(
    collector: GarbageCollector, until: Until
) -> None:
    freed_on: list[int] = []
    Knot(freed_on)
    other = threading.Thread(target=allocate_much)
    other.start()
    other.join()
    assert freed_on == []
    allocate_much()
    until(lambda: freed_on == [threading.get_ident()], "the cycle is freed")


def test_what_was_there_when_it_settled_is_left_alone_until_it_stops(collector: GarbageCollector) -> None:
    freed_on: list[int] = []
    knot: Knot | None = Knot(freed_on)
    collector.settle()
    assert gc.get_freeze_count() > 0
    assert knot is not None
    del knot
    gc.collect()
    assert freed_on == []
    collector.stop()
    gc.collect()
    assert freed_on == [threading.get_ident()]
    assert gc.isenabled()
