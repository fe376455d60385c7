"""Key: a press of the Enter key asks for one verdict."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, TextIO

from filo_core.line.triggers.base import Asks, Trigger, TriggerKind

if TYPE_CHECKING:
    from filo_core.line.triggers.base import Ticket


def ask_by_key(station: Asks) -> Ticket:
    """One trigger with an id of its own: every press means another part."""
    return station.ask(Trigger(f"key-{uuid.uuid4().hex[:12]}", TriggerKind.KEY))


class KeyTrigger:
    """Asks at every line of a terminal.

    Its thread is left behind at the stop: nothing but the next key, or the program's end, ends its waiting.
    """

    def __init__(self, station: Asks, keys: TextIO) -> None:
        self._station = station
        self._keys = keys
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="filo-key", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()

    def _run(self) -> None:
        for _ in self._keys:
            if self._stopping.is_set():
                return
            ask_by_key(self._station)
