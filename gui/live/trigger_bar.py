"""Chooses what asks for a verdict: the camera's pace, a key, a new file, a PLC or HTTP."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from filo_core.line.triggers.base import TriggerKind
from gui.widgets.controls import captioned, set_shown
from workflows.line.triggers import LOOPBACK, USUAL_PORTS, TriggerChoice

_KINDS = tuple(TriggerKind)
_SHORTEST_CHARACTERS = 10


class TriggerBar(QWidget):
    """``choice`` is what the operator wants; locked while live inspection runs.

    Attributes:
        place_row: where it listens, to be laid out in a row of its own; shown for triggers that listen.
    """

    choice_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = QComboBox(self)
        self.kind.setAccessibleName(self.tr("Trigger"))
        self.kind.setToolTip(self.tr("What asks for a verdict"))
        self.kind.setMinimumContentsLength(_SHORTEST_CHARACTERS)
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        texts = {
            TriggerKind.CONTINUOUS: self.tr("Continuous"),
            TriggerKind.KEY: self.tr("Key or scanner"),
            TriggerKind.FOLDER: self.tr("New file in folder"),
            TriggerKind.MODBUS: self.tr("PLC (Modbus)"),
            TriggerKind.HTTP: self.tr("HTTP"),
        }
        for kind in _KINDS:
            self.kind.addItem(texts[kind])
        self.place = QLineEdit(self)
        self.place.setAccessibleName(self.tr("Address and port to listen on"))
        self.place.setToolTip(self.tr("HOST:PORT. On 127.0.0.1 only this machine can trigger."))
        self.place.setMinimumWidth(150)
        self.place_row = captioned(self.tr("Listens on"), self.place)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(captioned(self.tr("Trigger"), self.kind))
        self.kind.currentIndexChanged.connect(self._on_kind_changed)
        self.place.textChanged.connect(self.choice_changed)
        self._on_kind_changed()

    @property
    def choice(self) -> TriggerChoice:
        """What is chosen now; the place of a trigger that does not listen is empty."""
        kind = _KINDS[self.kind.currentIndex()]
        return TriggerChoice(kind, self.place.text().strip() if kind in USUAL_PORTS else "")

    def set_choice(self, choice: TriggerChoice) -> None:
        """Show ``choice`` as chosen."""
        self.kind.setCurrentIndex(_KINDS.index(choice.kind))
        self.place.setText(choice.place)

    def set_locked(self, locked: bool) -> None:
        """Keep the choice as it is while it is in use."""
        self.kind.setEnabled(not locked)
        self.place.setEnabled(not locked)

    def _on_kind_changed(self) -> None:
        kind = _KINDS[self.kind.currentIndex()]
        set_shown(self.place_row, kind in USUAL_PORTS)
        if kind in USUAL_PORTS:
            self.place.setPlaceholderText(f"{LOOPBACK}:{USUAL_PORTS[kind]}")
        self.choice_changed.emit()
