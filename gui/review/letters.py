"""Letters that are keys of the screen, in whichever view of the inspections they are typed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent


def letter_of(event: QKeyEvent) -> str:
    """The letter that was typed, in upper case; empty for a held one, for other keys, and with Ctrl or Alt."""
    letter = event.text()
    if event.isAutoRepeat() or not letter.isalpha() or event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
        return ""
    return letter.upper()
