"""The picture on which regions are drawn: with the mouse, with a finger, and with keys alone."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from filo_core.zones import FixtureSearch, ItemCount, Point, Zone, ZoneKind, ZoneShape
from gui.canvas.image_view import ImageView
from gui.canvas.zone_edits import ZoneEdits
from gui.canvas.zone_paint import paint_zones

_REACH_PX = 14
"""From a corner, for a finger."""
_LEAST_PX = 6
"""A shape that is dragged less than this was a tap."""
_STEP, _WIDE_STEP = 0.004, 0.04
_HANDLE_PX = 5
_KEYS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_MIDDLE = ((0.35, 0.35), (0.65, 0.65))
"""Where a region comes to lie that is added with a key."""
_TRIANGLE = ((0.5, 0.35), (0.65, 0.65), (0.35, 0.65))


class Tool(StrEnum):
    """What a drag does."""

    CHOOSE = "choose"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    POLYGON = "polygon"

    @property
    def shape(self) -> ZoneShape | None:
        """What it draws; None where it draws nothing."""
        return None if self is Tool.CHOOSE else ZoneShape(self.value)


class ZoneCanvas(ImageView):
    """Draws, moves and removes regions of the picture that it shows."""

    edited = Signal()
    """The regions, or which of them is chosen, are others now."""
    marked = Signal(object)
    """Two corners of a box around an item, in fractions of the picture."""
    tool_wanted = Signal(Tool)
    """A key asked for another tool."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edits = ZoneEdits()
        self.tool = Tool.RECTANGLE
        self.kind = ZoneKind.INSPECT
        self.search: FixtureSearch | None = None
        """Of a new fixture."""
        self.count: ItemCount | None = None
        """Of a new region that counts."""
        self.marks = False
        """Whether the next box is an item that is counted, and no region."""
        self.examples: tuple[Zone, ...] = ()
        """Items that were marked on this picture, painted beside the regions."""
        self.stem = "region"
        """What a new region is called, before its number."""
        self._from: Point | None = None
        self._at: Point | None = None
        self._corner = -1
        self._moves = False
        self._corners: list[Point] = []
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Regions on a good picture"))
        self.setAccessibleDescription(
            self.tr(
                "A adds a region in the middle, the arrow keys move the chosen one, with Ctrl they resize it, Delete "
                "removes it, N chooses the next, Ctrl+Z undoes. R, E, P and V choose the tool, plus and minus zoom."
            )
        )

    @property
    def corners(self) -> tuple[Point, ...]:
        """Of the polygon that is being drawn."""
        return tuple(self._corners)

    def take(self, edits: ZoneEdits) -> None:
        """Edit these regions from now on."""
        self.edits = edits
        self._corners.clear()
        self._tell()

    def finish_polygon(self) -> None:
        """Close the polygon that is being drawn; fewer than three corners are nothing."""
        corners, self._corners = self._corners, []
        if len(corners) >= 3:
            self._add(ZoneShape.POLYGON, corners)
        self._tell()

    def add_in_the_middle(self) -> None:
        """Add a region of the tool's shape, to be moved with keys."""
        shape = self.tool.shape or ZoneShape.RECTANGLE
        self._add(shape, _TRIANGLE if shape is ZoneShape.POLYGON else _MIDDLE)
        self._tell()

    # Events ----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton or self.content is None:
            super().mousePressEvent(event)
            return
        point = self._fraction(event.position())
        if self.marks:
            self._from = self._at = point
            return
        if self.tool is Tool.POLYGON:
            self._add_corner(point)
            return
        self._corner = self.edits.corner_at(point, self._reach())
        if self._corner < 0 and self.tool is Tool.CHOOSE:
            self.edits.choose(self.edits.at(point))
            if self.edits.zone is None:
                super().mousePressEvent(event)
            self._moves = self.edits.zone is not None
        self._from = self._at = point
        self.edits.hold()
        self._tell()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = self._fraction(event.position()) if self.content is not None else (0.0, 0.0)
        if self._from is None or self._at is None:
            self._at = point if self._corners else None
            super().mouseMoveEvent(event)
            self.update()
            return
        if self._corner >= 0:
            self.edits.move_point(self._corner, point)
        elif self._moves:
            self.edits.move(point[0] - self._at[0], point[1] - self._at[1])
        elif self.tool is Tool.CHOOSE:
            super().mouseMoveEvent(event)
        self._at = point
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        begun, self._from = self._from, None
        draws = begun is not None and self._corner < 0 and not self._moves and self.tool.shape is not None
        self.edits.let_go()
        if draws and begun is not None:
            self._draw(begun, self._fraction(event.position()))
        self._moves, self._corner, self._at = False, -1, None
        self._drag = None
        self._tell()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.tool is Tool.POLYGON and self._corners:
            self.finish_polygon()
        elif self.tool is Tool.CHOOSE:
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        tools = {
            Qt.Key.Key_V: Tool.CHOOSE,
            Qt.Key.Key_R: Tool.RECTANGLE,
            Qt.Key.Key_E: Tool.ELLIPSE,
            Qt.Key.Key_P: Tool.POLYGON,
        }
        ends_polygon = key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self._corners
        if key in _KEYS and self.edits.zone is not None:
            self._shift(_KEYS[key], event.modifiers())
        elif key in tools and not event.modifiers():
            self.tool_wanted.emit(tools[key])
        elif key is Qt.Key.Key_A and not event.modifiers():
            self.add_in_the_middle()
        elif key is Qt.Key.Key_N and not event.modifiers():
            self.edits.choose((self.edits.chosen + 1) % max(len(self.edits.zones), 1))
            self._tell()
        elif key in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self.edits.remove()
            self._tell()
        elif ends_polygon:
            self.finish_polygon()
        elif key is Qt.Key.Key_Escape and self._corners:
            self._corners.clear()
            self.update()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.content is None:
            return
        painter = QPainter(self)
        paint_zones(painter, (*self.edits.zones, *self.examples), self._point, self.edits.chosen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor("#000000"), 1.0))
        painter.setBrush(QColor("#ffd54a"))
        zone = self.edits.zone
        for corner in (*(zone.points if zone is not None else ()), *self._corners):
            painter.drawEllipse(self._point(corner), _HANDLE_PX, _HANDLE_PX)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor("#ffd54a"), 2.0, Qt.PenStyle.DashLine))
        painter.drawPolyline(QPolygonF([self._point(point) for point in self._in_hand()]))
        painter.end()

    # Drawing ---------------------------------------------------------------------------------------------------

    def _add_corner(self, point: Point) -> None:
        reach = self._reach()
        first = self._corners[0] if self._corners else None
        if (
            first is not None
            and len(self._corners) >= 3
            and abs(first[0] - point[0]) <= reach[0]
            and abs(first[1] - point[1]) <= reach[1]
        ):
            self.finish_polygon()
            return
        self._corners.append((min(max(point[0], 0.0), 1.0), min(max(point[1], 0.0), 1.0)))
        self.update()

    def _draw(self, begun: Point, ended: Point) -> None:
        least = _LEAST_PX / _REACH_PX
        reach = self._reach()
        if abs(ended[0] - begun[0]) < least * reach[0] or abs(ended[1] - begun[1]) < least * reach[1]:
            # A tap chooses what is there, whatever the tool.
            self.edits.choose(self.edits.at(ended))
            return
        if self.marks:
            self.marked.emit((begun, ended))
            return
        shape = self.tool.shape
        assert shape is not None, "only tools that draw come here"
        self._add(shape, (begun, ended))

    def _add(self, shape: ZoneShape, points: Sequence[Point]) -> None:
        self.edits.add(shape, points, self.kind, self.stem, self.search, self.count)

    def _shift(self, way: tuple[int, int], modifiers: Qt.KeyboardModifier) -> None:
        step = _WIDE_STEP if modifiers & Qt.KeyboardModifier.ShiftModifier else _STEP
        change = self.edits.resize if modifiers & Qt.KeyboardModifier.ControlModifier else self.edits.move
        change(way[0] * step, way[1] * step)
        self._tell()

    def _in_hand(self) -> list[Point]:
        """Outline of what is being drawn just now."""
        if self._corners:
            return [*self._corners, *([self._at] if self._at is not None else [])]
        draws = self._from is not None and self._corner < 0 and not self._moves and self.tool.shape is not None
        if not draws or self._from is None or self._at is None:
            return []
        (left, top), (right, bottom) = self._from, self._at
        return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]

    def _fraction(self, place: QPointF) -> Point:
        assert self.content is not None, "there is a picture"
        x, y = self.viewport.to_image(place.x(), place.y())
        width, height = self.content.size
        return x / width, y / height

    def _point(self, point: Point) -> QPointF:
        assert self.content is not None, "there is a picture"
        width, height = self.content.size
        return QPointF(*self.viewport.to_view(point[0] * width, point[1] * height))

    def _reach(self) -> Point:
        assert self.content is not None, "there is a picture"
        width, height = self.content.size
        return _REACH_PX / (self.viewport.zoom * width), _REACH_PX / (self.viewport.zoom * height)

    def _tell(self) -> None:
        self.update()
        self.edited.emit()
