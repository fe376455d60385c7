"""The handshake with a PLC, without any network: trigger, busy, result, acknowledge."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

from filo_core.line.plc.register_map import Input, LineError, Status, result_words
from filo_core.line.triggers.base import Trigger, TriggerKind

if TYPE_CHECKING:
    from filo_core.line.results import LineResult
    from filo_core.line.triggers.http import StationState

_RESULT = tuple(Input)[Input.VERDICT : Input.ERROR]


class Handshake:
    """State of the line towards one PLC. Thread-safe.

    A job id that is triggered again right after itself is the same part, and gets the same verdict; a PLC that was
    switched off may count from 1 again, and gets new ones.
    """

    def __init__(self, station: StationState, types: tuple[str, ...]) -> None:
        self._station = station
        self._types = types
        self._lock = threading.Lock()
        self._words: dict[Input, int] = dict.fromkeys(Input, 0)
        self._run_id = uuid.uuid4().hex[:8]
        self._last_job = 0
        self._parts = 0
        self._busy = False
        self._valid = False
        self._refused = False

    def begin(self, job: int) -> Trigger | None:
        """The trigger coil rose: what to ask, None when a part is under way or its result not acknowledged."""
        with self._lock:
            self._refused = self._busy or self._valid
            if self._refused:
                return None
            self._busy = True
            if job == 0 or job != self._last_job:
                self._parts += 1
            self._last_job = job
            return Trigger(f"modbus-{self._run_id}-{self._parts}-{job}", TriggerKind.MODBUS)

    def ask(self, trigger: Trigger, job: int) -> None:
        """Ask the station; the registers change when it answers."""
        self._station.ask(trigger).on_answer(lambda result: self._answer(job, result))

    def acknowledge(self) -> None:
        """The acknowledge coil rose: the result goes, and its registers read as NG again."""
        with self._lock:
            self._valid = self._refused = False
            self._words |= dict.fromkeys(_RESULT, 0)

    def words(self) -> list[int]:
        """The input registers, all of one moment."""
        with self._lock:
            ready = not self._station.problem
            error = LineError.NONE if ready else LineError.NOT_READY
            if self._refused:
                error = LineError.TRIGGER_WHILE_BUSY
            status = Status.READY * ready | Status.BUSY * self._busy | Status.VALID * self._valid
            status |= Status.PASS * (self._valid and bool(self._words[Input.PASS])) | Status.ERROR * bool(error)
            now = {Input.HEARTBEAT: self._station.heartbeat & 0xFFFF, Input.STATUS: int(status), Input.ERROR: error}
            words = self._words | now
            return [int(words[register]) for register in Input]

    def _answer(self, job: int, result: LineResult) -> None:
        with self._lock:
            self._words |= result_words(result, job, self._types)
            self._words[Input.RESULTS] = self._words[Input.RESULTS] + 1 & 0xFFFF
            self._busy, self._valid = False, True
