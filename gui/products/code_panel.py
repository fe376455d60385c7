"""What a code region is read for, beside the canvas on which it is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from filo_core.identity import FIELDS, OWN_FIELDS
from filo_core.zones import CodeRead, Unreadable
from gui.widgets.controls import captioned, set_shown


class CodePanel(QWidget):
    """Which field a code names, and what becomes of a part without; nothing at all where no code region is chosen.

    Args:
        own_names: what the customer calls the own fields, as far as they have names.
        parent: of the panel.
    """

    chosen = Signal(object)
    """A :class:`~filo_core.zones.CodeRead`."""

    def __init__(self, own_names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field, self.unreadable = QComboBox(self), QComboBox(self)
        self.field.setAccessibleName(self.tr("Field that the code names"))
        self.unreadable.setAccessibleName(self.tr("What becomes of a part whose code cannot be read"))
        called = {"serial": self.tr("Serial"), "lot": self.tr("Lot"), "order": self.tr("Order")}
        called |= {name: own for name, own in zip(OWN_FIELDS, own_names, strict=False) if own}
        for number, name in enumerate(OWN_FIELDS, start=1):
            called.setdefault(name, self.tr("Own field %1").replace("%1", str(number)))
        for name in FIELDS:
            self.field.addItem(called[name], name)
        self.unreadable.addItem(self.tr("a person decides (REVIEW)"), Unreadable.REVIEW)
        self.unreadable.addItem(self.tr("is NG"), Unreadable.NG)
        self.setToolTip(self.tr("DataMatrix, QR, Code 128, EAN and others. Draw it a little larger than the code."))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(captioned(self.tr("It names"), self.field))
        layout.addWidget(captioned(self.tr("A part without a readable code"), self.unreadable))
        for box in (self.field, self.unreadable):
            box.activated.connect(self._tell)
        self.hide()

    def show_code(self, code: CodeRead | None) -> None:
        """Show what a code is read for; None hides all of it."""
        set_shown(self, code is not None)
        if code is None:
            return
        with QSignalBlocker(self.field), QSignalBlocker(self.unreadable):
            self.field.setCurrentIndex(self.field.findData(code.field))
            self.unreadable.setCurrentIndex(0 if code.unreadable is Unreadable.REVIEW else 1)

    def _tell(self) -> None:
        kind = Unreadable.REVIEW if self.unreadable.currentIndex() == 0 else Unreadable.NG
        self.chosen.emit(CodeRead(self.field.currentData(), kind))
