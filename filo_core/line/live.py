"""Live inspection: always the newest frame, recorded before it is shown."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic

from filo_core.codes import with_told
from filo_core.errors import FiloError
from filo_core.events import ImageInspected
from filo_core.line.frames import judge_frame
from filo_core.line.queue import EngineT, Job, JobHandle, JobState, Priority, WorkerStoppedError
from filo_core.line.scanned import Scanned
from filo_core.line.sources.base import SourceState
from filo_core.loops import Loop
from filo_core.sentence import Sentence
from filo_core.types import Inspection, RecipeVersion, Verdict

if TYPE_CHECKING:
    from filo_core.line.sources.base import Frame, ImageSource
    from filo_core.line.worker import Worker
    from filo_core.method.interfaces import Detector

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.1
"""Whether to stop; a picture is noticed at once."""
_RETRY_S = 1.0
_RATE_OVER = 20


@dataclass(frozen=True, slots=True)
class LiveCounters:
    """How live inspection is doing. Ages and times are those of the newest verdict, None before the first."""

    frames: int = 0
    """Captured by the source."""
    inspected: int = 0
    """Got OK, REVIEW or NG."""
    not_inspected: int = 0
    dropped: int = 0
    """Captured, and replaced by a newer frame before it was judged."""
    latency_ms: float | None = None
    """From taking the frame to its verdict."""
    frame_age_ms: float | None = None
    """From the capture to the verdict."""
    per_second: float | None = None
    """Verdicts a second, over the newest few."""


class LiveInspection(Generic[EngineT]):
    """Hands the newest frame of a source to the worker whenever the one before is judged.

    The pump has a thread of its own. It submits a LIVE job when a frame is there, and the job goes on as long as
    newer frames are, so that a folder run does not slip in between two of them beyond its fair share.

    ``store`` is called before ``on_inspection``, both on the worker's thread. A verdict that cannot be stored is not
    shown: ``problem`` says why, and the next frame is tried a second later.

    Args:
        source: started by :meth:`start` when it is stopped, and then stopped by :meth:`stop`.
        worker: owns the engine.
        recipe_version: what to judge by.
        make_detector: called once, on the worker's thread.
        on_inspection: told every verdict.
        store: keeps every verdict; back it comes with what the record knows of its part.
    """

    def __init__(
        self,
        source: ImageSource,
        worker: Worker[EngineT],
        recipe_version: RecipeVersion,
        make_detector: Callable[[EngineT], Detector],
        on_inspection: Callable[[Inspection], None],
        store: Callable[[Inspection], Inspection],
    ) -> None:
        self.source = source
        self.recipe_version = recipe_version
        self._worker = worker
        self._make_detector = make_detector
        self._on_inspection = on_inspection
        self._store = store
        self.scanned = Scanned()
        """The part that a scanner has named for the next picture."""
        self._detector: Detector | None = None
        self._counters = LiveCounters()
        self._superseded = 0
        self._verdict_times: deque[float] = deque(maxlen=_RATE_OVER)
        self._problem = ""
        self._note = ""
        self._started_source = False
        self._pumping = Loop("filo-live", self._pump, "hands pictures to the model")
        self._handle: JobHandle | None = None
        self._judging_on: int | None = None

    @property
    def is_running(self) -> bool:
        """True from the start until it is stopped, or the source has played to its end."""
        return self._pumping.is_running

    @property
    def problem(self) -> str:
        """Why the newest frame got no stored verdict, as a sentence; empty when it did."""
        return self._pumping.problem or self._worker.problem or self._problem

    @property
    def note(self) -> str:
        """What the model said of itself since the start, as a sentence: it was replaced, or moved to the CPU."""
        return self._note

    def take_note(self, sentence: str) -> None:
        """Keep what the model says of itself; from any thread."""
        self._note = sentence

    @property
    def counters(self) -> LiveCounters:
        """How it is doing since the start."""
        return replace(self._counters, frames=self.source.frames, dropped=self.source.dropped + self._superseded)

    def start(self) -> None:
        """Start the source if need be, and inspect; no effect while running."""
        if self.is_running:
            return
        self._counters = LiveCounters()
        self._superseded = 0
        self._verdict_times.clear()
        self._problem = self._note = ""
        self._started_source = self.source.state is SourceState.STOPPED
        if self._started_source:
            self.source.start()
        self._pumping.start()

    def stop(self) -> None:
        """Stop after the frame in work; no verdict comes afterwards. May be called from ``on_inspection`` as well."""
        self._pumping.ask_to_stop()
        handle = self._handle
        if handle is not None:
            handle.cancel()
        # From there, waiting for the pump would be waiting for the very job that calls.
        if threading.get_ident() != self._judging_on:
            self._pumping.join()
        if self._started_source:
            self._started_source = False
            self.source.stop()

    def _pump(self) -> None:
        while not self._pumping.must_stop():
            ended = self.source.state is SourceState.STOPPED
            frame = self.source.newest()
            if frame is not None:
                if not self._inspect_from(frame):
                    return
            elif ended:
                return
            else:
                self.source.wait(_LOOK_EVERY_S)

    def _inspect_from(self, frame: Frame) -> bool:
        """Have ``frame``, and those that come meanwhile, judged; False when there is no worker any more."""
        name = f"Live {self.source.name}"
        try:
            handle = self._worker.submit(Job(name, Priority.LIVE, lambda engine: self._judge_newest(engine, frame)))
        except WorkerStoppedError as error:
            self._problem = str(error)
            return False
        self._handle = handle
        if self._pumping.must_stop():
            # It was stopped before there was anything to cancel.
            handle.cancel()
        state = handle.wait()
        self._handle = None
        if state is JobState.FAILED:
            self._problem = _sentence(handle.error)
            self._pumping.pause(_RETRY_S)
        return True

    def _judge_newest(self, engine: EngineT, first: Frame) -> Iterator[ImageInspected]:
        self._judging_on = threading.get_ident()
        if self._detector is None:
            self._detector = self._make_detector(engine)
        frame: Frame | None = first
        index = 0
        while frame is not None and not self._pumping.must_stop():
            # The job may have waited for its turn meanwhile.
            newer = self.source.newest()
            if newer is not None:
                self._superseded += 1
                frame = newer
            inspection = self._judged(frame, self._detector)
            self._count(inspection)
            self._on_inspection(inspection)
            yield ImageInspected(index, inspection)
            index += 1
            frame = self.source.newest()

    def _judged(self, frame: Frame, detector: Detector) -> Inspection:
        """As it is kept, under the name that was scanned before its picture: what is scanned later is another part."""
        part = self.scanned.take(frame.captured_monotonic)
        try:
            return self._store(with_told(self._judge(frame, detector), part))
        except BaseException:
            self.scanned.give_back(part)
            raise

    def _judge(self, frame: Frame, detector: Detector) -> Inspection:
        return judge_frame(frame, f"{self.source.name} #{frame.frame_id}", self.recipe_version.recipe, detector)

    def _count(self, inspection: Inspection) -> None:
        self._problem = ""
        judged = inspection.verdict is not Verdict.NOT_INSPECTED
        times = self._verdict_times
        times.append(time.monotonic())
        span = times[-1] - times[0]
        self._counters = replace(
            self._counters,
            inspected=self._counters.inspected + judged,
            not_inspected=self._counters.not_inspected + (not judged),
            latency_ms=inspection.seconds * 1000.0,
            frame_age_ms=inspection.frame_age_ms,
            per_second=(len(times) - 1) / span if span > 0 else None,
        )


def _sentence(error: Exception | None) -> str:
    if isinstance(error, FiloError):
        return str(error)
    return Sentence(
        "Live inspection failed on a frame ({kind}: {error}). It is tried again by itself.",
        kind=type(error).__name__,
        error=error,
    )
