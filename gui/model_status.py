"""The strip at the bottom of the window: how the model is, whether it is trained, who is working."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from gui.state import AppState, ModelState
from gui.theme import SPACE
from gui.widgets.controls import ElidedLabel, button, set_shown
from gui.widgets.untrained_note import UntrainedNote


class ModelStatus(QWidget):
    """Always visible, so that nobody mistakes an untrained or missing model for a judging one."""

    operator_change_requested = Signal()

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._busy = QProgressBar(self)
        self._busy.setRange(0, 0)
        self._busy.setFixedWidth(90)
        self._busy.setTextVisible(False)
        self._busy.setStyleSheet("QProgressBar { min-height: 14px; max-height: 14px; }")
        self._model = ElidedLabel(parent=self)
        self._untrained = UntrainedNote(short=True, parent=self)
        self._operator = button("", parent=self)
        self._operator.clicked.connect(self.operator_change_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE, 0, SPACE, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(self._busy)
        layout.addWidget(self._untrained)
        layout.addWidget(self._model, 1)
        layout.addWidget(self._operator)
        state.model_changed.connect(self._on_model_changed)
        state.operator_changed.connect(self._on_operator_changed)
        self._translate()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self._translate()

    def _translate(self) -> None:
        tip = self.tr("Who signs recipes and reviews. Press to change.")
        self._operator.setToolTip(tip)
        self._operator.setAccessibleDescription(tip)
        self._busy.setAccessibleName(self.tr("The model is loading"))
        self._on_model_changed()
        self._on_operator_changed(self._state.operator)

    @property
    def text(self) -> str:
        """What is said about the model."""
        return self._model.full_text

    @property
    def says_untrained(self) -> bool:
        """Whether the untrained badge is shown."""
        return not self._untrained.isHidden()

    def _on_model_changed(self) -> None:
        state = self._state
        set_shown(self._busy, state.model_state is ModelState.LOADING)
        self._untrained.set_trained(state.trained)
        match state.model_state:
            case ModelState.LOADING:
                text = self.tr("The model is loading. You can go on meanwhile.")
            case ModelState.FAILED:
                text = self.tr("No model: nothing can be inspected. %1").replace("%1", state.model_problem)
            case ModelState.READY:
                text = self.tr("Model %1 is ready on %2").replace("%1", state.profile).replace("%2", state.device)
                text = f"{text}. {state.model_note}" if state.model_note else text
        self._model.set_full_text(text)

    def _on_operator_changed(self, name: str) -> None:
        text = self.tr("Operator: %1").replace("%1", name or self.tr("nobody"))
        self._operator.setText(text.replace("&", "&&"))
        self._operator.setAccessibleName(text)
