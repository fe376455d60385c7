"""A secret in the settings: typed, removed, and never shown again."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from gui.settings.field import Field
from gui.theme import SPACE
from gui.widgets.controls import button


class SecretField(QWidget):
    """``wished`` carries what was typed, an empty text to remove what is kept, None to leave it.

    Attributes:
        field: caption, note and problem of it.
    """

    wished = Signal(object)

    def __init__(self, caption: str, note: str, removal: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edit = QLineEdit(self)
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.edit.textEdited.connect(lambda text: self.wished.emit(text or None))
        self.remove_button = button(removal, "delete", danger=True, parent=self)
        self.remove_button.clicked.connect(lambda: self.wished.emit(""))
        self.field = Field(caption, self.edit, note, self)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE)
        line.addWidget(self.field, 1)
        line.addWidget(self.remove_button, 0, Qt.AlignmentFlag.AlignVCenter)

    def show_kept(self, is_kept: bool, kept: str, none: str) -> None:
        """Say in words whether one is kept."""
        self.edit.setPlaceholderText(kept if is_kept else none)
        self.remove_button.setVisible(is_kept)

    def lock(self, variable: str) -> None:
        """Say that ``variable`` decides, and leave nothing to be changed here."""
        self.field.lock(variable)
        self.remove_button.setEnabled(False)

    def allow(self, whom_to_ask: str = "") -> None:
        """Let the secret be changed, or say who else may."""
        self.field.allow(whom_to_ask)
        self.remove_button.setEnabled(self.edit.isEnabled())
