"""The verdict in letters as large as the room allows: readable at three metres by word, sign and colour."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from filo_core.types import Verdict
from gui.theme import Tone, current_theme
from gui.widgets.verdicts import draw_verdict_sign, verdict_word


class VerdictBanner(QWidget):
    """A verdict with a caption under it; without a verdict the caption alone, on a quiet ground."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verdict: Verdict | None = None
        self._caption = ""
        self._held = False
        self.setMinimumSize(220, 110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.set_verdict(None)

    @property
    def verdict(self) -> Verdict | None:
        """The verdict shown."""
        return self._verdict

    @property
    def caption(self) -> str:
        """The line under the verdict."""
        return self._caption

    @property
    def held(self) -> bool:
        """Whether the frame of a frozen verdict is drawn."""
        return self._held

    def set_verdict(self, verdict: Verdict | None, caption: str = "", *, held: bool = False) -> None:
        """Show ``verdict`` with ``caption``; ``held`` draws the frame of a frozen verdict around it."""
        self._verdict, self._caption, self._held = verdict, caption, held
        word = verdict_word(verdict) if verdict else ""
        self.setAccessibleName(self.tr("Verdict: %1").replace("%1", word) if word else self.tr("No verdict"))
        self.setAccessibleDescription(caption)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, 180)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = current_theme()
        tone = theme.verdict(self._verdict) if self._verdict else Tone(theme.raised, theme.muted)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tone.ground))
        painter.drawRoundedRect(QRectF(self.rect()), 10, 10)
        if self._held:
            self._paint_frame(painter, QColor(tone.text))
        inside = QRectF(self.rect()).adjusted(18, 12, -18, -12)
        painter.setPen(QColor(tone.text))
        if self._verdict is None:
            self._paint_caption(painter, inside, Qt.AlignmentFlag.AlignCenter)
        else:
            caption_height = self._caption_height(inside) if self._caption else 0.0
            self._paint_verdict(painter, inside.adjusted(0, 0, 0, -caption_height), self._verdict, QColor(tone.text))
            inside.setTop(inside.bottom() - caption_height)
            self._paint_caption(painter, inside, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)
        painter.end()

    def _paint_frame(self, painter: QPainter, colour: QColor) -> None:
        painter.save()
        pen = painter.pen()
        pen.setStyle(Qt.PenStyle.DashLine)
        pen.setColor(colour)
        pen.setWidthF(3.0)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(5, 5, -5, -5), 7, 7)
        painter.restore()

    def _caption_font(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(max(font.pointSizeF(), min(18.0, self.height() / 12)))
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def _caption_height(self, inside: QRectF) -> float:
        metrics = QFontMetricsF(self._caption_font())
        flags = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap)
        needed = metrics.boundingRect(inside, flags, self._caption).height()
        return min(needed + 4, inside.height() * 0.5)

    def _paint_caption(self, painter: QPainter, inside: QRectF, alignment: Qt.AlignmentFlag) -> None:
        painter.setFont(self._caption_font())
        painter.drawText(inside, int(alignment) | int(Qt.TextFlag.TextWordWrap), self._caption)

    def _paint_verdict(self, painter: QPainter, inside: QRectF, verdict: Verdict, colour: QColor) -> None:
        word = verdict_word(verdict)
        font = QFont(self.font())
        font.setBold(True)
        font.setPixelSize(100)
        # The word takes its own width, the sign 0.8 and the gap 0.3 of the letter height.
        width_at_100 = QFontMetricsF(font).horizontalAdvance(word) + 110.0
        size = max(12.0, min(inside.height() * 0.92, inside.width() * 100.0 / width_at_100))
        font.setPixelSize(int(size))
        metrics = QFontMetricsF(font)
        sign_side = size * 0.8
        total = sign_side + size * 0.3 + metrics.horizontalAdvance(word)
        left = inside.center().x() - total / 2
        sign = QRectF(left, inside.center().y() - sign_side / 2, sign_side, sign_side)
        draw_verdict_sign(painter, verdict, sign, colour)
        painter.setFont(font)
        painter.setPen(colour)
        baseline = inside.center().y() + metrics.capHeight() / 2
        painter.drawText(QPointF(sign.right() + size * 0.3, baseline), word)
