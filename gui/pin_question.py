"""Asks for the PIN once more, where a decision is a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QInputDialog, QLineEdit, QWidget

if TYPE_CHECKING:
    from gui.state import AppState


def ask_for_pin(state: AppState, why: str, parent: QWidget) -> str | None:
    """The PIN that was typed, empty while there are no users; None where it was given up."""
    if not state.asks_for_sign_in:
        return ""
    dialog = QInputDialog(parent)
    dialog.setWindowTitle(_tr("PIN"))
    dialog.setLabelText(why)
    dialog.setTextEchoMode(QLineEdit.EchoMode.Password)
    accepted, pin = dialog.exec(), dialog.textValue()
    # Neither the window nor what was typed stays behind.
    dialog.setTextValue("")
    dialog.deleteLater()
    return pin if accepted else None


def _tr(text: str) -> str:
    return QCoreApplication.translate("PinQuestion", text)
