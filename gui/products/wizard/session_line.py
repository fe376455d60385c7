"""The promise on the page *Prove it*: which sessions it rests on, and what good parts of another day say of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel

from filo_core.calibration.guard import Guard
from gui.guard_words import promise_line, sessions_line
from gui.theme import current_theme
from gui.widgets.controls import set_shown


class SessionLine(QLabel):
    """A line in the tone of an error where the promise does not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self._exceeded = False
        self.show_guard(None)

    def show_guard(self, guard: Guard | None) -> None:
        """Show what is known; nothing where nothing was judged."""
        text = " ".join(filter(None, (promise_line(guard), sessions_line(guard))))
        self.setText(text)
        self._exceeded = guard is not None and bool(guard.exceeded)
        self._recolour()
        set_shown(self, bool(text))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange}:
            self._recolour()

    def _recolour(self) -> None:
        """Take the colours of the theme; the same ones again would ask for them again."""
        theme = current_theme()
        look = f"background: {theme.error.ground}; color: {theme.error.text}; border-radius: 6px; padding: 2px 8px;"
        wanted = look if self._exceeded else f"color: {theme.muted};"
        if self.styleSheet() != wanted:
            self.setStyleSheet(wanted)
