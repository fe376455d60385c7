"""The words that stand wherever a result of untrained weights is shown."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from gui.theme import current_theme
from gui.widgets.controls import set_shown


class UntrainedNote(QLabel):
    """Visible exactly when the weights are known to be untrained."""

    def __init__(self, trained: bool | None = None, *, short: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._short = short
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(not short)
        self.setContentsMargins(8, 4, 8, 4)
        self.setSizePolicy(
            QSizePolicy.Policy.Fixed if short else QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum
        )
        self._translate()
        self.set_trained(trained)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self._translate()

    def _translate(self) -> None:
        self.setText(self.tr("untrained") if self._short else self.sentence())
        self.setToolTip(self.sentence())
        self.setAccessibleName(self.text())

    def sentence(self) -> str:
        """What untrained weights mean for the user."""
        return self.tr("Untrained model: scores show only what differs from the good images; type names mean nothing.")

    def set_trained(self, trained: bool | None) -> None:
        """Show the note when ``trained`` is False; None means that no model has spoken yet."""
        self._trained = trained
        set_shown(self, trained is False)

    def minimumWidth(self) -> int:
        return QFontMetrics(self.font()).horizontalAdvance(self.text()) + 24 if self._short else super().minimumWidth()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.warning.ground))
        painter.drawRoundedRect(QRectF(self.rect()), 5, 5)
        painter.end()
        palette = self.palette()
        if palette.windowText().color() != QColor(theme.warning.text):
            palette.setColor(palette.ColorRole.WindowText, QColor(theme.warning.text))
            self.setPalette(palette)
        super().paintEvent(event)
