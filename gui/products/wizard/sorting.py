"""Pictures that nobody has sorted: what the model proposes, and what a person says of each. No widget."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Signal, Slot

from filo_core.events import StepDone, UnsortedProposal
from filo_core.types import Verdict
from gui.background import sentence_of
from gui.state import AppState
from gui.worker_bridge import JobSignals

if TYPE_CHECKING:
    from filo_core.line.queue import JobHandle, JobState


@dataclass(frozen=True, slots=True)
class SortingQuestion:
    """One picture that a person is asked about."""

    path: Path
    proposed: bool
    """Proposed as a good part; else among the oddest, which may be bad."""


@dataclass(slots=True)
class SortingAnswers:
    """The pictures that are asked about, the oddest ones first, and what was said of them."""

    questions: tuple[SortingQuestion, ...] = ()
    said: dict[Path, Verdict] = field(default_factory=dict)

    @classmethod
    def of(cls, proposal: UnsortedProposal) -> SortingAnswers:
        """Nothing was said yet."""
        odd = (SortingQuestion(picture.path, proposed=False) for picture in proposal.oddest)
        good = (SortingQuestion(picture.path, proposed=True) for picture in proposal.references)
        return cls((*odd, *good))

    @property
    def good(self) -> tuple[Path, ...]:
        """What a person called good, in the order of asking."""
        return self._called(Verdict.OK)

    @property
    def bad(self) -> tuple[Path, ...]:
        """What a person called bad."""
        return self._called(Verdict.NG)

    def _called(self, verdict: Verdict) -> tuple[Path, ...]:
        return tuple(one.path for one in self.questions if self.said.get(one.path) is verdict)


class Sorting(QObject):
    """Has the model rank a folder's pictures, on the worker's thread."""

    progressed = Signal(int, int)
    found = Signal(object)
    """An :class:`UnsortedProposal`."""
    failed = Signal(str)

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._signals: JobSignals | None = None
        self._handle: JobHandle | None = None

    def start(self, folder: Path) -> None:
        """Begin.

        Raises:
            FolderError: if the folder is of no use for it.
        """
        self._signals = JobSignals(self)
        self._signals.event_arrived.connect(self._on_event)
        self._signals.state_changed.connect(self._on_state_changed)
        self._handle = self._state.workbench.inspector.sort_pictures(folder, self._signals)

    def close(self) -> None:
        """Stop, and hear nothing any more."""
        if self._signals is not None:
            self._signals.silence()
        if self._handle is not None:
            self._handle.cancel()
        self._handle = None

    @Slot(object)
    def _on_event(self, event: object) -> None:
        if isinstance(event, StepDone):
            self.progressed.emit(event.done, event.total)
        elif isinstance(event, UnsortedProposal):
            self.found.emit(event)

    @Slot(object)
    def _on_state_changed(self, state: JobState) -> None:
        if not state.is_final or self._handle is None:
            return
        error, self._handle = self._handle.error, None
        if error is not None:
            sentence, _ = sentence_of(error)
            self.failed.emit(
                sentence or QCoreApplication.translate("Sorting", "The pictures could not be sorted. Look at the log.")
            )
