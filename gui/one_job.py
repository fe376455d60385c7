"""One job of the worker at a time, with its events, its end and its error as signals on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from filo_core.errors import FiloError
from gui.background import asked, sentence_of
from gui.worker_bridge import JobSignals

if TYPE_CHECKING:
    from filo_core.line.queue import JobHandle, JobState


class OneJob(QObject):
    """Submits a job and tells what becomes of it; a new one is refused while the old one goes on."""

    event_arrived = Signal(object)
    """A :class:`~filo_core.events.JobEvent`."""
    failed = Signal(str, str)
    """A sentence for the user, and technical details (may be empty)."""
    running_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._handle: JobHandle | None = None
        self._signals: JobSignals | None = None
        self._ended: JobState | None = None
        """The end of a job that was over before it was known here."""

    @property
    def is_running(self) -> bool:
        """True from the submission until the job has ended."""
        return self._handle is not None

    def submit(self, start: Callable[[JobSignals], JobHandle]) -> bool:
        """Submit what ``start`` hands to the worker; False where one is under way, or it could not be submitted."""
        if self.is_running:
            return False
        signals = JobSignals(self)
        signals.event_arrived.connect(self.event_arrived)
        signals.state_changed.connect(self._on_state_changed)
        self._ended = None
        try:
            # What is begun may look at the record first.
            self._handle = asked(lambda: start(signals))
        except FiloError as error:
            signals.deleteLater()
            self.failed.emit(*sentence_of(error))
            return False
        self._signals = signals
        self.running_changed.emit(True)
        self._end_if_over()
        return True

    def drop(self) -> None:
        """Cancel the job, and hear nothing of it any more."""
        if self._handle is None:
            return
        self._handle.cancel()
        self._forget()
        self.running_changed.emit(False)

    def close(self) -> None:
        """Hear nothing any more; what was begun is finished."""
        self._forget()

    def _forget(self) -> None:
        if self._signals is not None:
            self._signals.silence()
            self._signals.deleteLater()
        self._handle = self._signals = None

    def _end_if_over(self) -> None:
        if self._ended is not None:
            self._on_state_changed(self._ended)

    @Slot(object)
    def _on_state_changed(self, state: JobState) -> None:
        if not state.is_final:
            return
        if self._handle is None:
            self._ended = state
            return
        error = self._handle.error
        self._forget()
        self.running_changed.emit(False)
        if error is not None:
            self.failed.emit(*sentence_of(error))
