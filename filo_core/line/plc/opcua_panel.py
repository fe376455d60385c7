"""What an OPC UA client reads of the line, without any network: the newest result while it may be shown, counters."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from filo_core.identity import OWN_FIELDS
from filo_core.types import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from filo_core.line.results import LineResult
    from filo_core.line.triggers.base import LineState

PUBLISHED_S = 2.0
"""So long a published result stands, as for a PLC that reads by Modbus."""
_MOST_EVENTS = 1_000
_COMPLETED, _UNDEFINED = 1, 0
"""``ResultState`` of OPC 40100-1."""
_COUNTED = {
    Verdict.OK: "OK",
    Verdict.REVIEW: "Review",
    Verdict.NG: "NG",
    Verdict.NOT_INSPECTED: "NotInspected",
}


class OpcUaPanel:
    """Reads along. Thread-safe.

    A result is shown for :data:`PUBLISHED_S`, until another part is under way, and while the line is ready: an old one
    must not be taken for that of the part which lies there now. Whoever wants every result takes the events.

    Args:
        line: whose heartbeat and problem is shown.
        has_alarm: whether an alarm of the record stands; never waits.
        clock: monotonic, in seconds.
    """

    def __init__(
        self,
        line: LineState,
        has_alarm: Callable[[], bool] = bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._has_alarm = has_alarm
        self._clock = clock
        self._lock = threading.Lock()
        self._shown: LineResult | None = None
        self._until = 0.0
        self._is_under_way = False
        self._counts: Counter[str] = Counter()
        self._news: deque[LineResult] = deque(maxlen=_MOST_EVENTS)

    def withdraw(self) -> None:
        """Another part is under way: the result before says nothing of it."""
        with self._lock:
            self._shown, self._is_under_way = None, True

    def publish(self, result: LineResult, *, is_current: bool) -> None:
        """There is a new answer: counted and told as an event in any case, shown where it is current."""
        with self._lock:
            self._counts["Results"] += 1
            self._counts[_COUNTED[result.verdict]] += 1
            self._news.append(result)
            self._is_under_way = False
            if is_current:
                self._shown, self._until = result, self._clock() + PUBLISHED_S

    def next_event(self) -> LineResult | None:
        """The oldest result that no event has told yet."""
        with self._lock:
            return self._news.popleft() if self._news else None

    def values(self) -> dict[str, Any]:
        """Every variable, all of one moment."""
        with self._lock:
            problem = self._line.problem
            if problem or self._clock() >= self._until:
                # For good: a line that is ready again has yet to see what lies there.
                self._shown = None
            state = "Error" if problem else "SingleExecution" if self._is_under_way else "Ready"
            counted = {name: self._counts[name] for name in ("Results", *_COUNTED.values())}
            return {
                "CurrentState": state,
                "Ready": not problem,
                "Heartbeat": self._line.heartbeat & 0xFFFFFFFF,
                "Problem": problem,
                "Alarm": bool(self._has_alarm()),
                **counted,
                "Valid": self._shown is not None,
                **(fields_of(self._shown) if self._shown is not None else NO_RESULT),
            }


def fields_of(result: LineResult) -> dict[str, Any]:
    """A result as variables and events have it."""
    identity, seen = result.identity, result.seen_before
    return {
        "ResultId": result.trigger_id,
        "ResultState": _COMPLETED,
        "ProductId": result.product,
        "InternalRecipeId": result.recipe_hash,
        "CreationTime": result.decided_at.replace(tzinfo=None),
        "PartId": identity.serial,
        "Lot": identity.lot,
        "Order": identity.order,
        **{f"Field{number}": getattr(identity, name) for number, name in enumerate(OWN_FIELDS, start=1)},
        "Verdict": result.verdict.value,
        "ReadsAs": "OK" if result.passes else "NG",
        "Pass": result.passes,
        "Score": -1.0 if result.score is None else float(result.score),
        "AnomalyType": result.anomaly_type,
        "Position": result.position,
        "Regions": result.count,
        "Reason": result.reason,
        "SeenBefore": seen.times if seen is not None else 0,
        "ResultContent": result.to_json(),
    }


NO_RESULT: dict[str, Any] = {
    "ResultId": "",
    "ResultState": _UNDEFINED,
    "PartId": "",
    "Lot": "",
    "Order": "",
    **{f"Field{number}": "" for number in range(1, len(OWN_FIELDS) + 1)},
    "Verdict": "",
    "ReadsAs": "NG",
    "Pass": False,
    "Score": -1.0,
    "AnomalyType": "",
    "Position": "",
    "Regions": 0,
    "Reason": "",
    "SeenBefore": 0,
    "ResultContent": "",
}
"""Where nothing may be shown; product, recipe and moment stay those of the last one."""
