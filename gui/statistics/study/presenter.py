"""What a product's capability studies are and do, away from the window's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from filo_core.capability import SYSTEM
from filo_core.errors import EvidenceError
from filo_core.events import StepDone
from filo_core.line.queue import Job, Priority
from gui.background import Background, sentence_of
from gui.one_job import OneJob
from gui.translation import in_language
from storage.names import name_key
from workflows.export.handing_out import export_study
from workflows.studies.studies import Studies, presenting_steps

if TYPE_CHECKING:
    from filo_core.capability import CapabilityStudy
    from gui.state import AppState
    from workflows.studies.report import StudyReport


class StudyPresenter(QObject):
    """The newest study of one product, and its report as far as there is one."""

    changed = Signal()
    """``study``, ``report`` or ``missing`` changed."""
    progressed = Signal(int, int)
    """The system has judged so many of so many."""
    busy_changed = Signal(bool)
    exported = Signal(str)
    failed = Signal(str, str)
    """A sentence and technical details."""

    def __init__(self, state: AppState, product: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.product = product
        self.studies = Studies(state.workbench.storage, state.workbench.access)
        self.study: CapabilityStudy | None = None
        self.report: StudyReport | None = None
        self.missing = ""
        """Why there is no report yet."""
        self._background = Background()
        self._job = OneJob(self)
        self._job.event_arrived.connect(self._on_event)
        self._job.failed.connect(self.failed)
        self._job.running_changed.connect(self._on_running_changed)

    @property
    def is_busy(self) -> bool:
        """True while something is read, laid down or judged."""
        return self._job.is_running or self._background.is_busy

    def may_judge(self, appraiser: str) -> bool:
        """Whether this person can judge now: once there are users, who is signed in."""
        if appraiser == SYSTEM or not self._state.asks_for_sign_in:
            return True
        return name_key(self._state.operator) == name_key(appraiser)

    def read(self) -> None:
        """Read the newest study and what follows from it."""
        self._run(lambda: self.studies.of(self.product)[:1], self._take)

    def create(self, folders: Sequence[Path], people: Sequence[str], most: int) -> None:
        """Lay a study down."""
        by = self._state.operator
        make = partial(self.studies.create, self.product, tuple(folders), people=tuple(people), most=most, by=by)
        self._run(lambda: (make(),), self._take)

    def present(self) -> None:
        """Have the system judge what it has still to judge."""
        study, workbench = self.study, self._state.workbench
        if study is None:
            return
        steps = presenting_steps(self.studies, workbench.catalogue, study)
        job = Job(name=f"Study {study.study_id}", priority=Priority.INTERACTIVE, steps=steps)
        self._job.submit(lambda signals: workbench.worker.submit(job, signals))

    def export_pdf(self, path: Path) -> None:
        """Write the report on paper."""
        report, access = self.report, self._state.workbench.access
        if report is not None:
            self._run(lambda: export_study(access, report, path, in_language), lambda _: self.exported.emit(str(path)))

    def close_down(self) -> None:
        """Stop presenting after the picture that is judged now, and expect nothing any more."""
        self._job.drop()
        self._job.close()
        self._background.close()

    def _run(self, work: Callable[[], object], then: Callable[[object], None]) -> None:
        self._background.run(work, partial(self._done, then), self._fail)
        self.busy_changed.emit(True)

    def _done(self, then: Callable[[object], None], outcome: object) -> None:
        then(outcome)
        self.busy_changed.emit(self.is_busy)

    def _fail(self, error: Exception) -> None:
        self.failed.emit(*sentence_of(error))
        self.busy_changed.emit(self.is_busy)

    def _take(self, found: object) -> None:
        # statsmodels takes a second to load: only who has something to report pays for it.
        from workflows.studies.report import read_study

        assert isinstance(found, tuple)
        self.study = found[0] if found else None
        self.report, self.missing = None, ""
        if self.study is not None:
            try:
                self.report = read_study(self.study)
            except EvidenceError as error:
                self.missing = in_language(str(error))
        self.changed.emit()

    def _on_event(self, event: object) -> None:
        if isinstance(event, StepDone):
            self.progressed.emit(event.done, event.total)

    def _on_running_changed(self, running: bool) -> None:
        self.busy_changed.emit(self.is_busy)
        if not running:
            self.read()
