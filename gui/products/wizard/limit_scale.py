"""The limits on a line from good to bad, with the scores of the good parts above it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from filo_core.types import Limits, Verdict
from gui.theme import current_theme
from gui.widgets.verdicts import draw_verdict_sign, verdict_word
from gui.wording import score as score_text

_BAR_PX = 44
_DOT_PX = 11
_MARGIN_PX = 26


def scale_end(limits: Limits, scores: Sequence[float]) -> float:
    """Where the line ends, so that limits and scores fit with some room for NG."""
    return max(1.35 * limits.ng, 1.1 * max(scores, default=0.0), 1e-6)


class LimitScale(QWidget):
    """Shows; the limits are moved with the fields beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limits: Limits | None = None
        self._scores: tuple[float, ...] = ()
        self._trial: float | None = None
        self.setMinimumHeight(124)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_limits(None)

    def show_limits(self, limits: Limits | None, scores: Sequence[float] = (), trial: float | None = None) -> None:
        """Show ``limits``, one dot for each good part's score, and the score of a tried picture."""
        self._limits, self._scores, self._trial = limits, tuple(scores), trial
        words = ""
        if limits is not None:
            words = self.tr("OK up to %1, NG above %2.")
            words = words.replace("%1", score_text(limits.ok)).replace("%2", score_text(limits.ng))
        self.setAccessibleName(self.tr("Scale of the limits"))
        self.setAccessibleDescription(words)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(600, 124)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(_MARGIN_PX, self.height() - _BAR_PX - 34, self.width() - 2 * _MARGIN_PX, _BAR_PX)
        if self._limits is None:
            self._paint_empty(painter, bar)
        else:
            end = scale_end(self._limits, (*self._scores, self._trial or 0.0))
            self._paint_zones(painter, bar, self._limits, end)
            self._paint_scores(painter, bar, end)
            self._paint_numbers(painter, bar, self._limits, end)
        painter.end()

    def _paint_empty(self, painter: QPainter, bar: QRectF) -> None:
        theme = current_theme()
        painter.setPen(QPen(QColor(theme.border), 1.5, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(bar, 6, 6)
        painter.setPen(QColor(theme.muted))
        painter.drawText(bar, int(Qt.AlignmentFlag.AlignCenter), self.tr("No limits yet"))

    def _paint_zones(self, painter: QPainter, bar: QRectF, limits: Limits, end: float) -> None:
        edges = (0.0, limits.ok, limits.ng, end)
        for index, verdict in enumerate((Verdict.OK, Verdict.REVIEW, Verdict.NG)):
            left, right = _place(bar, edges[index], end), _place(bar, edges[index + 1], end)
            zone = QRectF(left, bar.top(), right - left, bar.height())
            tone = current_theme().verdict(verdict)
            painter.fillRect(zone, QColor(tone.ground))
            self._paint_zone_word(painter, zone, verdict, QColor(tone.text))

    def _paint_zone_word(self, painter: QPainter, zone: QRectF, verdict: Verdict, colour: QColor) -> None:
        font = QFont(self.font())
        font.setBold(True)
        word = verdict_word(verdict)
        width = QFontMetricsF(font).horizontalAdvance(word)
        side = 18.0
        if zone.width() < side + 8:
            return
        painter.save()
        shows_word = zone.width() >= side + width + 24
        total = side + (8 + width if shows_word else 0)
        sign = QRectF(zone.center().x() - total / 2, zone.center().y() - side / 2, side, side)
        draw_verdict_sign(painter, verdict, sign, colour)
        if shows_word:
            painter.setFont(font)
            painter.setPen(colour)
            place = QRectF(sign.right() + 8, zone.top(), width + 4, zone.height())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), word)
        painter.restore()

    def _paint_scores(self, painter: QPainter, bar: QRectF, end: float) -> None:
        theme = current_theme()
        painter.setPen(QPen(QColor(theme.surface), 1))
        painter.setBrush(QColor(theme.text))
        stacks: dict[int, int] = {}
        for score in sorted(self._scores):
            x = _place(bar, score, end)
            column = round(x / (_DOT_PX + 1))
            height = stacks.get(column, 0)
            stacks[column] = height + 1
            y = max(_DOT_PX, bar.top() - 6 - _DOT_PX / 2 - height * (_DOT_PX + 1))
            painter.drawEllipse(QPointF(x, y), _DOT_PX / 2, _DOT_PX / 2)
        if self._scores:
            painter.setPen(QColor(theme.muted))
            label = self.tr("● each dot is a good part")
            below = QRectF(bar.left(), bar.bottom() + 8, bar.width(), 24)
            painter.drawText(below, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop), label)
        if self._trial is not None:
            self._paint_trial(painter, _place(bar, self._trial, end), bar)

    def _paint_trial(self, painter: QPainter, x: float, bar: QRectF) -> None:
        theme = current_theme()
        painter.setPen(QPen(QColor(theme.accent.ground), 2))
        painter.setBrush(QColor(theme.accent.ground))
        tip = bar.top() - 2
        painter.drawPolygon(QPolygonF([QPointF(x, tip), QPointF(x - 8, tip - 14), QPointF(x + 8, tip - 14)]))
        painter.setPen(QColor(theme.text))
        place = QRectF(min(x - 60, self.width() - 122), tip - 36, 120, 20)
        painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), self.tr("tried"))

    def _paint_numbers(self, painter: QPainter, bar: QRectF, limits: Limits, end: float) -> None:
        theme = current_theme()
        painter.setPen(QColor(theme.text))
        metrics = QFontMetricsF(self.font())
        right_before = -1.0
        for value in (0.0, limits.ok, limits.ng):
            x = _place(bar, value, end)
            text = "0" if value == 0.0 else score_text(value)
            width = metrics.horizontalAdvance(text)
            left = max(x - width / 2, right_before + 10)
            painter.drawLine(QPointF(x, bar.bottom()), QPointF(x, bar.bottom() + 6))
            painter.drawText(QPointF(left, bar.bottom() + 8 + metrics.ascent()), text)
            right_before = left + width


def _place(bar: QRectF, value: float, end: float) -> float:
    return bar.left() + bar.width() * min(max(value / end, 0.0), 1.0)
