"""Outlines of drawn regions on a picture: told apart by line and pattern, not by colour alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from filo_core.zones import Point, Zone, ZoneKind

ToView = Callable[[Point], QPointF]
"""From fractions of the picture to the view."""

_INSPECT, _IGNORE, _CHOSEN = QColor("#6fe3ff"), QColor("#d0d0d0"), QColor("#ffd54a")
_FIXTURE, _COUNT, _WHOLE = QColor("#c8a2ff"), QColor("#7dffa8"), QColor("#ffb27d")
_CODE = QColor("#f0f06e")
_LINES = {
    ZoneKind.INSPECT: (_INSPECT, Qt.PenStyle.DashLine),
    ZoneKind.IGNORE: (_IGNORE, Qt.PenStyle.DotLine),
    ZoneKind.FIXTURE: (_FIXTURE, Qt.PenStyle.DashDotLine),
    ZoneKind.COUNT: (_COUNT, Qt.PenStyle.SolidLine),
    ZoneKind.WHOLE: (_WHOLE, Qt.PenStyle.DashDotDotLine),
    ZoneKind.CODE: (_CODE, Qt.PenStyle.DashDotDotLine),
}


def paint_zones(painter: QPainter, zones: Sequence[Zone], to_view: ToView, chosen: int = -1) -> None:
    """Each outline with its name, as far as it has one; what is ignored is hatched.

    Args:
        painter: on the view.
        zones: as drawn.
        to_view: where a point of the picture stands.
        chosen: which one is marked, -1 for none.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = QFont(painter.font())
    font.setBold(True)
    painter.setFont(font)
    # The chosen one on top: another may lie on the very same outline.
    for number, zone in sorted(enumerate(zones), key=lambda one: one[0] == chosen):
        outline = QPolygonF([to_view(point) for point in zone.outline])
        ignored = zone.kind is ZoneKind.IGNORE
        own, line = _LINES.get(zone.kind, _LINES[ZoneKind.INSPECT])
        colour = _CHOSEN if number == chosen else own
        painter.setBrush(QBrush(_IGNORE, Qt.BrushStyle.BDiagPattern) if ignored else QBrush())
        painter.setPen(QPen(QColor("#000000"), 3.5))
        painter.drawPolygon(outline)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 2.0, line))
        painter.drawPolygon(outline)
        if zone.name:
            _paint_name(painter, outline.boundingRect(), zone.name, colour, at_top=zone.kind is ZoneKind.WHOLE)
    painter.restore()


def _paint_name(painter: QPainter, box: QRectF, name: str, colour: QColor, *, at_top: bool) -> None:
    # What is seen as a whole mostly spans other regions, whose names stand below.
    metrics = QFontMetricsF(painter.font())
    text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, max(box.width(), 60.0))
    top = box.top() + 2 if at_top else box.bottom() - metrics.height() - 4
    tag = QRectF(box.left() + 2, top, metrics.horizontalAdvance(text) + 8, 0)
    tag.setHeight(metrics.height() + 2)
    painter.fillRect(tag, QColor(0, 0, 0, 190))
    painter.setPen(colour)
    painter.drawText(tag, int(Qt.AlignmentFlag.AlignCenter), text)
