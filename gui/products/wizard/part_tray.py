"""Known parts as tiles: picture with heat map, verdict, name. Missed bad parts come first, in a red frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from filo_core.types import Verdict
from gui.canvas.pictures import draw_fitted
from gui.theme import current_theme
from gui.widgets.verdicts import chip_height_px, draw_verdict_chip, draw_verdict_sign, verdict_word

Index = QModelIndex | QPersistentModelIndex
TILE_ROLE = Qt.ItemDataRole.UserRole
_ROOT = QModelIndex()
_LEAST_TILE = QSize(124, 84)
_LARGEST_TILE_PX = 330
_TALLER = 1.06
"""Height of a tile by its width where there is room: a picture and a line of text."""
_WIDEST = 1.5
_SIGN_ALONE_PX = 110
"""Pictures lower than this get the sign of their verdict alone, so that something of them is seen."""


def tile_size(count: int, room: QSize) -> QSize:
    """The largest tiles of which ``count`` fit into ``room``; the smallest ones where no size lets them fit."""
    best = QSize()
    for columns in range(1, count + 1):
        width = min(room.width() // columns, _LARGEST_TILE_PX)
        height = min(room.height() // -(-count // columns), round(width * _TALLER))
        width = min(width, round(height * _WIDEST))
        fits = width >= _LEAST_TILE.width() and height >= _LEAST_TILE.height()
        if fits and min(width, height) > min(best.width(), best.height()):
            best = QSize(width, height)
    return best if best.isValid() else _LEAST_TILE


@dataclass(frozen=True, slots=True, eq=False)
class PartTile:
    """One known part as it is shown; without a verdict while there are no limits."""

    image_hash: str
    name: str
    picture: QImage
    verdict: Verdict | None
    missed: bool
    """A bad part that would pass."""
    apart: bool = False
    """A good part of another day: it moves no limit."""


class _TileModel(QAbstractListModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tiles: tuple[PartTile, ...] = ()

    def set_tiles(self, tiles: Sequence[PartTile]) -> None:
        self.beginResetModel()
        self.tiles = tuple(tiles)
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.tiles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        tile = self.tiles[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return tile.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{tile.name}: {verdict_word(tile.verdict)}" if tile.verdict else tile.name
            case role if role == TILE_ROLE:
                return tile
        return None


class _TileDelegate(QStyledItemDelegate):
    size = _LEAST_TILE

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        return self.size

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tile = index.data(TILE_ROLE)
        assert isinstance(tile, PartTile)
        theme = current_theme()
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        card = QRectF(option.rect).adjusted(4, 4, -4, -4)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        edge = theme.verdict(Verdict.NG).ground if tile.missed else theme.accent.ground if selected else theme.raised
        pen = QPen(QColor(edge), 4 if tile.missed else 3 if selected else 1)
        if tile.apart and not selected:
            pen = QPen(QColor(theme.border), 2, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(card, 6, 6)
        metrics = QFontMetricsF(option.font)
        frame = card.adjusted(6, 6, -6, -metrics.height() - 8)
        painter.fillRect(frame, QColor(theme.picture_ground))
        draw_fitted(painter, frame, tile.picture)
        if tile.verdict is not None:
            _draw_pill(painter, tile.verdict, frame, metrics)
        painter.setPen(QColor(theme.text))
        line = QRectF(frame.left(), frame.bottom() + 3, frame.width(), metrics.height())
        name = metrics.elidedText(tile.name, Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(line, int(Qt.AlignmentFlag.AlignLeft), name)
        painter.restore()


def _draw_pill(painter: QPainter, verdict: Verdict, frame: QRectF, metrics: QFontMetricsF) -> None:
    side = chip_height_px() - 4
    corner = QRectF(frame.left() + 3, frame.top() + 3, side, side)
    if frame.height() < _SIGN_ALONE_PX:
        tone = current_theme().verdict(verdict)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tone.ground))
        painter.drawRoundedRect(corner, 6, 6)
        draw_verdict_sign(painter, verdict, corner.adjusted(5, 5, -5, -5), QColor(tone.text))
        return
    corner.setWidth(min(metrics.horizontalAdvance(verdict_word(verdict)) + 44, frame.width() - 6))
    draw_verdict_chip(painter, verdict, corner)


class PartTray(QListView):
    """Tiles in rows; arrows move, Delete is for the page."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _TileModel(self)
        self.setModel(self._model)
        self._delegate = _TileDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMinimumSize(_LEAST_TILE.width() + 12, _LEAST_TILE.height() + 4)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def _fit(self) -> None:
        # A scroll bar that is not needed any more must not take its room for good.
        room = self.maximumViewportSize() - QSize(self.verticalScrollBar().sizeHint().width(), 0)
        self._delegate.size = tile_size(len(self.tiles), room - QSize(4, 4))

    @property
    def tiles(self) -> tuple[PartTile, ...]:
        """What is shown, in its order."""
        return self._model.tiles

    def show_tiles(self, tiles: Sequence[PartTile]) -> None:
        """Show ``tiles``; what was chosen stays chosen."""
        chosen = set(self.chosen())
        self._model.set_tiles(tiles)
        self._fit()
        for row, tile in enumerate(tiles):
            if tile.image_hash in chosen:
                self.selectionModel().select(self._model.index(row), self.selectionModel().SelectionFlag.Select)

    def chosen(self) -> list[str]:
        """Hashes of the chosen parts."""
        return [index.data(TILE_ROLE).image_hash for index in self.selectionModel().selectedIndexes()]
