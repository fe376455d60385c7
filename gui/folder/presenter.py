"""The logic of the Folder screen: one run at a time, its progress, its counts and its results."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from filo_core.events import ImageInspected, ImageSkipped, RunCounts, RunFinished, RunStarted
from filo_core.line.queue import JobState
from filo_core.types import Verdict
from gui.background import Background, sentence_of
from gui.folder.pace import Pace
from gui.folder.record_lookup import EarlierVerdicts, ResultDetail, load_detail
from gui.folder.results_model import ResultRow, ResultsModel
from gui.state import AppState
from gui.worker_bridge import JobSignals

if TYPE_CHECKING:
    from filo_core.line.queue import JobHandle

FLUSH_EVERY_MS = 100
_LONGEST_END_S = 10.0
_LOOKED_UP_AT_ONCE = 500


class RunPhase(StrEnum):
    """How far the run is."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_active(self) -> bool:
        """True while a run occupies the screen."""
        return self in {RunPhase.STARTING, RunPhase.RUNNING, RunPhase.PAUSED, RunPhase.CANCELLING}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. ``total`` is None until the folder is listed and the model ready."""

    total: int | None = None
    counts: RunCounts = field(default_factory=RunCounts)
    images_per_second: float | None = None
    seconds_left: float | None = None

    @property
    def done(self) -> int:
        """Images dealt with in any way."""
        return self.counts.done


class FolderPresenter(QObject):
    """Works without any widget. Rows and progress are passed on ten times a second, not once an image."""

    phase_changed = Signal()
    progress_changed = Signal()
    not_inspected = Signal(str)
    """The sentence on one file that could not be read, or that the model failed on."""
    detail_loaded = Signal(object)
    """A :class:`~gui.folder.record_lookup.ResultDetail`."""
    failed = Signal(str, str)
    """A sentence and the details."""

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._starter = Background()
        self._loader = Background()
        self._earlier_reader = Background()
        self._closing = threading.Event()
        self._handle: JobHandle | None = None
        self._signals: JobSignals | None = None
        self._earlier: EarlierVerdicts | None = None
        self._waiting_rows: list[ResultRow] = []
        self._unknown: list[int] = []
        self._run = 0
        self._pace = Pace()
        self.model = ResultsModel(self)
        self.phase = RunPhase.IDLE
        self.progress = Progress()
        self.product = ""
        self.folder = Path()
        self._flusher = QTimer(self)
        self._flusher.setInterval(FLUSH_EVERY_MS)
        self._flusher.timeout.connect(self._flush)

    # Wishes ----------------------------------------------------------------------------------------------------

    def start(self, product: str, folder: Path) -> None:
        """Inspect ``folder``; what was judged before under the same recipe is skipped, so this also resumes."""
        if self.phase.is_active:
            return
        self._forget_run()
        self.product, self.folder = product, folder
        signals = JobSignals(self)
        signals.event_arrived.connect(self._on_event)
        signals.state_changed.connect(self._on_state_changed)
        self._signals = signals
        self._set_phase(RunPhase.STARTING)
        self.progress_changed.emit()
        self._flusher.start()
        inspector = self._state.workbench.inspector

        def submit() -> JobHandle:
            handle = inspector.inspect_folder(product, folder, signals)
            if self._closing.is_set():
                handle.cancel()
            return handle

        # Listing a folder on a network drive can take seconds.
        self._starter.run(submit, self._on_submitted, self._on_failed)

    def pause(self) -> None:
        """Hold the run after the image in work."""
        job = self._job
        if job is not None and self.phase is RunPhase.RUNNING:
            job.pause()

    def resume(self) -> None:
        """Go on with a paused run."""
        job = self._job
        if job is not None and self.phase is RunPhase.PAUSED:
            job.resume()

    def cancel(self) -> None:
        """End the run after the image in work. Every verdict so far is kept, and starting again goes on from there."""
        if not self.phase.is_active:
            return
        self._set_phase(RunPhase.CANCELLING)
        job = self._job
        if job is not None:
            job.cancel()

    def load_detail(self, row: ResultRow) -> None:
        """Load the picture behind ``row``; only the row asked for last is delivered."""
        history = self._state.workbench.history
        earlier = self._earlier_verdicts()
        product, folder = self.product, self.folder
        self._loader.cancel_waiting()
        self._loader.run(
            lambda: load_detail(history, earlier, product, folder, row), self._on_detail_loaded, self._on_failed_to_load
        )

    def close_down(self) -> None:
        """Cancel the run and wait until it has ended; what was judged is in the record."""
        self._closing.set()
        self._flusher.stop()
        for background in (self._starter, self._loader, self._earlier_reader):
            background.close()
        if self._signals is not None:
            self._signals.silence()
        job = self._job
        if job is not None:
            job.cancel()
            job.wait(_LONGEST_END_S)
        self._handle = None

    @property
    def _job(self) -> JobHandle | None:
        """The job in work. It may have begun while its handle is still on its way back to us."""
        if self._handle is not None:
            return self._handle
        return self._signals.handle if self._signals is not None else None

    # The run ---------------------------------------------------------------------------------------------------

    def _forget_run(self) -> None:
        self._run += 1
        if self._signals is not None:
            self._signals.silence()
            self._signals.deleteLater()
        self._handle = self._signals = self._earlier = None
        self._waiting_rows.clear()
        self._unknown.clear()
        self._earlier_reader.cancel_waiting()
        self.model.clear()
        self.progress = Progress()

    def _on_submitted(self, handle: JobHandle) -> None:
        self._handle = handle
        if self.phase is RunPhase.CANCELLING:
            handle.cancel()

    def _on_event(self, event: object) -> None:
        match event:
            case RunStarted(total=total, recipe_hash=recipe_hash):
                self._earlier = EarlierVerdicts(self._state.workbench.history, self.product, recipe_hash)
                self.progress = Progress(total=total)
                self._pace.start(time.monotonic())
                self.progress_changed.emit()
            case ImageInspected():
                self._take_inspected(event)
            case ImageSkipped():
                counts = self.progress.counts
                self.progress = replace(self.progress, counts=replace(counts, skipped=counts.skipped + 1))
                self._waiting_rows.append(ResultRow.of_skipped(event))
            case RunFinished(counts=counts):
                self.progress = replace(self.progress, counts=counts, seconds_left=None)

    def _take_inspected(self, event: ImageInspected) -> None:
        inspection = event.inspection
        counts = self.progress.counts.plus(inspection.verdict)
        if inspection.verdict is Verdict.NOT_INSPECTED:
            self.not_inspected.emit(inspection.reason)
        self._pace.judged(time.monotonic())
        self.progress = replace(self.progress, counts=counts)
        self._waiting_rows.append(ResultRow.of_inspection(inspection))
        self._state.report_inspection(inspection)

    def _on_state_changed(self, state: object) -> None:
        match state:
            case JobState.RUNNING:
                self._pace.resume(time.monotonic())
                if self.phase is not RunPhase.CANCELLING:
                    self._set_phase(RunPhase.RUNNING)
            case JobState.PAUSED:
                self._pace.pause(time.monotonic())
                if self.phase is not RunPhase.CANCELLING:
                    self._set_phase(RunPhase.PAUSED)
            case JobState.DONE:
                self._end(RunPhase.FINISHED)
            case JobState.CANCELLED:
                self._end(RunPhase.CANCELLED)
            case JobState.FAILED:
                error = self._job.error if self._job is not None else None
                self._end(RunPhase.FAILED)
                if error is not None:
                    self.failed.emit(*sentence_of(error))

    def _on_failed(self, error: Exception) -> None:
        self._end(RunPhase.FAILED)
        self.failed.emit(*sentence_of(error))

    def _end(self, phase: RunPhase) -> None:
        self._flusher.stop()
        self._flush()
        self._set_phase(phase)

    def _set_phase(self, phase: RunPhase) -> None:
        if phase is not self.phase:
            self.phase = phase
            self.phase_changed.emit()

    # Passing on ------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        if self._waiting_rows:
            first = len(self.model.rows)
            rows, self._waiting_rows = self._waiting_rows, []
            self.model.append(rows)
            self._unknown.extend(first + place for place, row in enumerate(rows) if row.judged_before)
        self._look_up_unknown()
        total = self.progress.total
        left = None
        if total is not None and self.phase in {RunPhase.RUNNING, RunPhase.PAUSED}:
            left = self._pace.seconds_left(total - self.progress.done)
        self.progress = replace(self.progress, images_per_second=self._pace.images_per_second, seconds_left=left)
        self.progress_changed.emit()

    def _earlier_verdicts(self) -> EarlierVerdicts:
        if self._earlier is None:
            self._earlier = EarlierVerdicts(self._state.workbench.history, self.product, "")
        return self._earlier

    def _look_up_unknown(self) -> None:
        """Fill in the verdicts of skipped images from the record."""
        if not self._unknown or self._earlier is None or self._earlier_reader.is_busy:
            return
        numbers, self._unknown = self._unknown[:_LOOKED_UP_AT_ONCE], self._unknown[_LOOKED_UP_AT_ONCE:]
        rows = [self.model.row(number) for number in numbers]
        earlier, run = self._earlier, self._run

        def fill(completed: list[ResultRow]) -> None:
            if run == self._run:
                self.model.replace(numbers, completed)
                self.progress_changed.emit()
                self._look_up_unknown()

        self._earlier_reader.run(lambda: [earlier.completed(row) for row in rows], fill, self._on_failed_to_load)

    def _on_detail_loaded(self, detail: ResultDetail) -> None:
        self.detail_loaded.emit(detail)

    def _on_failed_to_load(self, error: Exception) -> None:
        self.failed.emit(*sentence_of(error))
