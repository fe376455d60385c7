"""The verdict in letters as large as the room allows: readable at three metres by word, sign and colour."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from filo_core.types import Verdict
from gui.theme import Tone, current_theme
from gui.widgets.verdicts import draw_verdict_sign, verdict_word

FLASH_MS = 250
_FLASH_PX = 14.0
_CAPTION_SHARE = 0.24
"""Of the banner's height: half of the verdict's letters."""
_CAPTION_ROOM = 0.34


def number_text(number: int) -> str:
    """The running number as it is written."""
    return f"#{number}"


class VerdictBanner(QWidget):
    """A verdict with a caption under it; without a verdict the caption alone, on a quiet ground."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verdict: Verdict | None = None
        self._caption = ""
        self._held = False
        self._word = ""
        self._number = 0
        self._flash = QTimer(self)
        self._flash.setSingleShot(True)
        self._flash.setInterval(FLASH_MS)
        self._flash.timeout.connect(self.update)
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

    @property
    def word(self) -> str:
        """What stands in large letters in place of a verdict."""
        return self._word

    @property
    def number(self) -> int:
        """The running number beside the verdict; 0 for none."""
        return self._number

    @property
    def flashes(self) -> bool:
        """True for a moment after :meth:`flash`."""
        return self._flash.isActive()

    def flash(self) -> None:
        """Light up for a moment: this verdict is a new one, however much it looks like the one before."""
        self._flash.start()
        self.update()

    def set_verdict(
        self, verdict: Verdict | None, caption: str = "", *, held: bool = False, word: str = "", number: int = 0
    ) -> None:
        """Show ``verdict`` with ``caption``.

        Args:
            verdict: None for none.
            caption: the line under it.
            held: draws the frame of a frozen verdict around it.
            word: in large letters where there is no verdict.
            number: the running number of the verdict; 0 for none.
        """
        self._verdict, self._caption, self._held = verdict, caption, held
        self._word, self._number = word, number
        word = verdict_word(verdict) if verdict else word
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
        if self.flashes:
            painter.setPen(QPen(QColor(tone.text), _FLASH_PX))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(8, 8, -8, -8), 8, 8)
        inside = self._inside
        painter.setPen(QColor(tone.text))
        if self._number:
            painter.setFont(self._caption_font())
            corner = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            painter.drawText(inside, corner, number_text(self._number))
        if self._verdict is None and not self._word:
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

    @property
    def _inside(self) -> QRectF:
        # Clear of the flash, which is as light as the words.
        return QRectF(self.rect()).adjusted(18, _FLASH_PX + 2, -18, -_FLASH_PX - 2)

    def _caption_font(self) -> QFont:
        """As large as the caption's words let it be: what was found is read at three metres, a sentence from nearby."""
        inside = self._inside
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        smallest = max(QFontInfo(self.font()).pixelSize(), 12)
        flags = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap)
        for pixels in range(max(smallest, round(self.height() * _CAPTION_SHARE)), smallest, -2):
            font.setPixelSize(pixels)
            needed = QFontMetricsF(font).boundingRect(inside, flags, self._caption)
            if needed.height() <= inside.height() * _CAPTION_ROOM and needed.width() <= inside.width():
                return font
        font.setPixelSize(smallest)
        return font

    def _caption_height(self, inside: QRectF) -> float:
        metrics = QFontMetricsF(self._caption_font())
        flags = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap)
        needed = metrics.boundingRect(inside, flags, self._caption).height()
        return min(needed + 4, inside.height() * 0.5)

    def _paint_caption(self, painter: QPainter, inside: QRectF, alignment: Qt.AlignmentFlag) -> None:
        painter.setFont(self._caption_font())
        painter.drawText(inside, int(alignment) | int(Qt.TextFlag.TextWordWrap), self._caption)

    def _paint_verdict(self, painter: QPainter, inside: QRectF, verdict: Verdict | None, colour: QColor) -> None:
        word = verdict_word(verdict) if verdict else self._word
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
        painter.setFont(font)
        painter.setPen(colour)
        baseline = inside.center().y() + metrics.capHeight() / 2
        if verdict is None:
            painter.drawText(QPointF(inside.center().x() - metrics.horizontalAdvance(word) / 2, baseline), word)
            return
        draw_verdict_sign(painter, verdict, sign, colour)
        painter.drawText(QPointF(sign.right() + size * 0.3, baseline), word)
