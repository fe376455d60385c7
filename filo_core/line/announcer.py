"""Tells those who read along of every part that a station takes, and of every new answer, whoever asked."""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from filo_core.line.triggers.base import Ticket, Trigger, TriggerKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from filo_core.line.results import LineResult
    from filo_core.line.triggers.base import StationState

_REMEMBERED = 1_000
"""More than a station has open. A repetition gets no new answer, and leaves its entry behind."""


class Reader(Protocol):
    """Reads along. Called under the announcer's lock: must not ask from there."""

    def withdraw(self) -> None:
        """Another part is under way: what was published says nothing of it."""
        ...

    def publish(self, result: LineResult, *, is_current: bool) -> None:
        """There is a new answer.

        Args:
            result: the answer.
            is_current: whether it says something of the part that lies there now; only then it may be shown.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Asked:
    number: int
    at: float


class Announcer:
    """A station as its triggers see it. Thread-safe.

    A frame of a continuous trigger is no new part: the answer to the one before stands until its own. Any other
    trigger withdraws what was published. An answer is not current any more when a younger part has been answered,
    when another one is under way, or when it passes after its deadline.

    Args:
        station: answers; it tells its new answers to :meth:`tell`.
        deadline_s: longest time from a trigger to its answer.
        clock: that of ``Trigger.asked_monotonic``, in seconds.
        other_problem: what keeps a trigger or an output from its work, as a sentence: a folder is away.
    """

    def __init__(
        self,
        station: StationState,
        deadline_s: float,
        clock: Callable[[], float] = time.monotonic,
        other_problem: Callable[[], str] = lambda: "",
    ) -> None:
        self.readers: list[Reader] = []
        self._station = station
        self._deadline_s = deadline_s
        self._clock = clock
        self._other_problem = other_problem
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._asked: OrderedDict[str, _Asked] = OrderedDict()
        self._under_way: set[int] = set()
        self._newest = 0

    @property
    def is_busy(self) -> bool:
        """True while a trigger waits for its answer."""
        return self._station.is_busy

    @property
    def heartbeat(self) -> int:
        """Grows while the line is alive."""
        return self._station.heartbeat

    @property
    def problem(self) -> str:
        """Why no part would get a verdict now, as a sentence; empty when all is well."""
        return self._station.problem or self._other_problem()

    def ask(self, trigger: Trigger) -> Ticket:
        """Accept a trigger; what was published of the part before is withdrawn first."""
        number = self._begin(trigger)
        ticket = self._station.ask(trigger)
        ticket.on_answer(lambda _: self._end(number))
        return ticket

    def tell(self, result: LineResult) -> None:
        """Publish a new answer; a repeated one is none."""
        with self._lock:
            asked = self._asked.pop(result.trigger_id, None)
            is_current = asked is not None and asked.number > self._newest and not self._under_way
            if asked is not None:
                self._newest = max(self._newest, asked.number)
                is_current &= not result.passes or self._clock() - asked.at <= self._deadline_s
            for reader in self.readers:
                reader.publish(result, is_current=is_current)

    def _begin(self, trigger: Trigger) -> int:
        with self._lock:
            number = next(self._numbers)
            self._asked[trigger.trigger_id] = _Asked(number, trigger.asked_monotonic)
            if len(self._asked) > _REMEMBERED:
                self._asked.popitem(last=False)
            if trigger.kind is not TriggerKind.CONTINUOUS:
                self._under_way.add(number)
                for reader in self.readers:
                    reader.withdraw()
        return number

    def _end(self, number: int) -> None:
        with self._lock:
            self._under_way.discard(number)
