"""The logic of the Folder screen: the list of jobs, and of the one shown its progress, counts and results."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from filo_core.events import ImageInspected, ImageSkipped, JobEvent, RunCounts, RunFinished, RunStarted
from filo_core.types import InspectionFilter, InspectionRecord, Limits, Verdict
from gui.background import Background, sentence_of
from gui.folder.job_signals import FolderJobSignals
from gui.folder.pace import Pace
from gui.folder.phases import PHASES, RunPhase, RunProgress
from gui.folder.result_detail import ResultDetail, completed, load_detail
from gui.folder.results_model import FolderResult, ResultsModel
from gui.state import AppState
from gui.translation import in_language
from workflows.export.formats import ExportFormat, free_places
from workflows.export.handing_out import export_inspections
from workflows.export.selection import Selection
from workflows.inspecting.folder_jobs import FolderJob, FolderJobState, job_name

FLUSH_EVERY_MS = 100
MOST_ROWS = 20_000
"""Of a job that an earlier start of the program has done: the newest."""
_LOOKED_UP_AT_ONCE = 500


class FolderPresenter(QObject):
    """Works without any widget. Rows and progress are passed on ten times a second, not once an image."""

    phase_changed = Signal()
    progress_changed = Signal()
    not_inspected = Signal(str)
    """The sentence on one file that could not be read, or that the model failed on."""
    detail_loaded = Signal(object)
    """A :class:`~gui.folder.result_detail.ResultDetail`."""
    failed = Signal(str, str)
    """A sentence and the details."""
    jobs_changed = Signal()
    """``jobs`` changed."""
    exported = Signal(int, object)
    """How many verdicts were written, and the files and folders that have them."""
    run_forgotten = Signal()
    """Another run is shown from now on."""

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._loader = Background()
        self._exporter = Background()
        self._earlier_reader = Background()
        self._jobs = state.workbench.folder_jobs
        self._signals = FolderJobSignals(self)
        self._signals.event_arrived.connect(self._on_event)
        self._signals.state_changed.connect(self._on_job_changed)
        self._next_place = 0
        self._waiting_rows: list[FolderResult] = []
        self._unknown: list[int] = []
        self._limits: Limits | None = None
        self._run = 0
        self._pace = Pace()
        self.model = ResultsModel(self)
        self.phase = RunPhase.IDLE
        self.progress = RunProgress()
        self.number = 0
        """Of the job shown; 0 when none is."""
        self.product = ""
        self.folder = Path()
        self.watches = False
        self._flusher = QTimer(self)
        self._flusher.setInterval(FLUSH_EVERY_MS)
        self._flusher.timeout.connect(self._flush)
        self._jobs.observe(self._signals)
        self._show_what_goes_on()

    def _show_what_goes_on(self) -> None:
        """A job that was taken up at the program's start, or before this screen was built anew."""
        open_jobs = [job for job in self.jobs if job.state.is_open]
        running = [job for job in open_jobs if job.state is FolderJobState.RUNNING]
        for job in (*running, *open_jobs)[:1]:
            self.show_job(job.number)

    # Wishes ----------------------------------------------------------------------------------------------------

    def start(self, product: str, folder: Path, *, watch: bool = False) -> None:
        """Put ``folder`` on the list of jobs; it is shown at once unless another job is being worked on.

        What was judged before under the same recipe is skipped, so this also resumes.
        """
        busy = self.phase.is_active
        job = self._jobs.add(product, folder, watch=watch)
        if not busy or job.number == self.number:
            self.show_job(job.number)
        self.jobs_changed.emit()

    def show_job(self, number: int) -> None:
        """Show another job: what it has yielded so far, then what follows."""
        job = self._jobs.job(number)
        if job is None:
            return
        self._forget_run()
        self.number, self.product, self.folder, self.watches = number, job.product, job.folder, job.watch
        self._flusher.start()
        # Whatever arrives meanwhile has a place behind these.
        past = self._jobs.events(number)
        self._next_place = len(past)
        for event in past:
            self._take(event, is_new=False)
        if not past:
            self.progress = RunProgress(
                total=job.total, counts=RunCounts(skipped=job.done) if job.done else RunCounts()
            )
            if not job.state.is_open:
                self._read_from_record(job)
        self._show_state(job, is_new=False)
        self.progress_changed.emit()

    def _read_from_record(self, job: FolderJob) -> None:
        """What an earlier start of the program has inspected in this job; its events went with that start."""
        history, run, name = self._state.workbench.history, self._run, job_name(job.product, job.folder)
        since = job.added_at

        def fill(found: tuple[InspectionRecord, ...]) -> None:
            if run != self._run or self.model.rows or not found:
                return
            self.model.append([FolderResult.of_record(record) for record in found])
            counts = RunCounts.of(Counter(record.verdict for record in found))
            left = max(0, job.done - len(found))
            self.progress = replace(self.progress, counts=replace(counts, skipped=left))
            self.progress_changed.emit()

        self._earlier_reader.run(lambda: history.of_jobs(name, since, MOST_ROWS), fill, self._on_failed_to_load)

    def pause(self) -> None:
        """Hold the job shown after the image in work."""
        if self.phase.can_pause:
            self._jobs.pause(self.number)

    def resume(self) -> None:
        """Go on with the paused job that is shown."""
        if self.phase is RunPhase.PAUSED:
            self._jobs.resume(self.number)

    def cancel(self) -> None:
        """End the job shown after the image in work.

        Every verdict so far is kept, and starting again goes on from there.
        """
        if not self.phase.is_active:
            return
        self._set_phase(RunPhase.CANCELLING)
        self._jobs.cancel(self.number)

    def forget(self, number: int) -> None:
        """Take a job that has ended off the list; its verdicts stay."""
        self._jobs.forget(number)
        self.jobs_changed.emit()

    def review(self) -> None:
        """Ask for Review with what the job shown has inspected."""
        job = self._jobs.job(self.number)
        if job is not None:
            name = job_name(job.product, job.folder)
            self._state.request_review(job.product, name, job.added_at, job.folder.name)

    def export(self, folder: Path, formats: Sequence[ExportFormat]) -> None:
        """Write the verdicts of the job shown in each of these formats, those of an earlier run included.

        Args:
            folder: to write into; nothing that is there already is replaced.
            formats: at least one.
        """
        job = self._jobs.job(self.number)
        if job is None:
            return
        bench, name = self._state.workbench, job.folder.name
        shown = frozenset(row.inspection_id for row in self.model.rows)
        selection = Selection(
            bench.history, InspectionFilter(product=self.product), keep=lambda record: record.inspection_id in shown
        )

        def work() -> tuple[int, tuple[Path, ...]]:
            paths = free_places(folder, name, formats)
            for path in paths:
                # Some want a folder of their own.
                path.parent.mkdir(exist_ok=True)
            counts = [
                export_inspections(bench.access, selection, bench.catalogue, wanted, path, in_language)
                for wanted, path in zip(formats, paths, strict=True)
            ]
            return max(counts), paths

        self._exporter.run(work, lambda done: self.exported.emit(*done), self._on_failed_to_load)

    @property
    def jobs(self) -> tuple[FolderJob, ...]:
        """All jobs of this station, in the order they were added."""
        return self._jobs.jobs

    @property
    def jobs_problem(self) -> str:
        """Why the jobs cannot be kept, as a sentence; empty when they are."""
        return in_language(self._jobs.problem)

    def load_detail(self, row: FolderResult) -> None:
        """Load the picture behind ``row``; only the row asked for last is delivered."""
        history = self._state.workbench.history
        folder = self.folder
        self._loader.cancel_waiting()
        self._loader.run(lambda: load_detail(history, folder, row), self._on_detail_loaded, self._on_failed_to_load)

    def close_down(self) -> None:
        """Look no more; the jobs go on, and over the program's end as well."""
        self._flusher.stop()
        self._jobs.forget_observer(self._signals)
        self._signals.silence()
        for background in (self._loader, self._earlier_reader, self._exporter):
            background.close()

    # The run ---------------------------------------------------------------------------------------------------

    def _forget_run(self) -> None:
        self._run += 1
        self._next_place = 0
        self._waiting_rows.clear()
        self._unknown.clear()
        self._earlier_reader.cancel_waiting()
        self._pace = Pace()
        self.model.clear()
        self.progress = RunProgress()
        self.phase = RunPhase.IDLE
        self.run_forgotten.emit()

    @Slot(object)
    def _on_event(self, arrived: tuple[int, int, JobEvent]) -> None:
        number, place, event = arrived
        if isinstance(event, ImageInspected):
            self._state.report_inspection(event.inspection)
        if number == self.number and place >= self._next_place:
            self._take(event, is_new=True)
        elif number == self.number and place == 0:
            # It has begun anew.
            self.show_job(number)

    def _take(self, event: object, *, is_new: bool) -> None:
        match event:
            case RunStarted(total=total, left_out=left_out):
                self._limits = event.limits
                if self.watches and self.progress.total is not None:
                    self.progress = replace(self.progress, total=self.progress.done + total)
                else:
                    self.progress = RunProgress(total=total, left_out=left_out)
                self._pace.start(time.monotonic())
                self.progress_changed.emit()
            case ImageInspected():
                self._take_inspected(event, is_new=is_new)
            case ImageSkipped():
                counts = self.progress.counts
                self.progress = replace(self.progress, counts=replace(counts, skipped=counts.skipped + 1))
                self._waiting_rows.append(FolderResult.of_skipped(event))
            case RunFinished(counts=counts) if not self.watches:
                self.progress = replace(self.progress, counts=counts, seconds_left=None)

    def _take_inspected(self, event: ImageInspected, *, is_new: bool) -> None:
        inspection = event.inspection
        counts = self.progress.counts.plus(inspection.verdict)
        if inspection.verdict is Verdict.NOT_INSPECTED:
            self.not_inspected.emit(in_language(inspection.reason))
        if is_new:
            self._pace.judged(time.monotonic())
        self.progress = replace(self.progress, counts=counts)
        self._waiting_rows.append(FolderResult.of_inspected(event, self._limits))

    @Slot(object)
    def _on_job_changed(self, job: FolderJob) -> None:
        if job.number == self.number:
            self._show_state(job, is_new=True)
        elif not self.phase.is_active and job.state is FolderJobState.RUNNING:
            # What was shown has ended, and this one is what happens now.
            self.show_job(job.number)
        self.jobs_changed.emit()

    def _show_state(self, job: FolderJob, *, is_new: bool) -> None:
        now = time.monotonic()
        if job.left_out != self.progress.left_out:
            self.progress = replace(self.progress, left_out=job.left_out)
            self.progress_changed.emit()
        match job.state:
            case FolderJobState.RUNNING:
                self._pace.resume(now)
            case FolderJobState.PAUSED:
                self._pace.pause(now)
        phase = PHASES[job.state]
        fails_now = phase is RunPhase.FAILED and self.phase is not phase
        if self.phase is not RunPhase.CANCELLING or not job.state.is_open or not is_new:
            self._set_phase(phase)
        if not job.state.is_open:
            self._end(phase)
        if fails_now:
            sentence = in_language(job.problem) or self.tr(
                "The run ended because of something unexpected. Start it again."
            )
            self.failed.emit(sentence, job.details)

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

    def _look_up_unknown(self) -> None:
        """Fill in the verdicts of skipped images from the record."""
        if not self._unknown or self._earlier_reader.is_busy:
            return
        numbers, self._unknown = self._unknown[:_LOOKED_UP_AT_ONCE], self._unknown[_LOOKED_UP_AT_ONCE:]
        rows = [self.model.row(number) for number in numbers]
        history, run = self._state.workbench.history, self._run

        def fill(found: list[FolderResult]) -> None:
            if run == self._run:
                self.model.replace(numbers, found)
                self.progress_changed.emit()
                self._look_up_unknown()

        self._earlier_reader.run(lambda: completed(history, rows), fill, self._on_failed_to_load)

    def _on_detail_loaded(self, detail: ResultDetail) -> None:
        self.detail_loaded.emit(detail)

    def _on_failed_to_load(self, error: Exception) -> None:
        self.failed.emit(*sentence_of(error))
