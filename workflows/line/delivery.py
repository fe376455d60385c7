"""Delivery of what waits in the outbox: a thread a sink, in order, with growing waits while a receiver is away."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from filo_core.errors import DatabaseInUseError, FiloError, SourceError
from filo_core.line.results import not_inspected
from filo_core.line.sinks.base import Readiness, Seal, Sink, SinkError
from filo_core.loops import Loop
from filo_core.sentence import Sentence
from storage.engine import sqlite_url
from storage.instance_lock import InstanceLock
from storage.outbox import Outbox

if TYPE_CHECKING:
    from pathlib import Path

    from filo_core.line.results import LineResult
    from storage.outbox import Waiting
    from workflows.line.bound_answers import BoundAnswers

logger = logging.getLogger(__name__)

STOP_WITHIN_S = 2.0
"""Longest a stop waits, for all receivers together. What none has taken by then waits on the disk."""
_IDLE_S = 2.0
"""From one sign of life to the next while nothing waits."""
_LOOK_EVERY_S = 0.05
_MOST_GIVEN = 100_000
"""Answers of this start that are known without asking the record."""


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

    Args:
        outbox: holds the messages.
        sink: takes them.
        back_off: waits between tries.
        earlier: a courier of the same sink that was left behind; nothing goes out before it has ended, so that no
            message overtakes the one it may still hand over.
        seal: what goes out with every message, as it is now.
        refuse: why a message must not go out, as a part of a sentence; empty where it may.
    """

    def __init__(
        self,
        outbox: Outbox,
        sink: Sink,
        back_off: BackOff | None = None,
        earlier: Courier | None = None,
        seal: Callable[[], Seal] = Seal,
        refuse: Callable[[Waiting], str] = lambda _: "",
    ) -> None:
        self.sink = sink
        self._refuse = refuse
        self._seal = seal
        self._alarm_told = ""
        self._outbox = outbox
        self._earlier = earlier
        self._back_off = back_off or BackOff()
        self._problem = ""
        self._count = outbox.backlog().get(sink.name, 0)
        self._counting = threading.Lock()
        self._news = threading.Event()
        self._urgent = threading.Event()
        self._readiness: Readiness | None = None
        self._told: Readiness | None = None
        self._tell_again_at = 0.0
        self._stop_by: float | None = None
        self._left_behind = threading.Event()
        self._loop = Loop(f"filo-courier-{sink.name}", self._run, f"delivers to {sink.name}")

    @property
    def problem(self) -> str:
        """Why the oldest message is still here, as a sentence; empty when all is well."""
        return self._problem

    @property
    def failure(self) -> str:
        """That its thread has died and is started again, as a sentence; empty when all is well."""
        return self._loop.problem

    @property
    def waiting(self) -> int:
        """How many messages it has yet to deliver; asks no disk."""
        # One that is new may be delivered before anybody says that it is there.
        return max(0, self._count)

    def start(self) -> None:
        """Begin to deliver, first what an earlier start of the program has left."""
        self._loop.start()

    def notify(self) -> None:
        """Say that the outbox has got one message more."""
        self._add(1)
        self._news.set()

    def tell(self, readiness: Readiness) -> None:
        """Have the receiver told that the line is not ready, or is again; it has to know the newest state alone."""
        self._readiness = readiness
        self._tell_again_at = 0.0
        self._urgent.set()
        self._news.set()

    @property
    def is_running(self) -> bool:
        """True from the start until its thread has ended."""
        return self._loop.is_running

    def wind_up(self, by: float) -> None:
        """Deliver what goes out without a failure until ``by`` by the monotonic clock, and end; does not wait."""
        if self._stop_by is None:
            self._stop_by = by
        self._loop.ask_to_stop()
        self._urgent.set()
        self._news.set()

    def stop(self, within_s: float = STOP_WITHIN_S) -> bool:
        """Wind up, and wait for the end no longer than that; what is left waits on the disk.

        Returns:
            False when a receiver holds it still. It is left behind then: it ends by itself once the receiver lets go,
            with the message marked if it was taken after all, and a process that ends does not wait for it.
        """
        by = time.monotonic() + within_s
        self.wind_up(by)
        return self.ended(by)

    def ended(self, by: float) -> bool:
        """Wait for the end until ``by``; False when it is left behind, to close the outbox itself once it ends."""
        if not self._left_behind.is_set():
            self._loop.join(max(0.0, by - time.monotonic()))
        if self.is_running:
            self._left_behind.set()
        return not self.is_running

    def _run(self) -> None:
        try:
            if self._is_next():
                self._deliver_all()
        finally:
            self.sink.close()
            if self._left_behind.is_set():
                # Marking what was taken late has opened a connection again.
                self._outbox.close()

    def _is_next(self) -> bool:
        """Wait for the courier before; False when this one is stopped first."""
        while self._earlier is not None and self._earlier.is_running:
            self._problem = Sentence(
                "{name} has not let go of an earlier message. Check its receiver.", name=self.sink.name
            )
            if self._loop.pause(_LOOK_EVERY_S):
                return False
        self._earlier = None
        return True

    def _deliver_all(self) -> None:
        failures = 0
        while self._stop_by is None or time.monotonic() < self._stop_by:
            self._news.clear()
            self._urgent.clear()
            self._tell()
            try:
                waiting = self._outbox.next_message(self.sink.name)
                if waiting is not None:
                    self._deliver(waiting)
                elif self._loop.must_stop():
                    return
                else:
                    self.sink.keep_alive()
                self._tell_alarm()
                failures, self._problem = 0, ""
                if waiting is None:
                    self._news.wait(_IDLE_S)
            except Exception as error:  # noqa: BLE001 - whatever a driver raises, the message is tried again
                failures += 1
                self._note(error)
                self._urgent.wait(self._back_off.after(failures))
                if self._loop.must_stop():
                    return

    def _tell(self) -> None:
        """Tell the newest state. Where that does not work, verdicts go out all the same."""
        readiness = self._readiness
        if readiness is None or readiness is self._told or time.monotonic() < self._tell_again_at:
            return
        try:
            self.sink.tell(readiness)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, it is tried again
            self._tell_again_at = time.monotonic() + _IDLE_S
            logger.warning("%s could not be told that the line is %s: %s", self.sink.name, readiness.state, error)
        else:
            self._told = readiness

    def _note(self, error: Exception) -> None:
        foreseen = isinstance(error, FiloError)
        if not self._problem:
            logger.warning("delivery to %s waits: %s", self.sink.name, error, exc_info=not foreseen)
        self._problem = (
            error.sentence
            if isinstance(error, FiloError)
            else Sentence("Delivery to {name} fails. Check its receiver.", name=self.sink.name)
        )

    def _deliver(self, waiting: Waiting) -> None:
        why = self._refuse(waiting)
        if why:
            self._outbox.refuse(waiting.message_id, why)
            self._add(-1)
            return
        try:
            self.sink.deliver(replace(waiting.message, seal=self._seal()))
        except SinkError as error:
            self._outbox.mark_tried(waiting.message_id, str(error))
            raise
        self._outbox.mark_delivered(waiting.message_id)
        self._add(-1)

    def _tell_alarm(self) -> None:
        """An alarm of the record reaches every receiver, whether there is a verdict to deliver or not."""
        seal = self._seal()
        if seal.alarm != self._alarm_told:
            self.sink.tell_alarm(seal)
            self._alarm_told = seal.alarm

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
        seal: see :class:`Courier`.
        bound: holds answers against the record; without it they are delivered as they lie there.

    Raises:
        DatabaseInUseError: if a line of this station runs already.
        SourceError: if two sinks have one name.
        StorageError: if the outbox cannot be used.
    """

    def __init__(
        self,
        outbox_file: Path,
        sinks: Sequence[Sink] = (),
        back_off: BackOff | None = None,
        seal: Callable[[], Seal] = Seal,
        bound: BoundAnswers | None = None,
    ) -> None:
        _check_names(sinks)
        self._bound = bound
        self._given: OrderedDict[int, str] = OrderedDict()
        self._alarm = ""
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
            self._place = str(outbox_file.resolve())
            self.couriers = [
                Courier(self.outbox, sink, back_off, self._left_behind(sink), seal, self._refuse) for sink in sinks
            ]
            undo.pop_all()

    def _left_behind(self, sink: Sink) -> Courier | None:
        return _LEFT_BEHIND.get((self._place, sink.name))

    @property
    def state(self) -> DeliveryState:
        """How it is doing; asks no disk, and holds after the stop as well."""
        couriers = self.couriers
        waiting = max((courier.waiting for courier in couriers), default=0)
        problem = " ".join(filter(None, (self._alarm, *(courier.problem for courier in couriers))))
        return DeliveryState(len(couriers), waiting, problem)

    @property
    def failure(self) -> str:
        """That a courier has died and is started again, as a sentence; empty when all is well."""
        return next((failure for courier in self.couriers if (failure := courier.failure)), "")

    def start(self) -> None:
        """Begin to deliver, first what an earlier start has left."""
        for courier in self.couriers:
            courier.start()

    def answer(self, number: int, result: LineResult) -> None:
        """Keep the answer to a trigger with a message for every sink, and wake the couriers.

        Raises:
            StorageError: if it cannot be kept.
        """
        self._given[number] = _digest(result)
        if len(self._given) > _MOST_GIVEN:
            self._given.popitem(last=False)
        if self.outbox.close_trigger(number, result, [courier.sink.name for courier in self.couriers]):
            for courier in self.couriers:
                courier.notify()

    def checked(self, number: int, trigger_id: str, result: LineResult) -> LineResult:
        """An answer of the outbox as it may be given again: NOT_INSPECTED where it is not what was given first.

        Raises:
            StorageError: if the record cannot be read.
        """
        why = self._why_not(number, trigger_id, result)
        if not why:
            return result
        reason = Sentence("The answer to this part {why}. Judge the part by eye, and call an admin.", why=why)
        return not_inspected(
            trigger_id, result.product, result.recipe_hash, reason, 0.0, file=result.file, identity=result.identity
        )

    def _refuse(self, waiting: Waiting) -> str:
        if not waiting.is_readable:
            why = "cannot be read"
        else:
            why = self._why_not(waiting.number, waiting.trigger_id, waiting.message.result)
        if why and self._bound is not None:
            self._alarm = self._bound.raise_alarm(waiting.trigger_id, why)
        return why

    def _why_not(self, number: int, trigger_id: str, result: LineResult) -> str:
        if self._bound is None:
            return ""
        if result.trigger_id != trigger_id:
            return "is that of another part"
        given = self._given.get(number)
        if given is not None:
            return "" if given == _digest(result) else "is another one than was given"
        return self._bound.why_not(result)

    def tell(self, readiness: Readiness) -> None:
        """Have every receiver told that the line is not ready, or is again."""
        for courier in self.couriers:
            courier.tell(readiness)

    def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """Deliver what goes out within that time, and free the outbox; what is undelivered waits in it."""
        with ExitStack() as ending:
            ending.callback(self._lock.release)
            ending.callback(self.outbox.close)
            by = time.monotonic() + within_s
            # All at once: the slowest receiver alone decides how long this takes.
            for courier in self.couriers:
                courier.wind_up(by)
            for courier in self.couriers:
                if not courier.ended(by):
                    _LEFT_BEHIND[self._place, courier.sink.name] = courier


_LEFT_BEHIND: WeakValueDictionary[tuple[str, str], Courier] = WeakValueDictionary()
"""Couriers that a hanging receiver holds beyond their stop, by outbox and sink, until their threads have ended."""


def _digest(result: LineResult) -> str:
    return hashlib.sha256(result.to_json().encode()).hexdigest()


def _check_names(sinks: Sequence[Sink]) -> None:
    """Refuse two outputs that the outbox could not tell from each other."""
    names = Counter(sink.name for sink in sinks)
    twice = next((name for name, times in names.items() if times > 1), "")
    if twice:
        raise SourceError(
            "{twice} is an output twice. Remove one, or change more than its user or password.", twice=twice
        )
