"""One picture with its heat map and region boxes: wheel and keys zoom, dragging pans, a tap chooses a region."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.canvas.composer import Composer
from gui.canvas.geometry import Viewport, centred_on, fitted, region_at
from gui.canvas.pictures import DEFAULT_OPACITY, Composition, PictureContent, largest_first
from gui.canvas.zone_paint import paint_zones
from gui.theme import current_theme

_MARGIN_PX = 6
_TOUCH_TOLERANCE_PX = 12
_STEP = 1.25
_PAN_PX = 60
_TAGGED = 5
"""Only the first regions carry their numbers: more of them would cover what they point at."""


class ImageView(QWidget):
    """Shows a :class:`PictureContent`. Everything costly happens off the GUI thread; painting only copies pixels."""

    content_shown = Signal()
    """The content asked for last is on screen now."""
    region_chosen = Signal(int)
    """Index of the region that was tapped, -1 when none was."""
    zoom_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._composition: Composition | None = None
        self._wanted: PictureContent | None = None
        self._opacity = DEFAULT_OPACITY
        self._heat_shown = True
        self._regions_shown = True
        self._chosen = -1
        self._viewport = Viewport()
        self._fits = True
        self._drag: QPoint | None = None
        self._dragged = False
        self._empty_text = ""
        self._is_painted = False
        self._composer = Composer(self)
        self._composer.composed.connect(self._on_composed)
        self.destroyed.connect(self._composer.close)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Picture"))
        self.setAccessibleDescription(
            self.tr("Plus and minus zoom, 0 fits the picture, the arrow keys move it, H switches the heat map.")
        )

    # What is shown ---------------------------------------------------------------------------------------------

    @property
    def content(self) -> PictureContent | None:
        """The content on screen."""
        return self._composition.content if self._composition else None

    @property
    def viewport(self) -> Viewport:
        """Where the picture stands now."""
        return self._viewport

    @property
    def opacity(self) -> float:
        """Opacity of the heat map, 0 to 1."""
        return self._opacity

    @property
    def heat_shown(self) -> bool:
        """Whether the heat map is switched on."""
        return self._heat_shown

    @property
    def chosen_region(self) -> int:
        """Index of the chosen region, -1 for none."""
        return self._chosen

    @property
    def empty_text(self) -> str:
        """What stands in place of a picture; empty while there is one."""
        return self._empty_text if self._composition is None else ""

    @property
    def is_painted(self) -> bool:
        """Whether what was asked for last, a picture or the text in its place, has been on screen."""
        return self._is_painted

    def show_composed(self, composition: Composition) -> None:
        """Show what was composed ahead, with the usual blend, at once; composed anew where another one is set."""
        if self._opacity != DEFAULT_OPACITY:
            self.show_content(composition.content)
        elif composition.content is not self._wanted:
            self._composer.forget()
            self._is_painted = False
            self._wanted = composition.content
            self._on_composed(composition)

    def show_content(self, content: PictureContent) -> None:
        """Show ``content`` as soon as it is composed; until then the old picture stays."""
        if content is self._wanted:
            # It is there, or on its way.
            return
        self._is_painted = False
        self._wanted = content
        self._composer.request(content, self._opacity)

    def clear(self, text: str = "") -> None:
        """Show no picture, and ``text`` in its place."""
        self._composer.forget()
        self._is_painted = False
        self._wanted = self._composition = None
        self._chosen = -1
        self._empty_text = text
        self.update()

    def set_heat_shown(self, shown: bool) -> None:
        """Switch the heat map on or off."""
        self._heat_shown = shown
        self.update()

    def set_regions_shown(self, shown: bool) -> None:
        """Switch the region boxes on or off."""
        self._regions_shown = shown
        self.update()

    def set_opacity(self, opacity: float) -> None:
        """Blend the heat map with ``opacity``."""
        self._opacity = opacity
        if self._wanted is not None and self._wanted.has_heat_map:
            self._composer.request(self._wanted, opacity)

    def choose_region(self, index: int, *, zoom_to: bool = False) -> None:
        """Mark a region (-1: none), and bring it into view where ``zoom_to`` says so."""
        content = self.content
        self._chosen = index if content and 0 <= index < len(content.regions) else -1
        if zoom_to and content and self._chosen >= 0:
            self._fits = False
            self._place(centred_on(content.regions[self._chosen].box, content.size, self._view_size()))
        self.update()

    # Zoom ------------------------------------------------------------------------------------------------------

    def fit(self) -> None:
        """Show the whole picture, also after the view changes its size."""
        self._fits = True
        content = self.content
        if content:
            self._place(fitted(content.size, self._view_size(), _MARGIN_PX))

    def show_actual_size(self) -> None:
        """One image pixel on one pixel of the view."""
        self.zoom_by(1.0 / self._viewport.zoom)

    def zoom_by(self, factor: float, about: QPointF | None = None) -> None:
        """Zoom, keeping ``about`` (the middle where not given) in its place; zooming out ends at the fit."""
        content = self.content
        if content is None:
            return
        middle = QPointF(self.width() / 2, self.height() / 2) if about is None else about
        whole = fitted(content.size, self._view_size(), _MARGIN_PX)
        smallest = min(whole.zoom, 1.0)
        zoomed = self._viewport.zoomed(factor, (middle.x(), middle.y()), smallest)
        self._fits = zoomed.zoom <= whole.zoom and factor < 1.0
        self._place(whole if self._fits else zoomed.kept_in_view(content.size, self._view_size()))

    def _place(self, viewport: Viewport) -> None:
        self._viewport = viewport
        self.zoom_changed.emit(viewport.zoom)
        self.update()

    def _pan(self, dx: float, dy: float) -> None:
        content = self.content
        if content:
            self._place(self._viewport.panned(dx, dy).kept_in_view(content.size, self._view_size()))

    def _view_size(self) -> tuple[int, int]:
        return self.width(), self.height()

    def _on_composed(self, composition: Composition) -> None:
        before = self.content
        self._composition = composition
        if before is None or before.size != composition.content.size or self._fits:
            self.fit()
        if before is None or before.regions is not composition.content.regions:
            self._chosen = -1
        self.update()
        if composition.content is self._wanted:
            self.content_shown.emit()

    # Events ----------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        content = self.content
        if content and self._fits:
            self.fit()
        elif content:
            self._place(self._viewport.kept_in_view(content.size, self._view_size()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().y():
            self.zoom_by(_STEP ** (event.angleDelta().y() / 120), event.position())
            event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._drag, self._dragged = event.position().toPoint(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            return
        moved = event.position().toPoint() - self._drag
        if self._dragged or moved.manhattanLength() > _TOUCH_TOLERANCE_PX:
            self._dragged = True
            self._drag = event.position().toPoint()
            self._pan(moved.x(), moved.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        content = self.content
        if self._drag is not None and not self._dragged and content:
            x, y = self._viewport.to_image(event.position().x(), event.position().y())
            hit = region_at(content.regions, x, y, _TOUCH_TOLERANCE_PX / self._viewport.zoom)
            self.choose_region(-1 if hit is None else hit)
            self.region_chosen.emit(self._chosen)
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002
        if self._fits:
            self.show_actual_size()
        else:
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        pans = {
            Qt.Key.Key_Left: (_PAN_PX, 0),
            Qt.Key.Key_Right: (-_PAN_PX, 0),
            Qt.Key.Key_Up: (0, _PAN_PX),
            Qt.Key.Key_Down: (0, -_PAN_PX),
        }
        key = Qt.Key(event.key())
        if key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal}:
            self.zoom_by(_STEP)
        elif key is Qt.Key.Key_Minus:
            self.zoom_by(1 / _STEP)
        elif key is Qt.Key.Key_0:
            self.fit()
        elif key in pans and not self._fits:
            self._pan(*pans[key])
        else:
            super().keyPressEvent(event)

    # Painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        theme = current_theme()
        painter.fillRect(self.rect(), QColor(theme.picture_ground))
        if self._composition is not None:
            self._paint_picture(painter, self._composition)
            if self._regions_shown:
                self._paint_zones(painter, self._composition.content)
                self._paint_regions(painter, self._composition.content)
        elif self._empty_text:
            painter.setPen(QColor(theme.text))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(24, 24, -24, -24), flags, self._empty_text)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent.ground), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()
        # What is composed still may be the picture before.
        self._is_painted = self.content is self._wanted

    def _paint_picture(self, painter: QPainter, composition: Composition) -> None:
        width, height = composition.content.size
        # Only the visible part is handed to the painter: scaling the whole picture would cost at high zoom.
        left, top = self._viewport.to_image(0, 0)
        right, bottom = self._viewport.to_image(self.width(), self.height())
        visible = QRectF(QPointF(left, top), QPointF(right, bottom)).intersected(QRectF(0, 0, width, height))
        if visible.isEmpty():
            return
        ratio = self.devicePixelRatioF()
        image = composition.level(self._viewport.zoom * ratio, heat=self._heat_shown)
        shrink_x, shrink_y = image.width() / width, image.height() / height
        source = QRectF(
            visible.x() * shrink_x, visible.y() * shrink_y, visible.width() * shrink_x, visible.height() * shrink_y
        )
        smooth = self._viewport.zoom < 4.0
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(self._to_view(visible), image, source)

    def _to_view(self, rect: QRectF) -> QRectF:
        x, y = self._viewport.to_view(rect.x(), rect.y())
        return QRectF(x, y, rect.width() * self._viewport.zoom, rect.height() * self._viewport.zoom)

    def _paint_zones(self, painter: QPainter, content: PictureContent) -> None:
        width, height = content.size
        if content.zones:
            to_view = self._viewport.to_view
            paint_zones(painter, content.zones, lambda point: QPointF(*to_view(point[0] * width, point[1] * height)))

    def _paint_regions(self, painter: QPainter, content: PictureContent) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        font = QFont(self.font())
        font.setBold(True)
        painter.setFont(font)
        for index in largest_first(content.regions):
            box = content.regions[index].box
            rect = self._to_view(QRectF(box.x, box.y, box.width, box.height)).adjusted(-2, -2, 2, 2)
            chosen = index == self._chosen
            # White within black is seen on every picture and on every colour of the heat map.
            painter.setPen(QPen(QColor("#000000"), 5.0 if chosen else 3.5))
            painter.drawRect(rect)
            painter.setPen(QPen(QColor("#ffd54a" if chosen else "#ffffff"), 3.0 if chosen else 1.6))
            painter.drawRect(rect)
            if index < _TAGGED or chosen:
                self._paint_tag(painter, rect, str(index + 1), chosen)

    def _paint_tag(self, painter: QPainter, rect: QRectF, text: str, chosen: bool) -> None:
        metrics = QFontMetricsF(painter.font())
        width, height = metrics.horizontalAdvance(text) + 10, metrics.height() + 2
        # Above the box where there is room, else inside it.
        top = rect.top() - height if rect.top() - height >= 0 else rect.top()
        tag = QRectF(rect.left() - 1, top, width, height)
        painter.fillRect(tag, QColor("#ffd54a" if chosen else "#000000"))
        painter.setPen(QColor("#000000" if chosen else "#ffffff"))
        painter.drawText(tag, int(Qt.AlignmentFlag.AlignCenter), text)
