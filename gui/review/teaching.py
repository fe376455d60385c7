"""Teaching "this is good" and taking it back, as jobs of the one worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from filo_core.errors import FiloError
from filo_core.events import Taught
from filo_core.golden_set import GoldenChecked
from gui.worker_bridge import JobSignals

if TYPE_CHECKING:
    from filo_core.line.queue import JobHandle, JobState
    from filo_core.types import InspectionRecord
    from gui.state import AppState


class Teaching(QObject):
    """One job at a time; the recipe is in force and the golden set checked before the outcome is told."""

    taught = Signal(object)
    """A :class:`~filo_core.events.Taught`."""
    checked = Signal(object)
    """A :class:`~filo_core.golden_set.GoldenChecked`: the golden set under the new recipe."""
    failed = Signal(str)
    running_changed = Signal(bool)

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._handle: JobHandle | None = None
        self._signals: JobSignals | None = None

    @property
    def is_running(self) -> bool:
        """True from the request until the golden set is checked."""
        return self._handle is not None

    def teach(self, record: InspectionRecord, region: int | None) -> None:
        """Let a region of an inspection, or all of them, join the memory bank."""
        inspector, operator = self._state.workbench.inspector, self._state.operator
        self._submit(lambda signals: inspector.teach(record, region, operator, signals))

    def undo(self, product: str) -> None:
        """Take back what was taught last."""
        inspector, operator = self._state.workbench.inspector, self._state.operator
        self._submit(lambda signals: inspector.undo_teaching(product, operator, listener=signals))

    def close(self) -> None:
        """Hear nothing any more; what was begun is finished."""
        if self._signals is not None:
            self._signals.silence()
        self._handle = self._signals = None

    def _submit(self, start: Callable[[JobSignals], JobHandle]) -> None:
        if self.is_running:
            return
        signals = self._signals = JobSignals(self)
        signals.event_arrived.connect(self._on_event)
        signals.state_changed.connect(self._on_state_changed)
        try:
            self._handle = start(signals)
        except FiloError as error:
            self.failed.emit(str(error))
            return
        self.running_changed.emit(True)

    @Slot(object)
    def _on_event(self, event: object) -> None:
        if isinstance(event, Taught):
            self._state.products_changed.emit()
            self.taught.emit(event)
        elif isinstance(event, GoldenChecked):
            self.checked.emit(event)

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
            known = isinstance(error, FiloError)
            self.failed.emit(str(error) if known else self.tr("The calculation failed. Try it again."))
