"""What the colours of the heat map mean, on one line under the picture."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from filo_core.rendering import heat_ramp
from gui.theme import current_theme

_STRIP_PX = 12
_STRIP_WIDTH_PX = 160
_GAP_PX = 8


class HeatLegend(QWidget):
    """The ramp between "like good parts" and "far off", with a mark at the region limit in its middle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = self.tr("like good parts"), self.tr("limit"), self.tr("far off")
        self.setAccessibleName(self.tr("Colours of the heat map: %1").replace("%1", " · ".join(self._words)))
        self.setToolTip(self.accessibleName())
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        # From one picture to the next nothing moves.
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        words = sum(self.fontMetrics().horizontalAdvance(word) for word in (self._words[0], self._words[2]))
        return QSize(words + _STRIP_WIDTH_PX + 2 * _GAP_PX, max(self._line_px, _STRIP_PX) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    @property
    def _line_px(self) -> int:
        return self.fontMetrics().height()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        first, middle, last = self._words
        metrics = self.fontMetrics()
        before, after = metrics.horizontalAdvance(first), metrics.horizontalAdvance(last)
        room = self.width() - before - after - 2 * _GAP_PX
        with QPainter(self) as painter:
            painter.setPen(QColor(current_theme().text))
            # Where the words do not fit, the strip with its mark says enough: the tool tip has the rest.
            words_fit = room >= metrics.horizontalAdvance(middle) + 4 * _GAP_PX
            left = before + _GAP_PX if words_fit else 0
            width = min(room, 2 * _STRIP_WIDTH_PX) if words_fit else self.width()
            strip = QRectF(left, (self.height() - self._line_px) / 2, width, self._line_px)
            if words_fit:
                painter.drawText(QRectF(0, 0, before, self.height()), Qt.AlignmentFlag.AlignVCenter, first)
                place = QRectF(strip.right() + _GAP_PX, 0, after, self.height())
                painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, last)
            self._paint_strip(painter, strip, middle if words_fit else "")

    @staticmethod
    def _paint_strip(painter: QPainter, strip: QRectF, word: str) -> None:
        gradient = QLinearGradient(strip.topLeft(), strip.topRight())
        ramp = heat_ramp(17)
        for place, (red, green, blue) in enumerate(ramp):
            gradient.setColorAt(place / 16, QColor(int(red), int(green), int(blue)))
        painter.fillRect(strip, gradient)
        painter.setPen(QPen(QColor(20, 20, 24), 1))
        painter.drawRect(strip.adjusted(0.5, 0.5, -0.5, -0.5))
        middle = strip.center().x()
        if word:
            # The limit's own colour carries dark letters.
            painter.drawText(strip, Qt.AlignmentFlag.AlignCenter, word)
        else:
            painter.drawLine(QPointF(middle, strip.top()), QPointF(middle, strip.bottom()))
