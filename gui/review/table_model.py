"""The inspections as a table that reads its pages from the record as one scrolls."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from filo_core.types import InspectionFilter, InspectionRecord, PageOrder, Verdict
from gui.background import asked
from gui.review.decisions import types_of
from gui.widgets.verdicts import verdict_word
from gui.wording import date_and_time, raw_score, times

if TYPE_CHECKING:
    from workflows.reporting.history import History

Index = QModelIndex | QPersistentModelIndex
RECORD_ROLE = int(Qt.ItemDataRole.UserRole)
VERDICT_ROLE = RECORD_ROLE + 1
"""The verdict that a cell shows; None where it shows none."""
PAGE = 100
MOST_ORDERED = 20_000
"""Rows of another order than the newest first; nobody works through more."""
_ROOT = QModelIndex()


class ReviewColumn(IntEnum):
    """Columns: what a decision needs first."""

    PICTURE = 0
    VERDICT = 1
    FINAL = 2
    SCORE = 3
    TYPES = 4
    NAME = 5
    TIME = 6
    PRODUCT = 7


class InspectionTableModel(QAbstractTableModel):
    """Newest first. A row that was decided stays where it is, so that nothing jumps while one works."""

    def __init__(self, history: History, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self._filter = InspectionFilter()
        self._records: list[InspectionRecord] = []
        self._ids: tuple[int, ...] | None = None
        self._saving: set[int] = set()
        self._ended = True

    @property
    def filter(self) -> InspectionFilter:
        """What is shown."""
        return self._filter

    def set_filter(self, wanted: InspectionFilter, order: PageOrder = PageOrder.NEWEST) -> None:
        """Read anew, from the first of an order.

        Raises:
            StorageError: if the record cannot be read; the table is empty then.
        """
        self.beginResetModel()
        self._filter = wanted
        self._records, self._ids = [], None
        self._ended = True
        try:
            self._ids, page = asked(lambda: self._first_page(wanted, order))
            self._records = list(page)
            self._ended = len(page) < PAGE
        finally:
            self.endResetModel()

    def _first_page(
        self, wanted: InspectionFilter, order: PageOrder
    ) -> tuple[tuple[int, ...] | None, tuple[InspectionRecord, ...]]:
        """Elsewhere: the ids of another order than the newest first, and the first rows."""
        if order is PageOrder.NEWEST:
            return None, self._history.page(wanted, limit=PAGE)
        ids = self._history.ordered(wanted, order, MOST_ORDERED)
        return ids, self._in_order(ids[:PAGE])

    def _in_order(self, ids: tuple[int, ...]) -> tuple[InspectionRecord, ...]:
        found = {record.inspection_id: record for record in self._history.several(ids)}
        return tuple(found[one] for one in ids if one in found)

    def _next_page(self) -> tuple[InspectionRecord, ...]:
        if self._ids is None:
            return self._history.page(self._filter, before_id=self._records[-1].inspection_id, limit=PAGE)
        done = len(self._records)
        return self._in_order(self._ids[done : done + PAGE])

    @property
    def is_newest_first(self) -> bool:
        """Whether the rows are in the order of the record."""
        return self._ids is None

    def record_at(self, row: int) -> InspectionRecord | None:
        """The inspection in a row; None beyond what was read."""
        return self._records[row] if 0 <= row < len(self._records) else None

    def row_of(self, inspection_id: int) -> int:
        """Row of an inspection, -1 when it was not read."""
        return next((i for i, record in enumerate(self._records) if record.inspection_id == inspection_id), -1)

    def replace(self, record: InspectionRecord) -> None:
        """Show what an inspection has become."""
        self._saving.discard(record.inspection_id)
        row = self.row_of(record.inspection_id)
        if row >= 0:
            self._records[row] = record
            self._tell(row)

    def is_saving(self, inspection_id: int) -> bool:
        """True while what was decided on an inspection is on its way into the record."""
        return inspection_id in self._saving

    def set_saving(self, inspection_id: int, *, saving: bool) -> None:
        """Show that what was decided on an inspection is being saved, or could not be."""
        if saving:
            self._saving.add(inspection_id)
        else:
            self._saving.discard(inspection_id)
        row = self.row_of(inspection_id)
        if row >= 0:
            self._tell(row)

    def _tell(self, row: int) -> None:
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(ReviewColumn) - 1))

    def read_down_to(self, inspection_id: int) -> int:
        """Read as many pages as it takes to show an inspection; its row, -1 when the filter leaves it out."""
        while (row := self.row_of(inspection_id)) < 0 and not self._ended:
            last = self._records[-1].inspection_id
            if last < inspection_id:
                return -1
            self.fetchMore()
        return row

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._records)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(ReviewColumn)

    def canFetchMore(self, parent: Index = _ROOT) -> bool:
        return not parent.isValid() and not self._ended

    def fetchMore(self, parent: Index = _ROOT) -> None:
        if not self.canFetchMore(parent):
            return
        page = asked(self._next_page)
        self._ended = len(page) < PAGE
        if page:
            first = len(self._records)
            self.beginInsertRows(QModelIndex(), first, first + len(page) - 1)
            self._records.extend(page)
            self.endInsertRows()

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (
            self.tr("Picture"),
            self.tr("Verdict"),
            self.tr("Decided"),
            self.tr("Score"),
            self.tr("Types"),
            self.tr("Name"),
            self.tr("Time"),
            self.tr("Product"),
        )[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        record = self.record_at(index.row()) if index.isValid() else None
        if record is None:
            return None
        column = ReviewColumn(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._words(record)[column]
            case Qt.ItemDataRole.AccessibleTextRole:
                return (
                    f"{record.name}, {verdict_word(record.final_verdict)}"
                    if column is ReviewColumn.PICTURE
                    else self._words(record)[column]
                )
            case Qt.ItemDataRole.ToolTipRole if column is ReviewColumn.SCORE:
                return raw_score(record.image_score, record.limits)
            case _:
                return {RECORD_ROLE: record, VERDICT_ROLE: self._verdict_in(record, column)}.get(role)

    def _words(self, record: InspectionRecord) -> dict[ReviewColumn, str]:
        return {
            ReviewColumn.PICTURE: "",
            ReviewColumn.VERDICT: verdict_word(record.verdict),
            ReviewColumn.FINAL: self._decided(record),
            ReviewColumn.SCORE: times(record.image_score, record.limits),
            ReviewColumn.TYPES: types_of(record),
            ReviewColumn.NAME: record.name,
            ReviewColumn.TIME: date_and_time(record.inspected_at, seconds=True),
            ReviewColumn.PRODUCT: record.product,
        }

    def _decided(self, record: InspectionRecord) -> str:
        if self.is_saving(record.inspection_id):
            return self.tr("saving …")
        return verdict_word(record.final_verdict) if record.review else self.tr("open")

    def _verdict_in(self, record: InspectionRecord, column: ReviewColumn) -> Verdict | None:
        if column is ReviewColumn.VERDICT:
            return record.verdict
        decided = record.review is not None and not self.is_saving(record.inspection_id)
        return record.final_verdict if column is ReviewColumn.FINAL and decided else None
