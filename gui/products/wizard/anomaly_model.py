"""The anomaly list as a table that is edited in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QPalette

from filo_core.types import AnomalyType, Provenance, Severity
from gui.products.wizard.phrase_preview import PhraseNote, PhraseState
from gui.widgets.icons import icon
from gui.wording import number

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class AnomalyColumn(IntEnum):
    """Columns of the table."""

    USED = 0
    NAME = 1
    SEVERITY = 2
    COST = 3
    FROM = 4
    ON_GOOD_PARTS = 5


def severity_word(severity: Severity) -> str:
    """The severity in the language of the window."""
    match severity:
        case Severity.CRITICAL:
            return QCoreApplication.translate("Severity", "critical")
        case Severity.MAJOR:
            return QCoreApplication.translate("Severity", "major")
        case Severity.MINOR:
            return QCoreApplication.translate("Severity", "minor")


def provenance_word(provenance: Provenance) -> str:
    """Who put an entry on the list, in the language of the window."""
    match provenance:
        case Provenance.LIBRARY:
            return QCoreApplication.translate("Provenance", "built-in library")
        case Provenance.LANGUAGE_MODEL:
            return QCoreApplication.translate("Provenance", "language model")
        case Provenance.PERSON:
            return QCoreApplication.translate("Provenance", "person")
        case Provenance.IMPORTED:
            return QCoreApplication.translate("Provenance", "imported file")


class AnomalyTableModel(QAbstractTableModel):
    """Shows the list and asks for changes; whoever owns the list makes them and hands the new one in."""

    rename_requested = Signal(int, str)
    enable_requested = Signal(int, bool)
    severity_requested = Signal(int, object)
    cost_requested = Signal(int, str)
    """What was typed as the cost of an entry."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._types: tuple[AnomalyType, ...] = ()
        self._costs: Mapping[str, float] = {}
        self._note_of: Callable[[str], PhraseNote] = lambda _: PhraseNote(PhraseState.NOT_SEEN)

    def use_notes(self, note_of: Callable[[str], PhraseNote]) -> None:
        """Ask ``note_of`` what a phrase does on good parts."""
        self._note_of = note_of

    def set_costs(self, costs: Mapping[str, float]) -> None:
        """Show what one defect of each type costs, as far as that was said."""
        self._costs = costs
        if self._types:
            last = self.index(len(self._types) - 1, AnomalyColumn.COST)
            self.dataChanged.emit(self.index(0, AnomalyColumn.COST), last)

    def notes_changed(self) -> None:
        """Show the notes as they are now."""
        if self._types:
            last = self.index(len(self._types) - 1, AnomalyColumn.ON_GOOD_PARTS)
            self.dataChanged.emit(self.index(0, AnomalyColumn.ON_GOOD_PARTS), last)

    def set_types(self, types: tuple[AnomalyType, ...]) -> None:
        """Show ``types``. Rows that stay in place keep their selection."""
        if len(types) == len(self._types):
            self._types = types
            if types:
                self.dataChanged.emit(self.index(0, 0), self.index(len(types) - 1, len(AnomalyColumn) - 1))
            return
        self.beginResetModel()
        self._types = types
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._types)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(AnomalyColumn)

    def _head_tip(self, section: int) -> str | None:
        if section != AnomalyColumn.COST:
            return None
        return self.tr(
            "What one part with this defect costs, in your money. Statistics puts defects in the order of it; without "
            "any, in that of how bad they are. No verdict follows from it."
        )

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return self._head_tip(section)
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (
            self.tr("Use"),
            self.tr("What can go wrong"),
            self.tr("How bad"),
            self.tr("Cost a part"),
            self.tr("From"),
            self.tr("On good parts"),
        )[section]

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.column() == AnomalyColumn.USED:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        elif index.column() in (AnomalyColumn.NAME, AnomalyColumn.SEVERITY, AnomalyColumn.COST):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        return self._datum(self._types[index.row()], AnomalyColumn(index.column()), role)

    def _datum(self, entry: AnomalyType, column: AnomalyColumn, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.CheckStateRole if column is AnomalyColumn.USED:
                return Qt.CheckState.Checked if entry.enabled else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.DisplayRole:
                return self._words(entry, column)
            case Qt.ItemDataRole.EditRole:
                return self._edited(entry, column)
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(entry, column)
            case Qt.ItemDataRole.DecorationRole if self._fires(entry, column):
                return icon("warning", QPalette.ColorRole.Text)
        return None

    def _edited(self, entry: AnomalyType, column: AnomalyColumn) -> object:
        if column is AnomalyColumn.COST:
            return self._cost(entry)
        return entry.severity if column is AnomalyColumn.SEVERITY else entry.name

    def _cost(self, entry: AnomalyType) -> str:
        cost = self._costs.get(entry.name)
        return "" if cost is None else number(cost, 0 if cost == int(cost) else 2)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if not index.isValid():
            return False
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.CheckStateRole and column == AnomalyColumn.USED:
            self.enable_requested.emit(row, Qt.CheckState(value) is Qt.CheckState.Checked)
        elif role == Qt.ItemDataRole.EditRole and column == AnomalyColumn.NAME:
            self.rename_requested.emit(row, str(value))
        elif role == Qt.ItemDataRole.EditRole and column == AnomalyColumn.SEVERITY:
            self.severity_requested.emit(row, Severity(value))
        elif role == Qt.ItemDataRole.EditRole and column == AnomalyColumn.COST:
            self.cost_requested.emit(row, str(value).strip())
        else:
            return False
        return True

    def _words(self, entry: AnomalyType, column: AnomalyColumn) -> str:
        match column:
            case AnomalyColumn.USED:
                return ""
            case AnomalyColumn.NAME:
                return entry.name
            case AnomalyColumn.SEVERITY:
                return severity_word(entry.severity)
            case AnomalyColumn.COST:
                return self._cost(entry) or "–"
            case AnomalyColumn.FROM:
                return provenance_word(entry.provenance)
            case AnomalyColumn.ON_GOOD_PARTS:
                return self._note_of(entry.name).text

    def _fires(self, entry: AnomalyType, column: AnomalyColumn) -> bool:
        return column is AnomalyColumn.ON_GOOD_PARTS and self._note_of(entry.name).state is PhraseState.FIRES

    def _spoken(self, entry: AnomalyType, column: AnomalyColumn) -> str:
        if column is AnomalyColumn.USED:
            return self.tr("used") if entry.enabled else self.tr("not used")
        return self._words(entry, column)
