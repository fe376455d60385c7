"""The table of inspections: chips for verdicts, thumbnails that come when they are ready."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from filo_core.types import InspectionRecord, Verdict
from gui.canvas import thumbnails
from gui.canvas.pictures import draw_fitted
from gui.canvas.thumbnails import Thumbnails
from gui.review.letters import letter_of
from gui.review.table_model import RECORD_ROLE, VERDICT_ROLE, InspectionTableModel, ReviewColumn
from gui.theme import current_theme
from gui.widgets.icons import draw_icon
from gui.widgets.verdicts import draw_verdict_chip

Index = QModelIndex | QPersistentModelIndex
_ROW_PX = 68
CELL_STYLE = "QTableView::item { padding: 0 5px; }"
"""Text of a cell under the text of its header."""
_WIDTHS = {
    ReviewColumn.PICTURE: 88,
    ReviewColumn.VERDICT: 130,
    ReviewColumn.FINAL: 92,
    ReviewColumn.SCORE: 64,
    ReviewColumn.TYPES: 150,
    ReviewColumn.NAME: 220,
    ReviewColumn.TIME: 170,
    ReviewColumn.PRODUCT: 170,
}


class _CellDelegate(QStyledItemDelegate):
    """Draws the ground of a cell as the style does, then what the column needs."""

    def __init__(self, pictures: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self._pictures = pictures

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        column = index.column()
        shown = index.data(VERDICT_ROLE)
        if column == ReviewColumn.PICTURE:
            self._ground(painter, option, index)
            self._paint_picture(painter, option, index.data(RECORD_ROLE))
        elif shown:
            # Qt hands a StrEnum back as a plain string.
            verdict = Verdict(shown)
            self._ground(painter, option, index)
            rect = QRectF(option.rect)
            # "NOT INSPECTED" needs the whole cell; a chip of one height is easier to scan.
            chip = QRectF(rect.left() + 4, rect.center().y() - 17, rect.width() - 8, 34)
            word = self.tr("NOT INSP.") if verdict is Verdict.NOT_INSPECTED else ""
            painter.setFont(option.font)
            draw_verdict_chip(painter, verdict, chip, word)
        else:
            super().paint(painter, option, index)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), _ROW_PX)

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        bare = QStyleOptionViewItem(option)
        self.initStyleOption(bare, index)
        bare.text = ""
        style = option.widget.style() if option.widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, bare, painter, option.widget)

    def _paint_picture(self, painter: QPainter, option: QStyleOptionViewItem, record: InspectionRecord) -> None:
        frame = QRectF(option.rect).adjusted(4, 4, -4, -4)
        painter.fillRect(frame, QColor(current_theme().picture_ground))
        image = self._pictures.get(record.image_hash if record.width else "", record.name)
        if image is None:
            if not record.width:
                colour = QColor(current_theme().muted)
                draw_icon(painter, "warning", frame.adjusted(16, 16, -16, -16), colour)
            return
        draw_fitted(painter, frame, image)


class InspectionTable(QTableView):
    """Arrows move. Letters are keys of the screen and search nothing here."""

    letter_typed = Signal(str)

    def __init__(self, model: InspectionTableModel, pictures: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(_CellDelegate(pictures, self))
        self.setAccessibleName(self.tr("Inspections"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(True)
        self.setTabKeyNavigation(False)
        self.setStyleSheet(CELL_STYLE)
        self.setIconSize(thumbnails.SIZE)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        header.setStretchLastSection(True)
        pictures.ready.connect(lambda _key: self.viewport().update())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat() and event.text().isprintable() and event.text():
            # A held key is one trigger, whatever watches over the application.
            return
        letter = letter_of(event)
        if letter:
            self.letter_typed.emit(letter)
            return
        super().keyPressEvent(event)
