"""What was just taken away, and the button that brings it back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from gui.theme import current_theme
from gui.widgets.controls import button, plain_label


class UndoBar(QFrame):
    """Hidden until something was taken away; gone again once that was undone or something else is said.

    Args:
        seconds: after which it is gone by itself; None for never.
        text: of the button, with its key.
        parent: of the widget.
    """

    undo_requested = Signal()

    def __init__(self, parent: QWidget | None = None, *, seconds: float | None = None, text: str = "") -> None:
        super().__init__(parent)
        self._sentence = plain_label()
        self.undo_button = button(text or self.tr("&Undo"), "undo")
        self._end = QTimer(self)
        self._end.setSingleShot(True)
        self._end.timeout.connect(self.withdraw)
        self._shown_ms = None if seconds is None else round(seconds * 1000)
        self.undo_button.clicked.connect(self.undo_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 4, 4)
        layout.addWidget(self._sentence, 1)
        layout.addWidget(self.undo_button)
        self.setAutoFillBackground(True)
        self.hide()

    @property
    def sentence(self) -> str:
        """What is said; empty while nothing can be undone here."""
        return self._sentence.text()

    def offer(self, sentence: str) -> None:
        """Say what was done, and offer to undo it."""
        self._sentence.setText(sentence)
        self.setAccessibleName(sentence)
        self._recolour()
        self.show()
        if self._shown_ms is not None:
            self._end.start(self._shown_ms)

    def withdraw(self) -> None:
        """Nothing to undo any more."""
        self._end.stop()
        self._sentence.setText("")
        self.hide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.ApplicationPaletteChange:
            self._recolour()

    def _recolour(self) -> None:
        tone = current_theme().note
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.Window, QColor(tone.ground))
        palette.setColor(QPalette.ColorRole.WindowText, QColor(tone.text))
        self.setPalette(palette)
        self._sentence.setPalette(palette)
