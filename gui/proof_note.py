"""The line that Live carries while a recipe is not known to tell bad parts from good ones, or a promise is broken."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QLabel, QWidget

from filo_core.errors import FiloError
from filo_core.proof import Colour, SignedProof
from gui.background import asked
from gui.guard_words import exceeded_line
from gui.proof_words import signed_sentence
from gui.theme import current_theme
from gui.widgets.controls import set_shown

if TYPE_CHECKING:
    from filo_core.calibration.guard import Guard
    from gui.state import AppState


class ProofNote(QLabel):
    """Takes as many lines as it needs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self._signed: SignedProof | None = None
        self._guard: Guard | None = None
        self.setContentsMargins(8, 4, 8, 4)
        self.setAutoFillBackground(True)
        self._paint()

    def show_product(self, state: AppState, name: str) -> None:
        """Say what is known of the version in force of a product; nothing without one."""
        self._signed = self._guard = None
        if name:
            catalogue = state.workbench.catalogue
            # Whoever starts it is told why it cannot be inspected.
            with suppress(FiloError):
                self._signed, self._guard = asked(lambda: (catalogue.signed_proof(name), catalogue.signed_guard(name)))
        self._paint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.LanguageChange, QEvent.Type.ApplicationPaletteChange}:
            self._paint()

    def _paint(self) -> None:
        known = signed_sentence(self._signed) if self._signed is not None else ""
        exceeded = exceeded_line(self._guard)
        sentence = " ".join(filter(None, (known, exceeded)))
        theme = current_theme()
        missed = self._signed is not None and self._signed.counts.standing.colour is Colour.RED
        tone = theme.error if missed or exceeded else theme.warning
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, QColor(tone.ground))
        palette.setColor(QPalette.ColorRole.WindowText, QColor(tone.text))
        if palette != self.palette():
            self.setPalette(palette)
        self.setText(sentence)
        self.setAccessibleName(sentence)
        set_shown(self, bool(sentence))
