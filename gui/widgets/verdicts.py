"""A verdict's word and sign. The colour (``gui.theme``) is the third carrier of the meaning, never the only one."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from filo_core.types import Verdict
from gui.theme import current_theme
from gui.widgets.controls import set_shown

_NARROWEST_PERCENT = 60
_LOWEST_CHIP_PX, _BESIDE_WORD_PX = 30, 46
_SMALLEST_POINT_SIZE = 7.5


def verdict_word(verdict: Verdict) -> str:
    """The verdict as it is written on screen, in the language of the window."""
    match verdict:
        case Verdict.OK:
            return QCoreApplication.translate("Verdict", "OK")
        case Verdict.REVIEW:
            return QCoreApplication.translate("Verdict", "REVIEW")
        case Verdict.NG:
            return QCoreApplication.translate("Verdict", "NG")
        case Verdict.NOT_INSPECTED:
            return QCoreApplication.translate("Verdict", "NOT INSPECTED")


def draw_verdict_sign(painter: QPainter, verdict: Verdict, rect: QRectF, colour: QColor) -> None:
    """Draw ✓ ? ✕ or ! into ``rect``. Drawn, not typed: not every font has them, and not at this weight."""
    side = min(rect.width(), rect.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.center() - QPointF(side / 2, side / 2))
    painter.scale(side / 24, side / 24)
    painter.setPen(QPen(colour, 3.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    path = QPainterPath()
    match verdict:
        case Verdict.OK:
            path.addPolygon(QPolygonF([QPointF(4, 12.5), QPointF(9.5, 18.5), QPointF(20, 5.5)]))
        case Verdict.NG:
            path.addPolygon(QPolygonF([QPointF(5, 5), QPointF(19, 19)]))
            path.addPolygon(QPolygonF([QPointF(19, 5), QPointF(5, 19)]))
        case Verdict.REVIEW:
            path.moveTo(7, 7.5)
            path.cubicTo(7, 1.5, 17, 1.5, 17, 7.5)
            path.cubicTo(17, 11, 12, 11, 12, 15)
            path.addPolygon(QPolygonF([QPointF(12, 21), QPointF(12, 21.1)]))
        case Verdict.NOT_INSPECTED:
            path.addPolygon(QPolygonF([QPointF(12, 3), QPointF(12, 14)]))
            path.addPolygon(QPolygonF([QPointF(12, 20.4), QPointF(12, 20.5)]))
    painter.drawPath(path)
    painter.restore()


def draw_verdict_chip(painter: QPainter, verdict: Verdict, rect: QRectF, word: str = "") -> None:
    """Draw sign and word on the verdict's ground into ``rect``; a long word gets smaller, then narrower letters.

    ``word`` stands in for the verdict's own one.
    """
    tone = current_theme().verdict(verdict)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tone.ground))
    painter.drawRoundedRect(rect, 6, 6)
    sign_side = rect.height() * 0.56
    gap = rect.height() * 0.24
    font = QFont(painter.font())
    font.setBold(True)
    text = word or verdict_word(verdict)
    room = rect.width() - sign_side - 2.5 * gap
    while QFontMetricsF(font).horizontalAdvance(text) > room and font.pointSizeF() > _SMALLEST_POINT_SIZE:
        font.setPointSizeF(font.pointSizeF() - 0.5)
    # Smaller could not be read: from here on the letters get narrower instead.
    for percent in range(100, _NARROWEST_PERCENT - 1, -5):
        font.setStretch(percent)
        if QFontMetricsF(font).horizontalAdvance(text) <= room:
            break
    painter.setFont(font)
    width = sign_side + gap + QFontMetricsF(font).horizontalAdvance(text)
    left = rect.left() + max(gap, (rect.width() - width) / 2)
    sign = QRectF(left, rect.center().y() - sign_side / 2, sign_side, sign_side)
    draw_verdict_sign(painter, verdict, sign, QColor(tone.text))
    painter.setPen(QColor(tone.text))
    words = QRectF(sign.right() + gap, rect.top(), rect.right() - sign.right() - gap, rect.height())
    painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
    painter.restore()


def chip_height_px() -> int:
    """What a chip needs for its letters."""
    return max(_LOWEST_CHIP_PX, round(QFontMetricsF(_chip_font()).height()) + 8)


def widest_chip_px() -> int:
    """Width of the widest of all verdicts, so that those below each other are equally wide."""
    return max(_chip_px(verdict_word(verdict)) for verdict in Verdict)


def _chip_px(word: str) -> int:
    return round(QFontMetricsF(_chip_font()).horizontalAdvance(word)) + _BESIDE_WORD_PX


def _chip_font() -> QFont:
    font = QFont(QApplication.font())
    font.setBold(True)
    return font


class VerdictChip(QWidget):
    """Sign and word of one verdict, as large as a line of text."""

    def __init__(self, verdict: Verdict | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verdict = verdict
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_verdict(verdict)

    def set_verdict(self, verdict: Verdict | None) -> None:
        """Show ``verdict``, or nothing."""
        self._verdict = verdict
        self.setAccessibleName(verdict_word(verdict) if verdict else "")
        set_shown(self, verdict is not None)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_chip_px(verdict_word(self._verdict) if self._verdict else ""), chip_height_px())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        if self._verdict is None:
            return
        painter = QPainter(self)
        draw_verdict_chip(painter, self._verdict, QRectF(self.rect()))
        painter.end()
