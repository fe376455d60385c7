"""The inspections side by side with their pictures: a strip under the picture, or a grid in its place."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from filo_core.types import InspectionRecord
from gui.canvas.pictures import draw_fitted
from gui.canvas.thumbnails import Thumbnails
from gui.review.letters import letter_of
from gui.review.table_model import RECORD_ROLE, InspectionTableModel, ReviewColumn
from gui.theme import current_theme
from gui.widgets.icons import draw_icon
from gui.widgets.verdicts import draw_verdict_sign

Index = QModelIndex | QPersistentModelIndex
STRIP_PX = 60
_EDGE_PX = 5
_SIGN_PX = 18
_GRID = QSize(152, 116)
_GAP_PX = 3
_SAVING = 0.45


class _PictureDelegate(QStyledItemDelegate):
    """The picture over an edge in the colour of what counts now; its sign says the same without the colour."""

    def __init__(self, pictures: Thumbnails, model: InspectionTableModel, parent: QAbstractItemView) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._model = model
        self.cell = QSize()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        return self.cell

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        record = index.data(RECORD_ROLE)
        if not isinstance(record, InspectionRecord):
            return
        theme = current_theme()
        cell = QRectF(option.rect).adjusted(_GAP_PX, _GAP_PX, -_GAP_PX, -_GAP_PX)
        frame = cell.adjusted(0, 0, 0, -_EDGE_PX)
        painter.save()
        if self._model.is_saving(record.inspection_id):
            painter.setOpacity(_SAVING)
        painter.fillRect(frame, QColor(theme.picture_ground))
        self._paint_picture(painter, frame, record)
        tone = theme.verdict(record.final_verdict)
        edge = QRectF(cell.left(), frame.bottom(), cell.width(), _EDGE_PX)
        # What nobody has decided has half an edge: the system's word alone.
        painter.fillRect(edge if record.review else edge.adjusted(0, 0, -cell.width() / 2, 0), QColor(tone.ground))
        sign = QRectF(frame.left() + 2, frame.bottom() - _SIGN_PX - 2, _SIGN_PX, _SIGN_PX)
        painter.fillRect(sign, QColor(tone.ground))
        draw_verdict_sign(painter, record.final_verdict, sign.adjusted(3, 3, -3, -3), QColor(tone.text))
        self._paint_marks(painter, option, QRectF(option.rect), current=index == self._current())
        painter.restore()

    def _current(self) -> QModelIndex:
        view = self.parent()
        assert isinstance(view, QAbstractItemView)
        current = view.currentIndex()
        return current.sibling(current.row(), ReviewColumn.PICTURE)

    @staticmethod
    def _paint_marks(painter: QPainter, option: QStyleOptionViewItem, cell: QRectF, *, current: bool) -> None:
        accent = QColor(current_theme().accent.ground)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(accent, 2))
            painter.drawRect(cell.adjusted(1, 1, -1, -1))
        if current:
            painter.setPen(QPen(accent, 4))
            painter.drawRect(cell.adjusted(2, 2, -2, -2))

    def _paint_picture(self, painter: QPainter, frame: QRectF, record: InspectionRecord) -> None:
        image = self._pictures.get(record.image_hash if record.width else "", record.name)
        if image is None:
            if not record.width:
                side = min(frame.width(), frame.height()) * 0.6
                place = QRectF(0, 0, side, side)
                place.moveCenter(frame.center())
                draw_icon(painter, "warning", place, QColor(current_theme().muted))
            return
        draw_fitted(painter, frame, image)


class Filmstrip(QListView):
    """Shift and Ctrl select several. Letters are keys of the screen and search nothing here.

    Args:
        model: shared with the table.
        pictures: small pictures of its rows.
        grid: rows of larger pictures in place of one strip.
        parent: of the widget.
    """

    letter_typed = Signal(str)

    def __init__(
        self, model: InspectionTableModel, pictures: Thumbnails, *, grid: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._is_grid = grid
        self._delegate = _PictureDelegate(pictures, model, self)
        self._delegate.cell = _GRID if grid else QSize(round(STRIP_PX * 1.25), STRIP_PX)
        self.setModel(model)
        self.setModelColumn(ReviewColumn.PICTURE)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(self.tr("Inspections in pictures"))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(grid)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        if not grid:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.setFixedHeight(STRIP_PX)
        pictures.ready.connect(lambda _key: self.viewport().update())

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex().siblingAtColumn(ReviewColumn.PICTURE))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat() and event.text().isprintable() and event.text():
            return
        letter = letter_of(event)
        if letter:
            self.letter_typed.emit(letter)
            return
        # Up and down go on as in the list: one strip has no other row.
        steps = {Qt.Key.Key_Down: Qt.Key.Key_Right, Qt.Key.Key_Up: Qt.Key.Key_Left}
        key = Qt.Key(event.key())
        if not self._is_grid and key in steps:
            event = QKeyEvent(event.type(), steps[key], event.modifiers())
        super().keyPressEvent(event)
