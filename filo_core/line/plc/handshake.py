"""The handshake with a PLC, without any network: trigger, busy, result, acknowledge; and what it reads along."""

from __future__ import annotations

import logging
import secrets
import threading
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filo_core.identity import NOBODY
from filo_core.line.plc.register_map import INPUT_COUNT, Input, LineError, Status, in_words, result_words
from filo_core.line.triggers.base import Trigger, TriggerKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from filo_core.identity import Identity
    from filo_core.line.results import LineResult
    from filo_core.line.triggers.base import Asks, LineState

logger = logging.getLogger(__name__)

PUBLISHED_S = 2.0
"""So long a published result stands: that of the heartbeat, which a PLC has to read as often in any case."""
_NOTHING: dict[int, int] = {}
_NUMBERS = 1 << 32


@dataclass(slots=True)
class _Part:
    """What the PLC's last trigger that was taken asked for, until its answer."""

    trigger_id: str
    number: int
    job: int
    is_wanted: bool = True
    """False once the PLC has raised another trigger or named another job: what comes of this one is not that one's."""


class Handshake:
    """State of the line towards one PLC. Thread-safe.

    A result that is shown is that of the last trigger the PLC raised, and of nothing else. Each trigger that is taken
    is a part of its own with a number of the device's own, whatever its job id: a PLC that never changes its id, or
    counts anew after a restart, must not get an earlier part's verdict. A trigger that is refused takes away what
    stood there, or what was still to come: the PLC speaks of another part now.

    A result that another trigger asked for is published under job id 0 while the PLC is at rest: neither waits for
    its own, nor has one or a refusal to acknowledge. It goes after :data:`PUBLISHED_S`, when the line is not ready,
    and when another part is under way.

    Args:
        line: whose heartbeat and problem the PLC sees.
        types: the recipe's anomaly types in their order.
        asks: takes the PLC's triggers; None where it only reads.
        has_alarm: whether an alarm of the record stands; asked under the lock, so it must not wait.
        clock: that of ``Trigger.asked_monotonic``, in seconds.
    """

    def __init__(
        self,
        line: LineState,
        types: tuple[str, ...],
        asks: Asks | None = None,
        clock: Callable[[], float] = time.monotonic,
        has_alarm: Callable[[], bool] = bool,
    ) -> None:
        self._has_alarm = has_alarm
        self._line = line
        self._types = types
        self._asks = asks
        self._clock = clock
        self._lock = threading.Lock()
        self._own_ids = f"modbus-{uuid.uuid4().hex[:8]}-"
        # Anywhere: a number that a PLC remembers from before the line was started again is none of this start.
        self._number = secrets.randbelow(_NUMBERS)
        self._parts = 0
        self._part: _Part | None = None
        self._refused = LineError.NONE
        self._result = _NOTHING
        self._result_job = 0
        self._owes_acknowledgement = False
        """A result was taken away before it was acknowledged."""
        self._published = _NOTHING
        self._published_until = 0.0
        self._results = self._missed = self._refusals = 0

    def begin(self, job: int, identity: Identity | None = NOBODY) -> Trigger | None:
        """The trigger coil rose: what to ask, None when it is refused; the registers say why.

        Args:
            job: the PLC's id of the part.
            identity: which part it is; None where what was written of it cannot be read.
        """
        with self._lock:
            self._published = _NOTHING
            refusal = self._refusal() or (LineError.WRONG_IDENTITY if identity is None else LineError.NONE)
            if refusal:
                self._refuse(refusal)
                return None
            self._parts += 1
            self._part = _Part(f"{self._own_ids}{self._parts}-{job}", self._next_number(), job)
            part, now = identity or NOBODY, self._clock()
            return Trigger(self._part.trigger_id, TriggerKind.MODBUS, asked_monotonic=now, identity=part)

    def name_job(self, job: int) -> None:
        """The job id was written: what is asked or shown under another one is not the PLC's next part.

        A PLC that was started again with its trigger coil raised raises no edge, but counts anew.
        """
        with self._lock:
            if self._part is not None and self._part.is_wanted and self._part.job != job:
                self._part.is_wanted = False
                self._missed += 1
            if self._result and self._result_job != job:
                self._result = _NOTHING
                self._owes_acknowledgement = True

    def ask(self, trigger: Trigger, job: int) -> None:
        """Ask the station; the registers change when it answers."""
        assert self._asks is not None, "a trigger is begun only where one is taken"
        try:
            self._asks.ask(trigger).on_answer(lambda result: self._answer(trigger.trigger_id, job, result))
        except Exception:
            # Busy for ever would be no answer either; the registers have no result, and say that there is none.
            logger.exception("a PLC's trigger could not be asked")
            with self._lock:
                self._part, self._refused = None, LineError.NOT_READY
                self._missed += 1

    def acknowledge(self) -> None:
        """The acknowledge coil rose: the result goes, and its registers read as NG again."""
        with self._lock:
            # Also what was published: only what comes afterwards is news to this PLC.
            self._result = self._published = _NOTHING
            self._refused = LineError.NONE
            self._owes_acknowledgement = False

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
            if is_current and self._is_at_rest:
                self._published = result_words(result, 0, self._types) | self._numbered(self._next_number())
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
            status = Status.READY * ready | Status.BUSY * bool(self._part) | Status.VALID * bool(result)
            status |= Status.PASS * bool(result.get(Input.PASS)) | Status.ERROR * bool(error)
            now = {
                Input.HEARTBEAT: self._line.heartbeat & 0xFFFF,
                Input.STATUS: int(status),
                Input.ERROR: error,
                Input.RESULTS: self._results & 0xFFFF,
                Input.MISSED: self._missed & 0xFFFF,
                Input.REFUSED: self._refusals & 0xFFFF,
                Input.ALARM: int(self._has_alarm()),
            }
            under_way = self._numbered(self._part.number) if self._part and self._part.is_wanted else _NOTHING
            words: dict[int, int] = dict.fromkeys(range(INPUT_COUNT), 0) | result | under_way | now
            return [int(words[register]) for register in range(INPUT_COUNT)]

    def _refusal(self) -> LineError:
        if self._asks is None:
            return LineError.TAKES_NO_TRIGGER
        # An earlier refusal stands until it is acknowledged, by which the PLC shows that it has seen it.
        return LineError.NONE if self._is_at_rest else LineError.TRIGGER_WHILE_BUSY

    @property
    def _is_at_rest(self) -> bool:
        """Whether the PLC neither waits for its own, nor has something to acknowledge."""
        return not (self._part or self._result or self._refused or self._owes_acknowledgement)

    def _refuse(self, why: LineError) -> None:
        """Whatever stood there, or is still to come, is the answer to another trigger than the PLC's last one."""
        self._refused = why
        self._refusals += 1
        is_awaited = self._part is not None and self._part.is_wanted
        self._missed += bool(self._result) or is_awaited
        self._result = _NOTHING
        if self._part is not None:
            self._part.is_wanted = False

    def _answer(self, trigger_id: str, job: int, result: LineResult) -> None:
        with self._lock:
            self._results += 1
            part = self._part
            if part is None or part.trigger_id != trigger_id:
                return
            self._part = None
            if part.is_wanted:
                self._result_job = job
                self._result = result_words(result, job, self._types) | self._numbered(part.number)

    def _next_number(self) -> int:
        self._number = self._number % (_NUMBERS - 1) + 1
        return self._number

    @staticmethod
    def _numbered(number: int) -> dict[int, int]:
        high, low = in_words(number)
        return {Input.NUMBER_HIGH: high, Input.NUMBER_LOW: low}
