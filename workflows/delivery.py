"""Delivery of what waits in the outbox: a thread a sink, in order, with growing waits while a receiver is away."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filo_core.errors import FiloError
from filo_core.line.sinks.base import Sink, SinkError

if TYPE_CHECKING:
    from storage.outbox import Outbox, Waiting

logger = logging.getLogger(__name__)

_IDLE_S = 2.0
"""From one sign of life to the next while nothing waits."""


@dataclass(frozen=True, slots=True)
class BackOff:
    """Waits in seconds between tries: they double from the first to the longest."""

    first_s: float = 0.5
    longest_s: float = 30.0

    def after(self, failures: int) -> float:
        """The wait after that many failures in a row, from 1."""
        return min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 16))


class Courier:
    """Takes one sink's messages out of the outbox.

    A message that fails stays the next one: the order of a sink is that of the verdicts. It is marked once the
    receiver has taken it; if the program ends between the two it is sent again under the same key.
    """

    def __init__(self, outbox: Outbox, sink: Sink, back_off: BackOff | None = None) -> None:
        self.sink = sink
        self._outbox = outbox
        self._back_off = back_off or BackOff()
        self._problem = ""
        self._news = threading.Event()
        self._stop_by = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"filo-courier-{sink.name}", daemon=True)

    @property
    def problem(self) -> str:
        """Why the oldest message is still here, as a sentence; empty when all is well."""
        return self._problem

    def start(self) -> None:
        """Begin to deliver, first what an earlier start of the program has left."""
        self._thread.start()

    def notify(self) -> None:
        """Say that the outbox has got something new."""
        self._news.set()

    def stop(self, timeout: float = 10.0) -> None:
        """Deliver what goes out without a failure within half of ``timeout``, and end; the rest waits on the disk."""
        self._stop_by = time.monotonic() + timeout / 2
        self._stopping.set()
        self._news.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set() or time.monotonic() < self._stop_by:
            self._news.clear()
            try:
                waiting = self._outbox.next_message(self.sink.name)
                if waiting is None:
                    if self._stopping.is_set():
                        break
                    self.sink.keep_alive()
                    failures, self._problem = 0, ""
                    self._news.wait(_IDLE_S)
                    continue
                self._deliver(waiting)
                failures = 0
                self._problem = ""
            except Exception as error:
                failures += 1
                foreseen = isinstance(error, FiloError)
                if not self._problem:
                    logger.warning("delivery to %s waits: %s", self.sink.name, error, exc_info=not foreseen)
                self._problem = str(error) if foreseen else f"Delivery to {self.sink.name} fails. Check its receiver."
                if self._stopping.wait(self._back_off.after(failures)):
                    break
        self.sink.close()

    def _deliver(self, waiting: Waiting) -> None:
        try:
            self.sink.deliver(waiting.message)
        except SinkError as error:
            self._outbox.mark_tried(waiting.message_id, str(error))
            raise
        self._outbox.mark_delivered(waiting.message_id)
