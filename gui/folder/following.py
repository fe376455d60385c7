"""The list of results follows the newest while a folder is inspected, until somebody looks at something else."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QAbstractButton, QTableView

from gui.widgets.controls import set_shown


class Following(QObject):
    """Chooses the newest row as it comes; ``button`` is there while it does not, and goes back to it.

    Args:
        table: of the results, oldest first.
        button: back to the newest.
    """

    def __init__(self, table: QTableView, button: QAbstractButton) -> None:
        super().__init__(table)
        self._table = table
        self._button = button
        self._running = self._moving = False
        self.is_on = True
        """Whether the newest is chosen as it comes."""
        table.model().rowsInserted.connect(self._on_rows)
        table.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        table.selectionModel().currentRowChanged.connect(self._on_row_chosen)
        button.clicked.connect(self.follow)
        self._show_button()

    def set_running(self, running: bool) -> None:
        """Whether results come; what came is left as it stands."""
        self._running = running
        self._show_button()

    @Slot()
    def follow(self) -> None:
        """Go to the newest, and stay there."""
        self.is_on = True
        self._go_to_newest()
        self._show_button()

    def _go_to_newest(self) -> None:
        last = self._table.model().rowCount() - 1
        if last < 0:
            return
        self._moving = True
        self._table.selectRow(last)
        self._table.scrollToBottom()
        self._moving = False

    @Slot()
    def _on_rows(self) -> None:
        if self._running and self.is_on:
            self._go_to_newest()

    @Slot(int)
    def _on_scrolled(self, value: int) -> None:
        if self._running and not self._moving and value < self._table.verticalScrollBar().maximum():
            self._leave()

    @Slot()
    def _on_row_chosen(self) -> None:
        row = self._table.currentIndex().row()
        if self._running and not self._moving and 0 <= row < self._table.model().rowCount() - 1:
            self._leave()

    def _leave(self) -> None:
        self.is_on = False
        self._show_button()

    def _show_button(self) -> None:
        set_shown(self._button, self._running and not self.is_on)
