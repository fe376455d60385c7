"""Runs the calibration of the product in hand, and says what its limits do to the good parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from filo_core.errors import FiloError
from filo_core.events import Calibrated, EyesChosen, ImageInspected, StepDone
from filo_core.imaging import read_image
from filo_core.statistics.recount import VerdictCounts, verdict_counts
from filo_core.types import Inspection, Limits, SourceImage, Verdict
from gui.background import Background, sentence_of
from gui.products.wizard.session import DraftSession
from gui.worker_bridge import JobSignals

if TYPE_CHECKING:
    from filo_core.line.queue import JobHandle, JobState


def recount(scores: Sequence[float], limits: Limits) -> VerdictCounts:
    """Verdicts of the good parts under ``limits``."""
    return verdict_counts(limits.verdict(score) for score in scores)


class Calibration(QObject):
    """One job at a time: the calibration, the trial of the eyes, or that of one picture.

    What a calibration found besides limits and scores is known until the program ends; those are in the record.
    """

    progressed = Signal(int, int, str)
    """Steps done, steps in all, and what is being done."""
    calibrated = Signal()
    eyes_chosen = Signal(object)
    """:class:`EyesChosen`, once it is in the draft."""
    tried = Signal(object)
    """The :class:`Inspection` of a trial; nothing of it is recorded."""
    running_changed = Signal(bool)
    problem_found = Signal(str, str)
    """A sentence for the user, and technical details (may be empty)."""

    def __init__(self, session: DraftSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._background = Background()
        self._results: dict[str, tuple[frozenset[str], Calibrated]] = {}
        self._kept: tuple[tuple[str, str, frozenset[str]], tuple[float, ...]] | None = None
        self._handle: JobHandle | None = None
        self._signals: JobSignals | None = None
        self._reading = False

    @property
    def is_running(self) -> bool:
        """True while a job is waiting or running."""
        return self._handle is not None or self._reading

    def result(self) -> Calibrated | None:
        """What was found for the product in hand with the references it has now; None where that is not known."""
        draft = self._session.draft
        if draft is None or draft.limits is None:
            return None
        references, found = self._results.get(self._session.name, (frozenset(), None))
        return found if references == _hashes(self._session) else None

    def scores(self) -> tuple[float, ...]:
        """Of the good parts, as the limits were found with; empty where the record does not have them."""
        result, draft = self.result(), self._session.draft
        if result is not None:
            return result.scores
        if draft is None or draft.limits is None:
            return ()
        known = (self._session.name, draft.model_hash, _hashes(self._session))
        if self._kept is None or self._kept[0] != known:
            self._kept = known, self._session.state.workbench.catalogue.good_part_scores(self._session.name)
        return self._kept[1]

    def start(self) -> None:
        """Find limits from the good images. While the model is still loading the job waits for it."""
        name, references = self._session.name, _hashes(self._session)

        def take(event: object) -> None:
            if isinstance(event, StepDone):
                self.progressed.emit(event.done, event.total, event.what)
            elif isinstance(event, Calibrated):
                self._results[name] = (references, event)
                self._session.refresh()
                self.calibrated.emit()

        signals = self._listen(take)
        self._submitted(self._session.state.workbench.inspector.calibrate(name, signals))

    def choose_eyes(self) -> None:
        """Try how the product is best looked at; what is chosen is in the draft."""

        def take(event: object) -> None:
            if isinstance(event, StepDone):
                self.progressed.emit(event.done, event.total, event.what)
            elif isinstance(event, EyesChosen):
                self._session.refresh()
                self.eyes_chosen.emit(event)

        signals = self._listen(take)
        self._submitted(self._session.state.workbench.inspector.choose_eyes(self._session.name, signals))

    def try_file(self, path: Path) -> None:
        """Judge one picture under the draft's limits; nothing is recorded."""
        self._reading = True
        self.running_changed.emit(True)
        self._background.run(lambda: read_image(path), self._on_read, self._on_unreadable)

    def cancel(self) -> None:
        """Stop between two steps; what the draft had stays."""
        if self._handle is not None:
            self._handle.cancel()

    def close(self) -> None:
        """Cancel, and hear nothing any more."""
        if self._signals is not None:
            self._signals.silence()
        self.cancel()
        self._handle = None
        self._background.close()

    def _on_read(self, image: SourceImage) -> None:
        self._reading = False

        def take(event: object) -> None:
            if isinstance(event, ImageInspected):
                self._on_tried(event.inspection)

        signals = self._listen(take)
        inspector = self._session.state.workbench.inspector
        self._submitted(inspector.inspect_image(self._session.name, image, signals, trial=True))

    def _on_unreadable(self, error: Exception) -> None:
        self._reading = False
        self.running_changed.emit(False)
        sentence, details = sentence_of(error)
        self.problem_found.emit(sentence or self.tr("The picture could not be read. Try another one."), details)

    def _on_tried(self, inspection: Inspection) -> None:
        if inspection.verdict is Verdict.NOT_INSPECTED:
            self.problem_found.emit(inspection.reason, "")
        else:
            self.tried.emit(inspection)

    def _listen(self, take: object) -> JobSignals:
        signals = self._signals = JobSignals(self)
        signals.event_arrived.connect(take)
        signals.state_changed.connect(self._on_state_changed)
        return signals

    def _submitted(self, handle: JobHandle) -> None:
        self._handle = handle
        self.running_changed.emit(True)

    @Slot(object)
    def _on_state_changed(self, state: JobState) -> None:
        if not state.is_final or self._handle is None:
            return
        error, self._handle = self._handle.error, None
        if self._signals is not None:
            self._signals.deleteLater()
            self._signals = None
        self.running_changed.emit(False)
        if error is not None:
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        details = "" if isinstance(error, FiloError) else f"{type(error).__name__}: {error}"
        sentence = str(error) if isinstance(error, FiloError) else self.tr("The calculation failed. Try it again.")
        self.problem_found.emit(sentence, details)


def _hashes(session: DraftSession) -> frozenset[str]:
    draft = session.draft
    return frozenset(reference.image_hash for reference in draft.references) if draft else frozenset()
