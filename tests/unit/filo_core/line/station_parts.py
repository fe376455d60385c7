"""A ledger in memory that can fail, and a source fed by hand; shared by the tests of live, station and triggers."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import StorageError
from filo_core.identity import NOBODY, Identity, SeenBefore
from filo_core.line.sources.base import Frame, FrameSlot, SourceState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.line.results import LineResult
    from filo_core.method.interfaces import Detector
    from filo_core.types import Inspection, Prediction


class MemoryLedger:
    """Counts what is kept, and fails where the test says so."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.named: list[Identity] = []
        self.seen: SeenBefore | None = None
        self.kept: list[Inspection] = []
        self.closed: dict[int, LineResult] = {}
        self.fails: set[str] = set()
        self.error: Exception = StorageError(
            "The disk that holds outbox.sqlite is full. Free some space, then try again."
        )
        self.lock = threading.Lock()

    def open(
        self, trigger_id: str, repeats_within_s: float, identity: Identity = NOBODY
    ) -> tuple[int, LineResult | None]:
        self._maybe_fail("open")
        if trigger_id in self.opened:
            number = self.opened.index(trigger_id)
            return number, self.closed.get(number)
        self.opened.append(trigger_id)
        self.named.append(identity)
        return len(self.opened) - 1, None

    def keep(self, inspection: Inspection) -> Inspection:
        self._maybe_fail("keep")
        self.kept.append(inspection)
        return replace(inspection, seen_before=self.seen) if self.seen else inspection

    def close(self, number: int, result: LineResult) -> None:
        self._maybe_fail("close")
        assert number not in self.closed, "a trigger is answered once"
        self.closed[number] = result

    def _maybe_fail(self, what: str) -> None:
        with self.lock:
            if what in self.fails:
                raise self.error


class HandFedSource:
    """A source whose frames a test puts in one by one."""

    name = "Line 3"

    def __init__(self) -> None:
        self.problem = ""
        self.state = SourceState.RUNNING
        self.slot = FrameSlot()

    @property
    def frames(self) -> int:
        return self.slot.frames

    @property
    def dropped(self) -> int:
        return self.slot.dropped

    def start(self) -> None:
        self.state = SourceState.RUNNING

    def stop(self) -> None:
        self.state = SourceState.STOPPED

    def newest(self) -> Frame | None:
        return self.slot.take()

    def wait(self, timeout: float) -> bool:
        return self.slot.wait(timeout)

    def put(self, brightness: int) -> None:
        self.slot.put(np.full((4, 6, 3), brightness, np.uint8), datetime.now(UTC), time.monotonic())


class GatedDetector:
    """Answers as another detector does, but only when it is let."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector
        self.looking = threading.Event()
        self.go_on = threading.Event()

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        self.looking.set()
        assert self.go_on.wait(20)
        return self.detector.predict(pixels)
