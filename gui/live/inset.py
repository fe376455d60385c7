"""The last verdict with its picture in a corner of the view of the camera."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gui.live.results import LiveResult
from gui.theme import current_theme
from gui.widgets.verdicts import draw_verdict_chip, verdict_word

_SIZE = QSize(236, 196)
_CHIP_PX = 40
_EDGE_PX = 4
_MOST = 0.5
"""Of either side of the view."""


class LastVerdict(QWidget):
    """Lies over the picture; takes no click away from it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._result: LiveResult | None = None
        self.resize(_SIZE)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def result(self) -> LiveResult | None:
        """The verdict shown."""
        return self._result

    def fit_into(self, room: QSize) -> None:
        """Take the usual size, or less where that would cover more than a corner of the view."""
        corner = QSize(round(room.width() * _MOST), round(room.height() * _MOST))
        self.resize(_SIZE.scaled(corner, Qt.AspectRatioMode.KeepAspectRatio).boundedTo(_SIZE))

    def show_result(self, result: LiveResult | None) -> None:
        """Show the last verdict, or nothing."""
        self._result = result
        if result is not None:
            self.setAccessibleName(self.tr("Last verdict: %1").replace("%1", verdict_word(result.verdict)))
        self.setVisible(result is not None)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        result = self._result
        if result is None:
            return
        theme = current_theme()
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(theme.picture_ground))
            inside = QRectF(self.rect()).adjusted(_EDGE_PX, _EDGE_PX, -_EDGE_PX, -_EDGE_PX)
            picture = inside.adjusted(0, 0, 0, -_CHIP_PX - 2)
            if result.small is not None:
                size = result.small.size().scaled(picture.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
                place = QRectF(0, 0, size.width(), size.height())
                place.moveCenter(picture.center())
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(place, result.small)
            word = f"{verdict_word(result.verdict)}  {result.number}" if result.number else ""
            chip = QRectF(inside.left(), inside.bottom() - _CHIP_PX, inside.width(), _CHIP_PX)
            draw_verdict_chip(painter, result.verdict, chip, word)
            painter.setPen(QPen(QColor(theme.verdict(result.verdict).ground), _EDGE_PX))
            painter.drawRect(self.rect().adjusted(2, 2, -2, -2))
