"""Key: a press of the Enter key asks for one verdict."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, TextIO

from filo_core.line.triggers.base import Asks, Trigger, TriggerKind
from filo_core.loops import Loop

if TYPE_CHECKING:
    from filo_core.line.triggers.base import Ticket


def ask_by_key(station: Asks, pressed_monotonic: float | None = None) -> Ticket:
    """One trigger with an id of its own: every press means another part.

    Args:
        station: asked.
        pressed_monotonic: ``time.monotonic()`` at the press; now when not given.
    """
    at = time.monotonic() if pressed_monotonic is None else pressed_monotonic
    return station.ask(Trigger(f"key-{uuid.uuid4().hex[:12]}", TriggerKind.KEY, asked_monotonic=at))


class KeyTrigger:
    """Asks at every line of a terminal.

    Its thread is left behind at the stop: nothing but the next key, or the program's end, ends its waiting.
    """

    def __init__(self, station: Asks, keys: TextIO) -> None:
        self._station = station
        self._keys = keys
        self._loop = Loop("filo-key", self._run, "waits for the key")

    @property
    def problem(self) -> str:
        """Why it does not ask now, as a sentence; empty when all is well."""
        return self._loop.problem

    def start(self) -> None:
        """Begin to listen."""
        self._loop.start()

    def stop(self) -> None:
        """Listen no more."""
        self._loop.ask_to_stop()

    def _run(self) -> None:
        for _ in self._keys:
            if self._loop.must_stop():
                return
            ask_by_key(self._station)
