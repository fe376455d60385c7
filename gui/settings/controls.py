"""The few kinds of controls that settings need."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QStackedLayout,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from gui.theme import SPACE, TOUCH_PX
from gui.widgets.controls import plain_label

_NARROWEST_PX = 130


def combo(entries: Sequence[tuple[str, str]], parent: QWidget | None = None) -> QComboBox:
    """A drop-down of texts with what each stands for."""
    made = QComboBox(parent)
    for text, value in entries:
        made.addItem(text, value)
    return made


def plain_table(name: str, headers: Sequence[str], *, stretched: int, parent: QWidget) -> QTableWidget:
    """A table to choose a row of; the column ``stretched`` takes the room that is left."""
    table = QTableWidget(0, len(headers), parent)
    table.setHorizontalHeaderLabels(list(headers))
    table.setAccessibleName(name)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setStyleSheet("QTableView::item { padding: 0 5px; }")
    table.setAlternatingRowColors(True)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(TOUCH_PX)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setMinimumSectionSize(_NARROWEST_PX)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
    return table


def lay_out_list(
    page: QWidget, above: Sequence[QWidget], empty: QWidget, hint: str, table: QWidget, tools: Sequence[QWidget]
) -> tuple[QStackedLayout, QWidget]:
    """Lay ``page`` out as a list: notes above, then a table over its buttons, or ``empty`` in its place.

    Returns:
        The layout that shows one of the two, and the widget with the table.
    """
    row = QHBoxLayout()
    row.setSpacing(SPACE)
    for control in tools:
        row.addWidget(control)
    row.addStretch(1)
    filled = QWidget(page)
    column = QVBoxLayout(filled)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(SPACE)
    column.addWidget(plain_label(hint, "hint"))
    column.addWidget(table, 1)
    column.addLayout(row)
    middle = QWidget(page)
    stack = QStackedLayout(middle)
    stack.addWidget(empty)
    stack.addWidget(filled)
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, SPACE, 0, 0)
    layout.setSpacing(SPACE)
    for note in above:
        layout.addWidget(note)
    layout.addWidget(middle, 1)
    return stack, filled
