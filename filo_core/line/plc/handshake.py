"""The handshake with a PLC, without any network: trigger, busy, result, acknowledge; and what it reads along."""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING

from filo_core.line.plc.register_map import Input, LineError, Status, result_words
from filo_core.line.triggers.base import Trigger, TriggerKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from filo_core.line.results import LineResult
    from filo_core.line.triggers.base import Asks, LineState

PUBLISHED_S = 2.0
"""So long a published result stands: that of the heartbeat, which a PLC has to read as often in any case."""
_NOTHING: dict[Input, int] = {}


class Handshake:
    """State of the line towards one PLC. Thread-safe.

    Each trigger that is taken is a part of its own, whatever its job id: the PLC has acknowledged the result before,
    and one that never changes its id must not get the first part's verdict for all of them.

    A result that another trigger asked for is published under job id 0 while the PLC is at rest: neither waits for
    its own, nor has one or a refusal to acknowledge. It goes after :data:`PUBLISHED_S`, when the line is not ready,
    and when another part is under way.

    Args:
        line: whose heartbeat and problem the PLC sees.
        types: the recipe's anomaly types in their order.
        asks: takes the PLC's triggers; None where it only reads.
        clock: monotonic, in seconds.
    """

    def __init__(
        self,
        line: LineState,
        types: tuple[str, ...],
        asks: Asks | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._types = types
        self._asks = asks
        self._clock = clock
        self._lock = threading.Lock()
        self._own_ids = f"modbus-{uuid.uuid4().hex[:8]}-"
        self._parts = 0
        self._busy = False
        self._refused = LineError.NONE
        self._result = _NOTHING
        self._published = _NOTHING
        self._published_until = 0.0
        self._results = 0

    def begin(self, job: int) -> Trigger | None:
        """The trigger coil rose: what to ask, None when it is refused; the registers say why."""
        with self._lock:
            self._published = _NOTHING
            self._refused = self._refusal()
            if self._refused:
                return None
            self._busy = True
            self._parts += 1
            return Trigger(f"{self._own_ids}{self._parts}-{job}", TriggerKind.MODBUS)

    def ask(self, trigger: Trigger, job: int) -> None:
        """Ask the station; the registers change when it answers."""
        assert self._asks is not None, "a trigger is begun only where one is taken"
        self._asks.ask(trigger).on_answer(lambda result: self._answer(job, result))

    def acknowledge(self) -> None:
        """The acknowledge coil rose: the result goes, and its registers read as NG again."""
        with self._lock:
            # Also what was published: only what comes afterwards is news to this PLC.
            self._result = self._published = _NOTHING
            self._refused = LineError.NONE

    def withdraw(self) -> None:
        """Another part is under way: a published result says nothing of it."""
        with self._lock:
            self._published = _NOTHING

    def publish(self, result: LineResult, *, is_current: bool) -> None:
        """Somebody got an answer: count it, and show it while the PLC is at rest; not its own, which it has."""
        if result.trigger_id.startswith(self._own_ids):
            return
        with self._lock:
            self._results += 1
            if is_current and not (self._busy or self._result or self._refused):
                self._published = result_words(result, 0, self._types)
                self._published_until = self._clock() + PUBLISHED_S

    def words(self) -> list[int]:
        """The input registers, all of one moment."""
        with self._lock:
            ready = not self._line.problem
            if not ready or self._clock() >= self._published_until:
                # For good: a line that is ready again has yet to see what lies there.
                self._published = _NOTHING
            result = self._result or self._published
            error = self._refused or (LineError.NONE if ready else LineError.NOT_READY)
            status = Status.READY * ready | Status.BUSY * self._busy | Status.VALID * bool(result)
            status |= Status.PASS * bool(result.get(Input.PASS)) | Status.ERROR * bool(error)
            now = {
                Input.HEARTBEAT: self._line.heartbeat & 0xFFFF,
                Input.STATUS: int(status),
                Input.ERROR: error,
                Input.RESULTS: self._results & 0xFFFF,
            }
            words = dict.fromkeys(Input, 0) | result | now
            return [int(words[register]) for register in Input]

    def _refusal(self) -> LineError:
        if self._asks is None:
            return LineError.TAKES_NO_TRIGGER
        return LineError.TRIGGER_WHILE_BUSY if self._busy or self._result else LineError.NONE

    def _answer(self, job: int, result: LineResult) -> None:
        with self._lock:
            self._result = result_words(result, job, self._types)
            self._results += 1
            self._busy = False
