"""Asks the worker for the stored patch that is nearest to a region, for the inspection that is looked at. No widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from filo_core.events import NearestFound, ReasonsFound
from filo_core.types import InspectionRecord, Verdict
from gui.one_job import OneJob

if TYPE_CHECKING:
    from gui.state import AppState


class Comparison(QObject):
    """Answers the newest wish only; an answer for another inspection or region is dropped."""

    found = Signal(object)
    """A :class:`~filo_core.events.NearestFound`."""
    reasons_found = Signal(object)
    """A :class:`~filo_core.events.ReasonsFound`; comes before what is compared."""
    failed = Signal(str)
    """Why there is nothing to compare, as a sentence."""
    asked = Signal()
    """An answer is on its way."""

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._wanted: tuple[int, int] = (0, 0)
        self._job = OneJob(self)
        self._job.event_arrived.connect(self._on_event)
        self._job.failed.connect(lambda sentence, _details: self.failed.emit(sentence))

    @property
    def is_running(self) -> bool:
        """True while an answer is on its way."""
        return self._job.is_running

    def want(self, record: InspectionRecord, region: int) -> None:
        """Compare a region of an inspection; without a region its whole image."""
        self.forget()
        if record.verdict is Verdict.NOT_INSPECTED or not record.width:
            self.failed.emit(self.tr("It was not inspected, so there is nothing to compare."))
            return
        self._wanted = record.inspection_id, region
        self.asked.emit()
        inspector = self._state.workbench.inspector
        self._job.submit(lambda signals: inspector.find_nearest(record, region, signals))

    def forget(self) -> None:
        """Answer nothing that was asked for until now."""
        self._wanted = (0, 0)
        self._job.drop()

    def close(self) -> None:
        """Ask no more."""
        self._job.drop()

    @Slot(object)
    def _on_event(self, event: object) -> None:
        if isinstance(event, NearestFound) and (event.inspection_id, event.region) == self._wanted:
            self.found.emit(event)
        elif isinstance(event, ReasonsFound) and (event.inspection_id, event.region) == self._wanted:
            self.reasons_found.emit(event)
