"""Asks for the PIN once more, where a decision is a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from gui.theme import SPACE
from gui.widgets.controls import button, plain_label
from gui.widgets.pin_pad import PinPad

if TYPE_CHECKING:
    from gui.state import AppState


class PinDialog(QDialog):
    """Says why, and takes a PIN by keys of the window or of the keyboard."""

    def __init__(self, why: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_tr("PIN"))
        self.pad = PinPad(self)
        self.accept_button = button(_tr("OK"), "check", primary=True)
        self.accept_button.setDefault(True)
        self.cancel_button = button(_tr("Cancel"), "close")
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.accept_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addWidget(plain_label(why))
        layout.addWidget(self.pad)
        layout.addLayout(buttons)
        self.pad.entered.connect(self.accept)
        self.accept_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)
        self.pad.edit.setFocus()


def ask_for_pin(state: AppState, why: str, parent: QWidget) -> str | None:
    """The PIN that was given, empty while there are no users; None where it was given up."""
    if not state.asks_for_sign_in:
        return ""
    dialog = PinDialog(why, parent)
    accepted, pin = dialog.exec(), dialog.pad.take()
    # Neither the window nor what was typed stays behind.
    dialog.deleteLater()
    return pin if accepted else None


def _tr(text: str) -> str:
    return QCoreApplication.translate("PinQuestion", text)
