"""What the step in view still lacks, beside the button that waits for it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QWidget

from gui.theme import TOUCH_PX, current_theme
from gui.widgets.icons import draw_icon

_ICON_PX = 20


class MissingNote(QLabel):
    """A sentence on a coloured ground, with a sign; nothing at all when nothing is missing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setContentsMargins(_ICON_PX + 24, 4, 16, 4)
        self.setMinimumHeight(TOUCH_PX)
        self.say("")

    @property
    def sentence(self) -> str:
        """What is said."""
        return self.text()

    def say(self, sentence: str) -> None:
        """Say what is missing; an empty sentence hides the note."""
        self.setText(sentence)
        self.setAccessibleName(sentence)
        self._recolour()
        self.setVisible(bool(sentence) and self.parentWidget() is not None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.ApplicationPaletteChange:
            self._recolour()

    def paintEvent(self, event: QPaintEvent) -> None:
        tone = current_theme().note
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tone.ground))
        painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        sign = QRectF(12, (self.height() - _ICON_PX) / 2, _ICON_PX, _ICON_PX)
        draw_icon(painter, "note", sign, QColor(tone.text))
        painter.end()
        super().paintEvent(event)

    def _recolour(self) -> None:
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.WindowText, QColor(current_theme().note.text))
        self.setPalette(palette)
