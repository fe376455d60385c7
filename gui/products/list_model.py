"""The products as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt

from filo_core.proof import SignedProof
from filo_core.types import ProductDraft, ProductKind
from gui.proof_words import standing_sentence

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class ProductColumn(IntEnum):
    """Columns of the table."""

    NAME = 0
    WHAT = 1
    VERSION = 2
    NEXT = 3


@dataclass(frozen=True, slots=True)
class ListedProduct:
    """One product as the list shows it."""

    name: str
    what: str
    version: str
    next: str

    @classmethod
    def of(cls, draft: ProductDraft, proven: SignedProof | None = None) -> ListedProduct:
        """The row of a draft, and what is known of its version in force."""
        about = draft.description
        kind = _tr("object") if about.kind is ProductKind.OBJECT else _tr("surface")
        version = _tr("not yet") if draft.signed_version is None else str(draft.signed_version)
        return cls(about.name, f"{about.class_name} ({kind})", version, next_sentence(draft, proven))


def next_sentence(draft: ProductDraft, proven: SignedProof | None = None) -> str:
    """What is to be done with a product next; nothing is ready that is not known to tell bad parts from good ones."""
    step = draft.next_step
    if step is not None:
        return draft.missing(step)
    if proven is not None and proven.counts.warning:
        return standing_sentence(proven.counts)
    return _tr("Ready to inspect.")


class ProductTableModel(QAbstractTableModel):
    """Rows in the order of their names."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ListedProduct, ...] = ()

    def set_drafts(self, drafts: tuple[ProductDraft, ...], proven: Mapping[str, SignedProof]) -> None:
        """Show ``drafts``, and what is known of their versions in force."""
        self.beginResetModel()
        rows = (ListedProduct.of(draft, proven.get(draft.description.name)) for draft in drafts)
        self._rows = tuple(sorted(rows, key=lambda row: row.name.casefold()))
        self.endResetModel()

    def name_at(self, row: int) -> str:
        """Name of the product in a row; empty beyond the end."""
        return self._rows[row].name if 0 <= row < len(self._rows) else ""

    def row_of(self, name: str) -> int:
        """Row of a product, -1 when it is not listed."""
        return next((i for i, row in enumerate(self._rows) if row.name == name), -1)

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(ProductColumn)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (self.tr("Product"), self.tr("What it is"), self.tr("Signed version"), self.tr("Next"))[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or role != Qt.ItemDataRole.DisplayRole:
            return None
        row = self._rows[index.row()]
        match ProductColumn(index.column()):
            case ProductColumn.NAME:
                return row.name
            case ProductColumn.WHAT:
                return row.what
            case ProductColumn.VERSION:
                return row.version
            case ProductColumn.NEXT:
                return row.next


def _tr(text: str) -> str:
    return QCoreApplication.translate("ProductList", text)
