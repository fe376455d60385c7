"""The limits on a line from good to bad, with the scores of good and bad parts above it, and handles to move them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from filo_core.types import Limits, Verdict
from gui.records.moved_limits import with_ng, with_ok
from gui.theme import current_theme
from gui.widgets.verdicts import draw_verdict_sign, verdict_word
from gui.wording import score as score_text

_BAR_PX, _ROOMY_BAR_PX = 44, 64
_GRIP_PX = 18
"""Width of what is drawn of a handle; it is taken hold of within :data:`HANDLE_PX`."""
_DOT_PX = 12
_MARGIN_PX = 26
HANDLE_PX = 44
_ABOVE_PX, _ROOMY_ABOVE_PX = 32, 72
"""Room for the marks over the bar."""
_BELOW_PX = 12
"""What the numbers under the bar need besides their height."""
_PICTURE_PX = 64


@dataclass(frozen=True, slots=True, eq=False)
class ScaleMark:
    """A known part on the scale."""

    score: float
    bad: bool
    name: str
    picture: QImage | None = None


def scale_end(limits: Limits, scores: Sequence[float]) -> float:
    """Where the line ends, so that limits and scores fit with some room for NG."""
    return max(1.35 * limits.ng, 1.1 * max(scores, default=0.0), 1e-6)


class LimitScale(QWidget):
    """Black dots are good parts, red diamonds bad ones; the handles of the two limits are dragged."""

    moved = Signal(object)
    """:class:`Limits` while a handle is dragged."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limits: Limits | None = None
        self._marks: tuple[ScaleMark, ...] = ()
        self._places: list[tuple[QPointF, ScaleMark]] = []
        self._dragged = ""
        self._hovered: ScaleMark | None = None
        # While a handle is dragged the line must not grow away under it.
        self._end = 1.0
        self._bar_px, self._above_px = _BAR_PX, _ABOVE_PX
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_limits(None)

    def show_limits(self, limits: Limits | None, marks: Sequence[ScaleMark] = ()) -> None:
        """Show ``limits`` and the known parts."""
        self._limits, self._marks = limits, tuple(marks)
        if limits is not None and not self._dragged:
            self._end = scale_end(limits, [mark.score for mark in marks])
        words = ""
        if limits is not None:
            words = self.tr("OK up to %1, NG above %2.")
            words = words.replace("%1", score_text(limits.ok)).replace("%2", score_text(limits.ng))
        self.setAccessibleName(self.tr("Scale of the limits"))
        self.setAccessibleDescription(words)
        self.update()

    def set_roomy(self, *, roomy: bool) -> None:
        """A higher bar, where the page has room for it."""
        self._bar_px = _ROOMY_BAR_PX if roomy else _BAR_PX
        self._above_px = _ROOMY_ABOVE_PX if roomy else _ABOVE_PX
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(600, self._above_px + self._bar_px + self._below_px)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    @property
    def _below_px(self) -> int:
        return QFontMetrics(self.font()).lineSpacing() * 5 // 4 + _BELOW_PX

    def handle_place(self, which: str) -> QPointF:
        """Middle of the handle of the limit ``"ok"`` or ``"ng"``, in pixels of this widget."""
        assert self._limits is not None, "there are handles once there are limits"
        bar, value = self._bar(), self._limits.ok if which == "ok" else self._limits.ng
        return QPointF(_place(bar, value, self._end), bar.center().y())

    def _bar(self) -> QRectF:
        return QRectF(
            _MARGIN_PX, self.height() - self._bar_px - self._below_px, self.width() - 2 * _MARGIN_PX, self._bar_px
        )

    # The mouse -------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragged = self._handle_at(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged and self._limits is not None:
            bar = self._bar()
            share = (event.position().x() - bar.left()) / max(bar.width(), 1.0)
            value = min(max(share, 0.0), 1.0) * self._end
            self.moved.emit((with_ok if self._dragged == "ok" else with_ng)(self._limits, value))
            return
        self._hovered = self._mark_at(event.position())
        over = bool(self._handle_at(event.position()))
        self.setCursor(Qt.CursorShape.SizeHorCursor if over else Qt.CursorShape.ArrowCursor)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002
        self._dragged = ""
        self.show_limits(self._limits, self._marks)

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = None
        self.update()
        super().leaveEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            mark = self._mark_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), f"{mark.name}: {score_text(mark.score)}" if mark else "", self)
            return True
        return super().event(event)

    def _handle_at(self, place: QPointF) -> str:
        if self._limits is None or not self.isEnabled():
            return ""
        near = {which: abs(self.handle_place(which).x() - place.x()) for which in ("ok", "ng")}
        which = min(near, key=lambda one: near[one])
        on_bar = abs(self._bar().center().y() - place.y()) <= HANDLE_PX
        return which if on_bar and near[which] <= HANDLE_PX / 2 else ""

    def _mark_at(self, place: QPointF) -> ScaleMark | None:
        for at, mark in reversed(self._places):
            if abs(at.x() - place.x()) <= _DOT_PX and abs(at.y() - place.y()) <= _DOT_PX:
                return mark
        return None

    # Painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = self._bar()
        if self._limits is None:
            self._paint_empty(painter, bar)
        else:
            self._paint_zones(painter, bar, self._limits, self._end)
            self._paint_handles(painter)
            self._paint_marks(painter, bar, self._end)
            self._paint_numbers(painter, bar, self._limits, self._end)
            self._paint_hovered(painter)
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

    def _paint_handles(self, painter: QPainter) -> None:
        theme = current_theme()
        for which in ("ok", "ng"):
            middle = self.handle_place(which)
            high = self._bar_px + 8
            grip = QRectF(middle.x() - _GRIP_PX / 2, middle.y() - high / 2, _GRIP_PX, high)
            painter.setPen(QPen(QColor(theme.text), 1.5))
            painter.setBrush(QColor(theme.surface))
            painter.drawRoundedRect(grip, 6, 6)
            for dx in (-3, 3):
                painter.drawLine(QPointF(middle.x() + dx, middle.y() - 8), QPointF(middle.x() + dx, middle.y() + 8))

    def _paint_marks(self, painter: QPainter, bar: QRectF, end: float) -> None:
        theme = current_theme()
        stacks: dict[int, int] = {}
        self._places = []
        for mark in sorted(self._marks, key=lambda one: (one.bad, one.score)):
            x = _place(bar, mark.score, end)
            column = round(x / (_DOT_PX + 1))
            height = stacks.get(column, 0)
            stacks[column] = height + 1
            y = max(_DOT_PX, bar.top() - 10 - _DOT_PX / 2 - height * (_DOT_PX + 1))
            self._places.append((QPointF(x, y), mark))
            painter.setPen(QPen(QColor(theme.surface), 1))
            painter.setBrush(QColor(theme.verdict(Verdict.NG).ground if mark.bad else theme.text))
            half = _DOT_PX / 2
            if mark.bad:
                half += 1.5
                corners = ((0, -half), (half, 0), (0, half), (-half, 0))
                painter.drawPolygon(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in corners]))
            else:
                painter.drawEllipse(QPointF(x, y), half, half)
        painter.setPen(QColor(theme.muted))
        label = self.tr("● good part   ◆ bad part")
        below = QRectF(bar.left(), bar.bottom() + 8, bar.width(), self._below_px - 8)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop), label)

    def _paint_hovered(self, painter: QPainter) -> None:
        mark = self._hovered
        place = next((at for at, one in self._places if one is mark), None)
        if mark is None or mark.picture is None or place is None:
            return
        size = mark.picture.size().scaled(_PICTURE_PX, _PICTURE_PX, Qt.AspectRatioMode.KeepAspectRatio)
        left = min(max(place.x() + 12, 0.0), self.width() - size.width() - 2.0)
        frame = QRectF(left, max(place.y() - size.height() / 2, 1.0), size.width(), size.height())
        painter.drawImage(frame, mark.picture)
        painter.setPen(QPen(QColor(current_theme().border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(frame)

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
