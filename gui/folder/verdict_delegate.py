"""Draws the verdict column: word and sign on the verdict's colour."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui.folder.results_model import ROW_ROLE, FolderResult
from gui.widgets.verdicts import draw_verdict_chip, widest_chip_px

_MARGIN_PX = 4


class VerdictDelegate(QStyledItemDelegate):
    """Rows without a verdict are drawn as plain text."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, FolderResult) or row.verdict is None:
            super().paint(painter, option, index)
            return
        rect = QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, option.palette.highlight())
        draw_verdict_chip(painter, row.verdict, rect.adjusted(_MARGIN_PX, 5, -_MARGIN_PX, -5))

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(widest_chip_px() + 2 * _MARGIN_PX, super().sizeHint(option, index).height())
