"""What the window writes into the record: on one thread, in the order it was asked for, and never lost at the end."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeVar

from PySide6.QtCore import QThreadPool

from gui.background import Background

Outcome = TypeVar("Outcome")


@cache
def _thread() -> QThreadPool:
    """The one of the program: a second writer would only wait for the first."""
    pool = QThreadPool()
    pool.setMaxThreadCount(1)
    return pool


def wait_for_writes() -> None:
    """Come back when all that was asked for is written, or has failed. Any thread."""
    _thread().waitForDone()


class Writer(Background):
    """Writes for one owner. What was asked for is written even when the owner closes; it only hears nothing of it.

    Made on the GUI thread, as a :class:`~gui.background.Background`.
    """

    def __init__(self) -> None:
        # As many as there are: all of them stand in line at the one thread.
        super().__init__(threads=2**31, pool=_thread)

    def write(
        self,
        work: Callable[[], Outcome],
        then: Callable[[Outcome], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Call ``work`` once everything before it is written, then ``then`` or ``failed`` on the GUI thread."""
        self.run(work, then, failed)
