"""Runs the calibration of the product in hand, and says what its limits do to the good parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from filo_core.errors import FiloError
from filo_core.events import Calibrated, EyesChosen, PartJudged, StepDone
from filo_core.statistics.recount import VerdictCounts, verdict_counts
from filo_core.types import Limits
from gui.background import asked
from gui.products.wizard.known_picture import KnownPicture, picture_of
from gui.products.wizard.session import DraftSession
from gui.translation import in_language
from gui.worker_bridge import JobSignals

if TYPE_CHECKING:
    from filo_core.line.queue import JobHandle, JobState


def recount(scores: Sequence[float], limits: Limits) -> VerdictCounts:
    """Verdicts of the good parts under ``limits``."""
    return verdict_counts(limits.verdict(score) for score in scores)


class Calibration(QObject):
    """One job at a time: the calibration, a look at the known parts, or the trial of the eyes.

    What a calibration found besides limits and scores is known until the program ends; those are in the record.
    """

    progressed = Signal(int, int, str)
    """Steps done, steps in all, and what is being done."""
    calibrated = Signal()
    eyes_chosen = Signal(object)
    """:class:`EyesChosen`, once it is in the draft."""
    pictured = Signal()
    """:meth:`pictures` has another one."""
    running_changed = Signal(bool)
    problem_found = Signal(str, str)
    """A sentence for the user, and technical details (may be empty)."""

    def __init__(self, session: DraftSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._results: dict[str, tuple[frozenset[str], Calibrated]] = {}
        self._kept: tuple[tuple[str, str, frozenset[str]], tuple[float, ...]] | None = None
        self._handle: JobHandle | None = None
        self._signals: JobSignals | None = None
        self._pictured = ""
        self._pictures: dict[str, KnownPicture] = {}

    @property
    def is_running(self) -> bool:
        """True while a job is waiting or running."""
        return self._handle is not None

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
            catalogue, name = self._session.state.workbench.catalogue, self._session.name
            self._kept = known, asked(lambda: catalogue.good_part_scores(name))
        return self._kept[1]

    def pictures(self) -> tuple[KnownPicture, ...]:
        """The known parts as they were looked at last, for the product in hand."""
        return tuple(self._pictures.values()) if self._pictured == self._session.name else ()

    def start(self, *, keeps: bool = True) -> None:
        """Judge the known parts and find limits. While the model is still loading the job waits for it.

        Args:
            keeps: False to look at the parts and leave the limits as they are.
        """
        name, references = self._session.name, _hashes(self._session)
        if self._pictured != name:
            self._pictured, self._pictures = name, {}
        seen: set[str] = set()

        def take(event: object) -> None:
            if isinstance(event, StepDone):
                self.progressed.emit(event.done, event.total, event.what)
            elif isinstance(event, PartJudged):
                picture = picture_of(event)
                self._pictures[picture.image_hash] = picture
                seen.add(picture.image_hash)
                self.pictured.emit()
            elif isinstance(event, Calibrated):
                self._pictures = {key: one for key, one in self._pictures.items() if key in seen}
                if keeps:
                    self._results[name] = (references, event)
                    self._session.refresh()
                self.calibrated.emit()

        signals, inspector = self._listen(take), self._session.state.workbench.inspector
        self._submitted((inspector.calibrate if keeps else inspector.judge_known_parts)(name, signals))

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
        sentence = (
            in_language(str(error))
            if isinstance(error, FiloError)
            else self.tr("The calculation failed. Try it again.")
        )
        self.problem_found.emit(sentence, details)


def _hashes(session: DraftSession) -> frozenset[str]:
    draft = session.draft
    return frozenset(reference.image_hash for reference in draft.references) if draft else frozenset()
