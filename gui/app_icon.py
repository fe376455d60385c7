"""The program's icon: a part under a lens with its verdict, drawn by ourselves at every size."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

SIZES = (16, 24, 32, 48, 64, 128, 256)
_GROUND, _LENS, _GOOD = "#0b5fa8", "#ffffff", "#37d08a"


def app_icon() -> QIcon:
    """In the sizes that title bars, task bars and menus ask for."""
    made = QIcon()
    for size in SIZES:
        made.addPixmap(app_picture(size))
    return made


def app_picture(size: int) -> QPixmap:
    """The icon, ``size`` × ``size`` pixels."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(size / 64, size / 64)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(_GROUND))
        painter.drawRoundedRect(QRectF(2, 2, 60, 60), 13, 13)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(_LENS), 5.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawEllipse(QRectF(12, 12, 31, 31))
        painter.drawLine(QPointF(40.5, 40.5), QPointF(52, 52))
        painter.setPen(
            QPen(QColor(_GOOD), 5.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        )
        painter.drawPolyline(QPolygonF([QPointF(20, 28), QPointF(25.5, 33.5), QPointF(35.5, 22)]))
    return pixmap
