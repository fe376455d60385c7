"""Line icons drawn by ourselves: no file to ship, sharp at every size, in the colour of the text they stand by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPainterPath, QPalette, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QApplication

Shape = Callable[[QPainterPath], None]


def _polyline(path: QPainterPath, *points: tuple[float, float], closed: bool = False) -> None:
    path.addPolygon(QPolygonF([QPointF(x, y) for x, y in points]))
    if closed:
        path.closeSubpath()


def _products(path: QPainterPath) -> None:
    _polyline(path, (12, 3), (20.5, 7.5), (20.5, 16.5), (12, 21), (3.5, 16.5), (3.5, 7.5), closed=True)
    _polyline(path, (3.5, 7.5), (12, 12), (20.5, 7.5))
    _polyline(path, (12, 12), (12, 21))


def _live(path: QPainterPath) -> None:
    path.addRoundedRect(QRectF(2.5, 6.5, 13, 11), 2, 2)
    _polyline(path, (15.5, 11), (21.5, 7.5), (21.5, 16.5), (15.5, 13))


def _folder(path: QPainterPath) -> None:
    _polyline(path, (3, 19), (3, 5), (9.5, 5), (11.5, 7.5), (21, 7.5), (21, 19), closed=True)


def _review(path: QPainterPath) -> None:
    _polyline(path, (3, 6.5), (4.7, 8.2), (7.5, 5))
    _polyline(path, (3, 16), (4.7, 17.7), (7.5, 14.5))
    _polyline(path, (11, 7), (21, 7))
    _polyline(path, (11, 16.5), (21, 16.5))


def _statistics(path: QPainterPath) -> None:
    _polyline(path, (3.5, 3.5), (3.5, 20.5), (21, 20.5))
    for left, top in ((6.5, 12.5), (11.5, 7), (16.5, 15)):
        path.addRect(QRectF(left, top, 3, 20.5 - top))


def _settings(path: QPainterPath) -> None:
    for y, knob in ((6.0, 15.0), (12.0, 8.0), (18.0, 16.0)):
        _polyline(path, (3, y), (knob - 2.4, y))
        path.addEllipse(QPointF(knob, y), 2.4, 2.4)
        _polyline(path, (knob + 2.4, y), (21, y))


def _play(path: QPainterPath) -> None:
    _polyline(path, (7, 4.5), (19, 12), (7, 19.5), closed=True)


def _pause(path: QPainterPath) -> None:
    path.addRect(QRectF(6.5, 5, 3, 14))
    path.addRect(QRectF(14.5, 5, 3, 14))


def _stop(path: QPainterPath) -> None:
    path.addRoundedRect(QRectF(5.5, 5.5, 13, 13), 1.5, 1.5)


def _add(path: QPainterPath) -> None:
    _polyline(path, (12, 4.5), (12, 19.5))
    _polyline(path, (4.5, 12), (19.5, 12))


def _remove(path: QPainterPath) -> None:
    _polyline(path, (4.5, 12), (19.5, 12))


def _close(path: QPainterPath) -> None:
    _polyline(path, (5.5, 5.5), (18.5, 18.5))
    _polyline(path, (18.5, 5.5), (5.5, 18.5))


def _check(path: QPainterPath) -> None:
    _polyline(path, (4, 12.5), (9.5, 18), (20, 6.5))


def _edit(path: QPainterPath) -> None:
    _polyline(path, (4, 20), (5, 15.5), (16.5, 4), (20, 7.5), (8.5, 19), closed=True)
    _polyline(path, (14, 6.5), (17.5, 10))


def _delete(path: QPainterPath) -> None:
    _polyline(path, (4, 6.5), (20, 6.5))
    _polyline(path, (6, 6.5), (7, 20.5), (17, 20.5), (18, 6.5))
    _polyline(path, (9, 6.5), (9, 3.5), (15, 3.5), (15, 6.5))


def _undo(path: QPainterPath) -> None:
    _polyline(path, (8.5, 4.5), (4, 9), (8.5, 13.5))
    path.moveTo(4, 9)
    path.lineTo(14, 9)
    path.cubicTo(22, 9, 22, 19.5, 14, 19.5)
    path.lineTo(9, 19.5)


def _export(path: QPainterPath) -> None:
    _polyline(path, (4, 14), (4, 20), (20, 20), (20, 14))
    _polyline(path, (12, 15.5), (12, 4))
    _polyline(path, (7.5, 8.5), (12, 4), (16.5, 8.5))


def _import(path: QPainterPath) -> None:
    _polyline(path, (4, 14), (4, 20), (20, 20), (20, 14))
    _polyline(path, (12, 4), (12, 15.5))
    _polyline(path, (7.5, 11), (12, 15.5), (16.5, 11))


def _copy(path: QPainterPath) -> None:
    path.addRoundedRect(QRectF(8.5, 8.5, 12, 12), 1.5, 1.5)
    _polyline(path, (5, 15.5), (3.5, 15.5), (3.5, 3.5), (15.5, 3.5), (15.5, 5))


def _fit(path: QPainterPath) -> None:
    for x, y, dx, dy in ((4, 4, 1, 1), (20, 4, -1, 1), (20, 20, -1, -1), (4, 20, 1, -1)):
        _polyline(path, (x + 5 * dx, y), (x, y), (x, y + 5 * dy))


def _zoom_in(path: QPainterPath) -> None:
    path.addEllipse(QPointF(10.5, 10.5), 7, 7)
    _polyline(path, (15.7, 15.7), (21, 21))
    _polyline(path, (10.5, 7.5), (10.5, 13.5))
    _polyline(path, (7.5, 10.5), (13.5, 10.5))


def _zoom_out(path: QPainterPath) -> None:
    path.addEllipse(QPointF(10.5, 10.5), 7, 7)
    _polyline(path, (15.7, 15.7), (21, 21))
    _polyline(path, (7.5, 10.5), (13.5, 10.5))


def _heat(path: QPainterPath) -> None:
    path.moveTo(12, 2.5)
    path.cubicTo(13, 7, 18.5, 9.5, 18.5, 14.5)
    path.cubicTo(18.5, 18.5, 15.5, 21.5, 12, 21.5)
    path.cubicTo(8.5, 21.5, 5.5, 18.5, 5.5, 14.5)
    path.cubicTo(5.5, 12, 7, 10, 8.5, 8.5)
    path.cubicTo(8.7, 10.5, 9.3, 11.5, 10.5, 12)
    path.cubicTo(9.8, 8.5, 10.5, 5, 12, 2.5)


def _regions(path: QPainterPath) -> None:
    path.addRect(QRectF(3.5, 3.5, 9, 8))
    path.addRect(QRectF(14.5, 13.5, 6, 7))


def _next(path: QPainterPath) -> None:
    _polyline(path, (9, 5), (16, 12), (9, 19))


def _back(path: QPainterPath) -> None:
    _polyline(path, (15, 5), (8, 12), (15, 19))


def _refresh(path: QPainterPath) -> None:
    path.arcMoveTo(QRectF(4, 4, 16, 16), 40)
    path.arcTo(QRectF(4, 4, 16, 16), 40, 280)
    _polyline(path, (14.5, 6.5), (18.7, 7.3), (19.5, 2.8))


def _warning(path: QPainterPath) -> None:
    _polyline(path, (12, 3.5), (21.5, 20), (2.5, 20), closed=True)
    _polyline(path, (12, 9.5), (12, 14.5))
    _polyline(path, (12, 17), (12, 17.4))


def _note(path: QPainterPath) -> None:
    path.addEllipse(QPointF(12, 12), 9, 9)
    _polyline(path, (12, 11), (12, 16.5))
    _polyline(path, (12, 7.4), (12, 7.8))


def _error(path: QPainterPath) -> None:
    path.addEllipse(QPointF(12, 12), 9, 9)
    _polyline(path, (8.5, 8.5), (15.5, 15.5))
    _polyline(path, (15.5, 8.5), (8.5, 15.5))


def _search(path: QPainterPath) -> None:
    path.addEllipse(QPointF(10.5, 10.5), 7, 7)
    _polyline(path, (15.7, 15.7), (21, 21))


def _spark(path: QPainterPath) -> None:
    _polyline(path, (12, 3), (14, 10), (21, 12), (14, 14), (12, 21), (10, 14), (3, 12), (10, 10), closed=True)


def _image(path: QPainterPath) -> None:
    path.addRoundedRect(QRectF(3, 4.5, 18, 15), 2, 2)
    path.addEllipse(QPointF(8.5, 9.5), 1.6, 1.6)
    _polyline(path, (4.5, 18), (10.5, 12.5), (13.5, 15), (16.5, 11.5), (20, 16))


_SHAPES: Final[dict[str, Shape]] = {
    "add": _add,
    "back": _back,
    "check": _check,
    "close": _close,
    "copy": _copy,
    "delete": _delete,
    "edit": _edit,
    "error": _error,
    "export": _export,
    "fit": _fit,
    "folder": _folder,
    "heat": _heat,
    "image": _image,
    "import": _import,
    "live": _live,
    "next": _next,
    "note": _note,
    "pause": _pause,
    "play": _play,
    "products": _products,
    "refresh": _refresh,
    "regions": _regions,
    "remove": _remove,
    "review": _review,
    "settings": _settings,
    "statistics": _statistics,
    "search": _search,
    "spark": _spark,
    "stop": _stop,
    "undo": _undo,
    "warning": _warning,
    "zoom_in": _zoom_in,
    "zoom_out": _zoom_out,
}
_FILLED: Final = frozenset({"play", "pause", "stop"})

ICON_NAMES: Final = tuple(_SHAPES)


def draw_icon(painter: QPainter, name: str, rect: QRectF, colour: QColor) -> None:
    """Draw an icon of :data:`ICON_NAMES` into ``rect``, undistorted and centred."""
    path = QPainterPath()
    _SHAPES[name](path)
    side = min(rect.width(), rect.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.center() - QPointF(side / 2, side / 2))
    painter.scale(side / 24, side / 24)
    painter.setPen(QPen(colour, 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(colour if name in _FILLED else Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    painter.restore()


class _LineIconEngine(QIconEngine):
    """Paints at the moment of use, so an icon follows a change of the theme."""

    def __init__(self, name: str, role: QPalette.ColorRole) -> None:
        super().__init__()
        self._name = name
        self._role = role

    def clone(self) -> QIconEngine:
        return _LineIconEngine(self._name, self._role)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:  # noqa: ARG002
        palette = QApplication.palette()
        if mode is QIcon.Mode.Disabled:
            # A disabled button has the same quiet ground whatever its colour is else.
            colour = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
        else:
            colour = palette.color(QPalette.ColorGroup.Active, self._role)
        draw_icon(painter, self._name, QRectF(rect), colour)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:  # noqa: ARG002
        # Qt asks for the size in device pixels and sets the ratio itself.
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap


def icon(name: str, role: QPalette.ColorRole = QPalette.ColorRole.ButtonText) -> QIcon:
    """Icon of :data:`ICON_NAMES` in the colour of the palette's ``role``."""
    if name not in _SHAPES:
        raise KeyError(name)
    return QIcon(_LineIconEngine(name, role))
