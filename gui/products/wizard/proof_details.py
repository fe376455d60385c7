"""What stands behind a proof: the limits as numbers, the eyes, theorem and promise, and what a signature changes."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from filo_core.types import Limits
from gui.products.wizard.defect_size import DefectSize
from gui.products.wizard.eyes_choice import EyesChoice
from gui.records.moved_limits import with_ng, with_ok
from gui.widgets.controls import button, limit_spin, plain_label
from gui.widgets.untrained_note import UntrainedNote


class ProofDetails(QWidget):
    """Folded away at first; limits are moved here to three decimals."""

    moved = Signal(object)
    """:class:`Limits` as a person wants them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limits: Limits | None = None
        self.ok_spin = limit_spin(self.tr("OK up to"), self)
        self.ng_spin = limit_spin(self.tr("NG above"), self)
        self.region_spin = limit_spin(self.tr("Mark regions above"), self)
        self.reset_button = button(self.tr("&Proposed limits"), "undo", tip=self.tr("Go back to the limits it found"))
        self.again_button = button(self.tr("&Recalculate"), "play")
        self.eyes = EyesChoice(self)
        self.defect = DefectSize(self)
        self.untrained = UntrainedNote(parent=self)
        self.promise = plain_label()
        self.changes = plain_label(role="hint")
        fields = QGridLayout()
        fields.setHorizontalSpacing(16)
        fields.setVerticalSpacing(4)
        for column, spin in enumerate((self.ok_spin, self.ng_spin, self.region_spin)):
            label = plain_label(spin.accessibleName(), wrap=False)
            label.setBuddy(spin)
            fields.addWidget(label, 0, column)
            fields.addWidget(spin, 1, column)
        fields.addWidget(self.reset_button, 1, 3)
        fields.addWidget(self.again_button, 1, 4)
        fields.setColumnStretch(5, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(fields)
        for widget in (self.eyes, self.defect, self.untrained, self.promise, self.changes):
            layout.addWidget(widget)
        layout.addStretch(1)
        self.ok_spin.valueChanged.connect(self._on_ok)
        self.ng_spin.valueChanged.connect(self._on_ng)
        self.region_spin.valueChanged.connect(self._on_region)

    def show_limits(self, limits: Limits | None, *, enabled: bool) -> None:
        """Show ``limits``; they can be moved while ``enabled``."""
        self._limits = limits
        for spin, value in (
            (self.ok_spin, limits.ok if limits else 0.0),
            (self.ng_spin, limits.ng if limits else 0.0),
            (self.region_spin, limits.region if limits else 0.0),
        ):
            blocker = QSignalBlocker(spin)
            spin.setValue(value)
            blocker.unblock()
            spin.setEnabled(limits is not None and enabled)

    def _on_ok(self, value: float) -> None:
        if self._limits is not None:
            self.moved.emit(with_ok(self._limits, value))

    def _on_ng(self, value: float) -> None:
        if self._limits is not None:
            self.moved.emit(with_ng(self._limits, value))

    def _on_region(self, value: float) -> None:
        if self._limits is not None:
            self.moved.emit(Limits(self._limits.ok, self._limits.ng, value))
