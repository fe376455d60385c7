"""Teaching "this is good" and taking it back, as jobs of the one worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from filo_core.events import Taught
from filo_core.golden_set import GoldenChecked
from gui.one_job import OneJob

if TYPE_CHECKING:
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
        self._job = OneJob(self)
        self._job.event_arrived.connect(self._on_event)
        self._job.failed.connect(lambda sentence, _details: self.failed.emit(sentence))
        self._job.running_changed.connect(self.running_changed)

    @property
    def is_running(self) -> bool:
        """True from the request until the golden set is checked."""
        return self._job.is_running

    def teach(self, record: InspectionRecord, region: int | None, pin: str) -> None:
        """Let a region of an inspection, or all of them, join the memory bank."""
        inspector, operator = self._state.workbench.inspector, self._state.operator
        self._job.submit(lambda signals: inspector.teach(record, region, operator, signals, pin=pin))

    def undo(self, product: str, pin: str) -> None:
        """Take back what was taught last."""
        inspector, operator = self._state.workbench.inspector, self._state.operator
        self._job.submit(lambda signals: inspector.undo_teaching(product, operator, listener=signals, pin=pin))

    def close(self) -> None:
        """Hear nothing any more; what was begun is finished."""
        self._job.close()

    @Slot(object)
    def _on_event(self, event: object) -> None:
        if isinstance(event, Taught):
            self._state.products_changed.emit()
            self.taught.emit(event)
        elif isinstance(event, GoldenChecked):
            self.checked.emit(event)
