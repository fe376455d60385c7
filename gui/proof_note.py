"""The line that Live carries for as long as a recipe is not known to tell bad parts from good ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QWidget

from filo_core.errors import FiloError
from filo_core.proof import Colour, SignedProof
from gui.background import asked
from gui.proof_words import signed_sentence
from gui.theme import current_theme
from gui.widgets.controls import ElidedLabel, set_shown

if TYPE_CHECKING:
    from gui.state import AppState


class ProofNote(ElidedLabel):
    """One line; the whole of it is its tip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._signed: SignedProof | None = None
        self.setContentsMargins(10, 5, 10, 5)
        self.setAutoFillBackground(True)
        self._paint()

    def show_product(self, state: AppState, name: str) -> None:
        """Say what is known of the version in force of a product; nothing without one."""
        self._signed = None
        if name:
            try:
                catalogue = state.workbench.catalogue
                self._signed = asked(lambda: catalogue.signed_proof(name))
            except FiloError:
                # Whoever starts it is told why it cannot be inspected.
                self._signed = None
        self._paint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.LanguageChange, QEvent.Type.ApplicationPaletteChange}:
            self._paint()

    def _paint(self) -> None:
        sentence = signed_sentence(self._signed) if self._signed is not None else ""
        theme = current_theme()
        missed = self._signed is not None and self._signed.counts.standing.colour is Colour.RED
        tone = theme.error if missed else theme.warning
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, QColor(tone.ground))
        palette.setColor(QPalette.ColorRole.WindowText, QColor(tone.text))
        if palette != self.palette():
            self.setPalette(palette)
        self.set_full_text(sentence)
        set_shown(self, bool(sentence))
