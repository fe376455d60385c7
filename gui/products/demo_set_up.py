"""Sets the demo product up on the worker's thread, without a widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from filo_core.events import StepDone
from gui.background import sentence_of
from gui.state import AppState, ModelState
from gui.worker_bridge import JobSignals
from workflows.demonstration.demo_product import DEMO_PRODUCT, set_up_demo

if TYPE_CHECKING:
    from filo_core.line.queue import JobHandle, JobState


class DemoSetUp(QObject):
    """One job at a time; the window goes on meanwhile."""

    changed = Signal()
    """``is_running`` or ``progress``."""
    finished = Signal(str)
    """The name of the product that is there now."""
    failed = Signal(str, str)
    """A sentence and technical details."""

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._signals: JobSignals | None = None
        self._handle: JobHandle | None = None
        self._step: StepDone | None = None

    @property
    def is_running(self) -> bool:
        """True until the product is there, or it failed."""
        return self._handle is not None

    @property
    def progress(self) -> str:
        """What is done just now, as a sentence."""
        if self._state.model_state is ModelState.LOADING:
            return self.tr("The demo product comes as soon as the model is loaded.")
        if self._step is None:
            return self.tr("The demo product is being set up …")
        text = self.tr("The demo product is being set up: %1 of %2.")
        return text.replace("%1", str(self._step.done)).replace("%2", str(self._step.total))

    @Slot()
    def start(self) -> None:
        """Begin, unless it runs already. Once there are users the sign-off is left to one of them."""
        if self.is_running:
            return
        signals = self._signals = JobSignals(self)
        signals.event_arrived.connect(self._on_event)
        signals.state_changed.connect(self._on_state_changed)
        workbench = self._state.workbench
        signed_by = "" if self._state.asks_for_sign_in else self._state.operator
        self._step = None
        self._handle = set_up_demo(workbench, signed_by, signals)
        self.changed.emit()

    def close_down(self) -> None:
        """Expect nothing any more; the worker ends the job."""
        if self._signals is not None:
            self._signals.silence()

    @Slot(object)
    def _on_event(self, event: object) -> None:
        if isinstance(event, StepDone):
            self._step = event
            self.changed.emit()

    @Slot(object)
    def _on_state_changed(self, state: JobState) -> None:
        if not state.is_final or self._handle is None:
            return
        error, self._handle = self._handle.error, None
        self.changed.emit()
        self._state.products_changed.emit()
        if error is not None:
            self.failed.emit(*sentence_of(error))
            return
        self._state.set_current_product(DEMO_PRODUCT.name)
        self.finished.emit(DEMO_PRODUCT.name)
