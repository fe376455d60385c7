"""The results of a folder run as a table model: one light row an image, no pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

from filo_core.events import ImageInspected, ImageSkipped
from filo_core.naming.part_types import part_called
from filo_core.types import InspectionRecord, Limits, Region, TypeShare, Verdict
from gui import wording
from gui.known_words import known_sentence
from gui.translation import in_language
from gui.widgets.verdicts import verdict_word

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = int(Qt.ItemDataRole.UserRole)


class FolderColumn(IntEnum):
    """Columns of the table."""

    VERDICT = 0
    NAME = 1
    SCORE = 2
    TYPES = 3


@dataclass(frozen=True, slots=True)
class FolderResult:
    """What the table keeps of one image. ``judged_before`` rows get their verdict from the record."""

    name: str
    image_hash: str
    verdict: Verdict | None
    score: float | None = None
    limits: Limits | None = None
    types: str = ""
    reason: str = ""
    judged_before: bool = False
    inspection_id: int | None = None
    """In the record, where it can be looked at; None for what is not in it."""

    @classmethod
    def of_inspected(cls, event: ImageInspected, limits: Limits | None) -> FolderResult:
        """Row of a fresh verdict under a recipe's limits."""
        inspection = event.inspection
        prediction = inspection.prediction
        regions = prediction.regions if prediction else ()
        return cls(
            name=inspection.name,
            image_hash=inspection.image_hash,
            verdict=inspection.verdict,
            score=prediction.image_score if prediction else None,
            limits=limits,
            types=found_text(inspection.verdict, regions, prediction.anomaly_types if prediction else ()),
            reason=in_language(inspection.reason) or known_sentence(inspection.known_as),
            inspection_id=event.inspection_id,
        )

    @classmethod
    def of_record(cls, record: InspectionRecord) -> FolderResult:
        """Row of what an earlier start of the program has inspected in this job."""
        return cls(
            name=record.name,
            image_hash=record.image_hash,
            verdict=record.verdict,
            score=record.image_score,
            limits=record.limits,
            types=found_text(record.verdict, record.regions, record.anomaly_types),
            reason=in_language(record.reason) or known_sentence(record.known_as),
            inspection_id=record.inspection_id,
        )

    @classmethod
    def of_skipped(cls, skipped: ImageSkipped) -> FolderResult:
        """Row of an image that has its verdict already."""
        return cls(skipped.name, skipped.image_hash, verdict=None, judged_before=True, inspection_id=skipped.earlier_id)


def found_text(verdict: Verdict, regions: Sequence[Region], image_types: Sequence[TypeShare]) -> str:
    """What was found, with the share of each name; of a refused part without a region what the picture shows."""
    return wording.types_text(regions) or wording.called(*part_called(verdict, regions, image_types))


class ResultsModel(QAbstractTableModel):
    """Rows are appended in the order of the run."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[FolderResult] = []
        self._counts: Counter[Verdict] = Counter()

    def count(self, verdict: Verdict) -> int:
        """Rows with this verdict, whether it is new or from an earlier run."""
        return self._counts[verdict]

    def row(self, number: int) -> FolderResult:
        """The row at ``number``."""
        return self._rows[number]

    @property
    def rows(self) -> Sequence[FolderResult]:
        """All rows in the order of the run."""
        return self._rows

    def clear(self) -> None:
        """Forget all rows."""
        self.beginResetModel()
        self._rows.clear()
        self._counts.clear()
        self.endResetModel()

    def append(self, rows: Sequence[FolderResult]) -> None:
        """Add rows at the end."""
        if rows:
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(rows) - 1)
            self._rows.extend(rows)
            self._counts.update(row.verdict for row in rows if row.verdict)
            self.endInsertRows()

    def replace(self, numbers: Sequence[int], rows: Sequence[FolderResult]) -> None:
        """Put ``rows`` in place of those at ``numbers``."""
        for number, row in zip(numbers, rows, strict=True):
            before = self._rows[number].verdict
            if before:
                self._counts[before] -= 1
            if row.verdict:
                self._counts[row.verdict] += 1
            self._rows[number] = row
        if numbers:
            self.dataChanged.emit(self.index(min(numbers), 0), self.index(max(numbers), len(FolderColumn) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(FolderColumn)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, FolderColumn(index.column()))
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == FolderColumn.SCORE:
            return wording.raw_score(row.score, row.limits)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (self._text(row, column) for column in FolderColumn)))
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            titles = (self.tr("Verdict"), self.tr("Image"), self.tr("Score"), self.tr("Found"))
            return titles[section]
        return None

    def _text(self, row: FolderResult, column: FolderColumn) -> str:
        match column:
            case FolderColumn.VERDICT:
                return verdict_word(row.verdict) if row.verdict else self.tr("judged before")
            case FolderColumn.NAME:
                return row.name
            case FolderColumn.SCORE:
                return wording.times(row.score, row.limits)
            case FolderColumn.TYPES:
                return f"{row.types}  ·  {row.reason}" if row.types and row.reason else row.types or row.reason


class VerdictFilter(QSortFilterProxyModel):
    """Lets through the rows of the chosen verdicts; all of them while none is chosen."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._verdicts: frozenset[Verdict] = frozenset()

    @property
    def verdicts(self) -> frozenset[Verdict]:
        """The chosen verdicts."""
        return self._verdicts

    def set_verdicts(self, verdicts: frozenset[Verdict]) -> None:
        """Choose verdicts."""
        self.beginFilterChange()
        self._verdicts = verdicts
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:  # noqa: ARG002
        if not self._verdicts:
            return True
        model = self.sourceModel()
        assert isinstance(model, ResultsModel), "made for this model only"
        return model.row(source_row).verdict in self._verdicts
