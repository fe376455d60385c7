"""The thin bridge from the worker's thread to Qt: what a job reports there arrives here as signals."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from gui.state import ModelState

if TYPE_CHECKING:
    from filo_core.events import JobEvent
    from filo_core.line.queue import JobHandle, JobState


class _Named(Protocol):
    @property
    def value(self) -> str: ...


_SLICE_S = 0.008
"""How long queued events may keep the GUI thread at one go: a run that skips thousands of files floods it."""


class JobSignals(QObject):
    """Listener of one job. Make it on the GUI thread, hand it to ``submit``; its signals arrive on that thread.

    The order of the worker is kept, between events and states as well.
    """

    event_arrived = Signal(object)
    """A :class:`~filo_core.events.JobEvent`."""
    state_changed = Signal(object)
    """A :class:`~filo_core.line.queue.JobState`; the last one ends the job."""

    _arrived = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._queue: deque[tuple[bool, object]] = deque()
        self._awake = False
        self._silent = False
        self.handle: JobHandle | None = None
        """Known from the first state on."""
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)

    def job_event(self, handle: JobHandle, event: JobEvent) -> None:
        """Called on the worker's thread."""
        self.handle = handle
        self._put(False, event)

    def job_state_changed(self, handle: JobHandle, state: JobState) -> None:
        """Called on the worker's thread."""
        self.handle = handle
        self._put(True, state)

    def silence(self) -> None:
        """Emit nothing any more; the job itself goes on."""
        with self._lock:
            self._silent = True
            self._queue.clear()

    def _put(self, is_state: bool, what: object) -> None:
        with self._lock:
            if self._silent:
                return
            self._queue.append((is_state, what))
            # One wake-up a filling: thousands of them would be delivered in one go, however short each slice is.
            wake, self._awake = not self._awake, True
        if wake:
            self._arrived.emit()

    @Slot()
    def _on_arrived(self) -> None:
        until = time.monotonic() + _SLICE_S
        while time.monotonic() < until:
            with self._lock:
                if not self._queue:
                    self._awake = False
                    return
                is_state, what = self._queue.popleft()
            (self.state_changed if is_state else self.event_arrived).emit(what)
        QTimer.singleShot(0, self._on_arrived)


class WorkerBridge(QObject):
    """Turns the worker's word on its engine into a signal on the GUI thread."""

    model_state_changed = Signal(str, str)
    """A :class:`~gui.state.ModelState` and a sentence: why it failed, or that it has moved elsewhere; else empty."""

    nightly_problem_changed = Signal(str)
    """Why the nightly work failed; empty when it did not. Emitted on its thread: connect it queued."""

    record_alarms_changed = Signal(tuple)
    """Sentences of the alarms of the record that stand. Emitted on the nightly work's thread: connect it queued."""

    _engine_reported = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine_reported.connect(self._on_engine_reported, Qt.ConnectionType.QueuedConnection)

    def on_engine(self, state: _Named, message: str) -> None:
        """Give this to the worker; it is called on the worker's thread."""
        self._engine_reported.emit(ModelState(state.value.lower()).value, message)

    @Slot(str, str)
    def _on_engine_reported(self, state: str, message: str) -> None:
        self.model_state_changed.emit(state, message)
