"""The last twelve verdicts in a row, newest at the right; one of them can be looked at again."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.live.display import STRIP_LENGTH
from gui.live.results import LiveResult
from gui.theme import current_theme
from gui.widgets.verdicts import draw_verdict_chip, verdict_word

_GAP = 6
STRIP_PX = 98
LOW_STRIP_PX = 66
_CHIP_HEIGHT = 24


class HistoryStrip(QWidget):
    """Each cell shows the picture over its verdict. Arrow keys and Enter choose as well as a tap."""

    result_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._results: tuple[LiveResult, ...] = ()
        self._chosen: LiveResult | None = None
        self._cursor = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(STRIP_PX)
        self.set_results((), None)

    def set_results(self, results: Sequence[LiveResult], chosen: LiveResult | None) -> None:
        """Show ``results``, oldest first, with a frame around ``chosen``."""
        self._results = tuple(results)
        self._chosen = chosen
        self._cursor = min(self._cursor, len(self._results) - 1)
        words = ", ".join(verdict_word(result.verdict) for result in reversed(self._results))
        self.setAccessibleName(self.tr("Last verdicts"))
        self.setAccessibleDescription(self.tr("Newest first: %1").replace("%1", words) if words else "")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(900, STRIP_PX)

    def cell(self, index: int) -> QRectF:
        """Where the entry at ``index`` stands; a short history fills the right end."""
        width = (self.width() - _GAP * (STRIP_LENGTH - 1)) / STRIP_LENGTH
        place = index + STRIP_LENGTH - len(self._results)
        return QRectF(place * (width + _GAP), 0, width, self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for index in range(len(self._results)):
            if self.cell(index).contains(event.position()):
                self._cursor = index
                self.result_chosen.emit(index)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        last = len(self._results) - 1
        if last < 0:
            super().keyPressEvent(event)
        elif key in {Qt.Key.Key_Left, Qt.Key.Key_Right}:
            step = -1 if key is Qt.Key.Key_Left else 1
            self._cursor = last if self._cursor < 0 else min(max(self._cursor + step, 0), last)
            self.update()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self._cursor >= 0:
            self.result_chosen.emit(self._cursor)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        theme = current_theme()
        if not self._results:
            painter.setPen(QColor(theme.muted))
            painter.drawText(
                self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.tr("The last 12 verdicts appear here.")
            )
        for index, result in enumerate(self._results):
            self._paint_cell(painter, index, result)
        painter.end()

    def _paint_cell(self, painter: QPainter, index: int, result: LiveResult) -> None:
        theme = current_theme()
        cell = self.cell(index)
        picture = cell.adjusted(0, 0, 0, -_CHIP_HEIGHT - 2)
        painter.fillRect(picture, QColor(theme.picture_ground))
        if result.small is not None:
            fitted = QSize(result.small.size()).scaled(picture.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRectF(0, 0, fitted.width(), fitted.height())
            target.moveCenter(picture.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, result.small)
        chip = QRectF(cell.left(), cell.bottom() - _CHIP_HEIGHT, cell.width(), _CHIP_HEIGHT)
        draw_verdict_chip(painter, result.verdict, chip)
        if self._chosen is not None and result.inspected_at == self._chosen.inspected_at:
            painter.setPen(QPen(QColor(theme.accent.ground), 3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(cell.adjusted(1, 1, -1, -1))
        if index == self._cursor and self.hasFocus():
            painter.setPen(QPen(QColor(theme.text), 2, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(cell.adjusted(4, 4, -4, -4))
