"""What a region counts, beside the canvas on which one item is marked."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QLineEdit, QSpinBox, QVBoxLayout, QWidget

from filo_core.method.zone_rules import MOST_ITEMS
from filo_core.zones import LONGEST_ZONE_NAME, ItemCount
from gui.widgets.controls import button, captioned, plain_label, set_shown


class CountPanel(QWidget):
    """What, how many, and one item or several as examples; nothing at all where no region that counts is chosen."""

    chosen = Signal(str, int)
    """What is counted, and how many there have to be."""
    marks = Signal(bool)
    """Whether the next box drawn is an item."""
    forgotten = Signal()
    """All examples are to go."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.what, self.expected = QLineEdit(self), QSpinBox(self)
        self.what.setAccessibleName(self.tr("What is counted"))
        self.what.setMaxLength(LONGEST_ZONE_NAME)
        self.expected.setAccessibleName(self.tr("How many there have to be"))
        self.expected.setRange(1, MOST_ITEMS)
        self.mark_button = button(self.tr("Mark an i&tem"), checkable=True, tip=self.tr("Drag a box around one item."))
        self.forget_button = button(self.tr("Forget all &marked"))
        self.words = plain_label("", "hint")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(captioned(self.tr("Counted item"), self.what))
        layout.addWidget(captioned(self.tr("Expected number"), self.expected))
        layout.addWidget(self.words)
        layout.addWidget(self.mark_button)
        layout.addWidget(self.forget_button)
        self.what.editingFinished.connect(self._tell)
        self.expected.valueChanged.connect(self._tell)
        self.mark_button.toggled.connect(self.marks)
        self.forget_button.clicked.connect(self.forgotten)
        self.hide()

    def show_count(self, count: ItemCount | None) -> None:
        """Show what is counted; None hides all of it."""
        set_shown(self, count is not None)
        if count is None:
            self.mark_button.setChecked(False)
            return
        with QSignalBlocker(self.what), QSignalBlocker(self.expected):
            self.what.setText(count.what)
            self.expected.setValue(count.expected)
        marked = len(count.examples)
        self.forget_button.setEnabled(marked > 0)
        words = self.tr("%1 marked. The other good pictures are searched for the likest ones.")
        self.words.setText(words.replace("%1", str(marked)) if marked else self.tr("Mark one item on a good picture."))

    def _tell(self) -> None:
        self.chosen.emit(self.what.text(), self.expected.value())
