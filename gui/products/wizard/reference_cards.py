"""The good images as cards: picture, name, and what may be wrong with it in words."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gui.canvas.pictures import draw_fitted
from gui.products.wizard.reference_shelf import ReferenceItem
from gui.theme import current_theme
from gui.translation import in_language
from gui.widgets.icons import draw_icon

Index = QModelIndex | QPersistentModelIndex
ITEM_ROLE = Qt.ItemDataRole.UserRole
_ROOT = QModelIndex()
_CARD = QSize(268, 252)
_PICTURE_HEIGHT_PX = 130


class ReferenceModel(QAbstractListModel):
    """The items of a shelf."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: tuple[ReferenceItem, ...] = ()

    def set_items(self, items: tuple[ReferenceItem, ...]) -> None:
        """Show ``items``."""
        self.beginResetModel()
        self._items = items
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        item = self._items[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return item.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return ". ".join((item.name, *(in_language(warning.sentence) for warning in item.warnings)))
            case role if role == ITEM_ROLE:
                return item
        return None


class _CardDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        return _CARD

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        item = index.data(ITEM_ROLE)
        assert isinstance(item, ReferenceItem)
        theme = current_theme()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        card = QRectF(option.rect).adjusted(5, 5, -5, -5)
        painter.setPen(QPen(QColor(theme.accent.ground if selected else theme.raised), 3 if selected else 1))
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(card, 8, 8)
        frame = QRectF(card.left() + 8, card.top() + 8, card.width() - 16, _PICTURE_HEIGHT_PX)
        self._paint_picture(painter, frame, item)
        words = QRectF(frame.left() + 2, frame.bottom() + 5, frame.width() - 4, card.bottom() - frame.bottom() - 10)
        self._paint_words(painter, words, item, option.font)
        painter.restore()

    @staticmethod
    def _paint_picture(painter: QPainter, frame: QRectF, item: ReferenceItem) -> None:
        painter.fillRect(frame, QColor(current_theme().picture_ground))
        draw_fitted(painter, frame, item.picture)

    def _paint_words(self, painter: QPainter, words: QRectF, item: ReferenceItem, font: QFont) -> None:
        theme = current_theme()
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetricsF(bold)
        painter.setFont(bold)
        painter.setPen(QColor(theme.text))
        line = QRectF(words.left(), words.top(), words.width(), metrics.height())
        name = metrics.elidedText(item.name, Qt.TextElideMode.ElideMiddle, words.width())
        painter.drawText(line, int(Qt.AlignmentFlag.AlignLeft), name)
        rest = words.adjusted(0, metrics.height() + 4, 0, 0)
        if not item.warnings:
            self._paint_note(painter, rest, "check", self.tr("Looks fine."), theme.muted, font)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.warning.ground))
        painter.drawRoundedRect(rest.adjusted(-3, -2, 3, 2), 5, 5)
        sentences = " ".join(in_language(warning.sentence) for warning in item.warnings)
        self._paint_note(painter, rest, "warning", sentences, theme.warning.text, font)

    @staticmethod
    def _paint_note(painter: QPainter, rect: QRectF, icon_name: str, text: str, colour: str, font: QFont) -> None:
        small = QFont(font)
        small.setPointSizeF(max(9.5, font.pointSizeF() - 1.5))
        painter.setFont(small)
        draw_icon(painter, icon_name, QRectF(rect.left() + 1, rect.top() + 1, 17, 17), QColor(colour))
        painter.setPen(QColor(colour))
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(rect.adjusted(24, 0, 0, 0), flags, text)


class ReferenceCards(QListView):
    """The cards in a grid that follows the width; arrows move, Delete is for the page."""

    def __init__(self, model: ReferenceModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(_CardDelegate(self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(self.tr("Good images"))

    def chosen(self) -> list[ReferenceItem]:
        """The chosen items, in the order they are shown."""
        indices = sorted(self.selectionModel().selectedIndexes(), key=lambda index: index.row())
        return [index.data(ITEM_ROLE) for index in indices]
