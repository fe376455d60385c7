"""Delivery of what waits in the outbox: a thread a sink, in order, with growing waits while a receiver is away."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filo_core.errors import DatabaseInUseError, FiloError, SourceError
from filo_core.line.sinks.base import Sink, SinkError
from storage.engine import sqlite_url
from storage.instance_lock import InstanceLock
from storage.outbox import Outbox

if TYPE_CHECKING:
    from pathlib import Path

    from filo_core.line.results import LineResult
    from storage.outbox import Waiting

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
        self._count = outbox.backlog().get(sink.name, 0)
        self._counting = threading.Lock()
        self._news = threading.Event()
        self._stop_by: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"filo-courier-{sink.name}", daemon=True)

    @property
    def problem(self) -> str:
        """Why the oldest message is still here, as a sentence; empty when all is well."""
        return self._problem

    @property
    def waiting(self) -> int:
        """How many messages it has yet to deliver; asks no disk."""
        # One that is new may be delivered before anybody says that it is there.
        return max(0, self._count)

    def start(self) -> None:
        """Begin to deliver, first what an earlier start of the program has left."""
        self._thread.start()

    def notify(self) -> None:
        """Say that the outbox has got one message more."""
        self._add(1)
        self._news.set()

    def wind_up(self, within_s: float = 5.0) -> None:
        """Deliver what goes out without a failure within that time, and end; does not wait for it."""
        if self._stop_by is None:
            self._stop_by = time.monotonic() + within_s
        self._stopping.set()
        self._news.set()

    def stop(self, timeout: float = 10.0) -> None:
        """Wind up within half of ``timeout``, and wait for the end; the rest waits on the disk."""
        self.wind_up(timeout / 2)
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        failures = 0
        while self._stop_by is None or time.monotonic() < self._stop_by:
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
        self._add(-1)

    def _add(self, number: int) -> None:
        with self._counting:
            self._count += number


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """How delivery is doing."""

    outputs: int = 0
    """Receivers that every answer goes to."""
    waiting: int = 0
    """Answers that the receiver furthest behind has yet to take."""
    problem: str = ""
    """Why they wait, as a sentence; empty when all is well."""


class Delivery:
    """The station's outbox, and a courier for every sink. One at a time on a station, whoever runs it.

    Args:
        outbox_file: see :class:`~storage.outbox.Outbox`.
        sinks: where answers go, each under a name of its own.
        back_off: waits between tries.

    Raises:
        DatabaseInUseError: if a line of this station runs already.
        SourceError: if two sinks have one name.
        StorageError: if the outbox cannot be used.
    """

    def __init__(self, outbox_file: Path, sinks: Sequence[Sink] = (), back_off: BackOff | None = None) -> None:
        _check_names(sinks)
        self._lock = InstanceLock(sqlite_url(outbox_file), outbox_file.parent)
        try:
            self._lock.acquire()
        except DatabaseInUseError as error:
            raise DatabaseInUseError(
                "This station inspects already: as line run, or in another window. End that first, then start again."
            ) from error
        with ExitStack() as undo:
            undo.callback(self._lock.release)
            self.outbox = Outbox(outbox_file)
            undo.callback(self.outbox.close)
            self.couriers = [Courier(self.outbox, sink, back_off) for sink in sinks]
            undo.pop_all()

    @property
    def state(self) -> DeliveryState:
        """How it is doing; asks no disk, and holds after the stop as well."""
        couriers = self.couriers
        waiting = max((courier.waiting for courier in couriers), default=0)
        problem = next((courier.problem for courier in couriers if courier.problem), "")
        return DeliveryState(len(couriers), waiting, problem)

    def start(self) -> None:
        """Begin to deliver, first what an earlier start has left."""
        for courier in self.couriers:
            courier.start()

    def answer(self, number: int, result: LineResult) -> None:
        """Keep the answer to a trigger with a message for every sink, and wake the couriers.

        Raises:
            StorageError: if it cannot be kept.
        """
        if self.outbox.close_trigger(number, result, [courier.sink.name for courier in self.couriers]):
            for courier in self.couriers:
                courier.notify()

    def stop(self) -> None:
        """Deliver what goes out at once, and free the outbox; what is undelivered waits in it."""
        with ExitStack() as ending:
            ending.callback(self._lock.release)
            ending.callback(self.outbox.close)
            # All at once: the slowest receiver alone decides how long this takes.
            for courier in self.couriers:
                courier.wind_up()
            for courier in self.couriers:
                ending.callback(courier.stop)


def _check_names(sinks: Sequence[Sink]) -> None:
    """Refuse two outputs that the outbox could not tell from each other."""
    names = Counter(sink.name for sink in sinks)
    twice = next((name for name, times in names.items() if times > 1), "")
    if twice:
        raise SourceError(f"{twice} is an output twice. Remove one, or change more than its user or password.")
