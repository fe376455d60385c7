"""The smallest defect in millimetres: how many pixels of the network it covers, and what more of them would cost."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QVBoxLayout, QWidget

from filo_core.eyes.detail import LARGEST_MM, DefectDetail, Detail
from filo_core.types import Eyes
from gui.translation import in_language
from gui.widgets.controls import button, plain_label
from gui.wording import number


class DefectSize(QWidget):
    """Two lengths, what they come to, and a button that takes the cheapest size that shows enough."""

    wanted = Signal(float, float)
    """Field of view and smallest defect, in millimetres."""
    eyes_picked = Signal(object)
    """:class:`Eyes` that show enough."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._detail: DefectDetail | None = None
        self.field = self._length(self.tr("The picture's longer side shows"), 100.0)
        self.smallest = self._length(self.tr("Smallest defect"), 1.0)
        self.ask_button = button(self.tr("Is it see&n?"), "search")
        self.take_button = button(self.tr("Take these e&yes"))
        self.take_button.hide()
        self.words = plain_label(role="hint")
        self.words.hide()
        row = QHBoxLayout()
        row.setSpacing(12)
        for spin in (self.field, self.smallest):
            label = plain_label(spin.accessibleName(), wrap=False)
            label.setBuddy(spin)
            row.addWidget(label)
            row.addWidget(spin)
        row.addWidget(self.ask_button)
        row.addWidget(self.take_button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.words)
        self.ask_button.clicked.connect(lambda: self.wanted.emit(self.field.value(), self.smallest.value()))
        self.take_button.clicked.connect(self._on_take)

    def _length(self, name: str, value: float) -> QDoubleSpinBox:
        made = QDoubleSpinBox(self)
        made.setAccessibleName(name)
        made.setDecimals(2)
        made.setRange(0.01, LARGEST_MM)
        made.setSuffix(self.tr(" mm"))
        made.setValue(value)
        made.setMinimumWidth(110)
        return made

    def show_detail(self, detail: DefectDetail | None, now: Eyes | None) -> None:
        """Show what was found, beside the eyes that are chosen now; None takes it away."""
        self._detail = detail
        cheapest = detail.cheapest if detail is not None else None
        self.words.setVisible(detail is not None)
        self.take_button.setVisible(cheapest is not None and (now is None or cheapest.eyes.light_px != now.light_px))
        if detail is not None:
            sizes = " · ".join(self._size(one) for one in detail.details)
            self.words.setText(f"{in_language(detail.sentence)}\n{sizes}")

    def _size(self, one: Detail) -> str:
        text = self.tr("%1 in tiles: %2 px, %3 ×") if one.eyes.in_tiles else self.tr("%1: %2 px, %3 ×")
        text = text.replace("%1", str(one.eyes.light_px)).replace("%2", number(one.covers_px, 1))
        return text.replace("%3", number(one.cost, 1))

    @Slot()
    def _on_take(self) -> None:
        if self._detail is not None and self._detail.cheapest is not None:
            self.eyes_picked.emit(self._detail.cheapest.eyes)
