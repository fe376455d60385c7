"""What was scanned for the part that comes next, until it takes it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from filo_core.identity import Identity
from gui.widgets.controls import icon_button, plain_label, set_shown


class NextPart(QWidget):
    """One line; nothing while nothing was scanned."""

    forget_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = plain_label()
        self.forget = icon_button(self.tr("Forget what was scanned"), "close")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.forget)
        self.forget.clicked.connect(self.forget_requested)
        self.show_part(Identity())

    def show_part(self, identity: Identity) -> None:
        """Show what the next part is called."""
        self.label.setText(self.tr("Next part: %1").replace("%1", identity.words))
        set_shown(self, bool(identity))
