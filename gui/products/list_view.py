"""The list of products, and what can be done with one of them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from filo_core.errors import FiloError
from filo_core.types import ProductDraft
from gui.background import Background, sentence_of
from gui.picking import first_folder
from gui.products.delete_question import wants_to_delete
from gui.products.demo_set_up import DemoSetUp
from gui.products.golden_dialog import GoldenDialog
from gui.products.list_model import ProductColumn, ProductTableModel
from gui.products.list_presenter import EXPORT_SUFFIX, ProductListPresenter, export_file_name
from gui.products.regions_dialog import RegionsDialog
from gui.state import AppState, Screen
from gui.theme import SPACE, TOUCH_PX
from gui.widgets.controls import button, plain_label, set_shown
from gui.widgets.empty_page import EmptyPage
from gui.widgets.keys import on_key
from gui.widgets.message_fold import MessageFold
from gui.widgets.rows_layout import RowsLayout
from gui.widgets.undo_bar import UndoBar

LOOK_EVERY_MS = 5_000
"""Whether another program has changed the products."""


class ProductListView(QWidget):
    """Emits what is wanted of the wizard, and does the rest itself."""

    new_requested = Signal()
    open_requested = Signal(str)

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._presenter = ProductListPresenter(state)
        self._background = Background()
        self._looking = Background()
        self._look_again = QTimer(self)
        self._look_again.setInterval(LOOK_EVERY_MS)
        self._look_again.timeout.connect(self._look)
        self._drafts: tuple[ProductDraft, ...] = ()
        self._model = ProductTableModel(self)
        self._signed: set[str] = set()
        self._stale = True
        self.message = MessageFold(self)
        self.undo_bar = UndoBar(self)
        self._title = plain_label(self.tr("Products"), "title", wrap=False)
        self.new_button = button(self.tr("&New product"), "add", primary=True)
        self.import_button = button(self.tr("&Import …"), "import", tip=self.tr("Import a product from a file"))
        self.table = self._make_table()
        self.open_button = button(self.tr("&Open"), "edit", tip=self.tr("Continue the set-up (Enter)"))
        self.inspect_button = button(self.tr("Inspect a folde&r"), "folder")
        self.golden_button = button(
            self.tr("&Golden set …"), "check", tip=self.tr("Known parts that have to be judged right")
        )
        self.regions_button = button(
            self.tr("Region&s …"), "edit", tip=self.tr("Where it is looked at, and what is ignored")
        )
        self.clone_button = button(self.tr("&Clone …"), "copy", tip=self.tr("Copy it under another name"))
        self.export_button = button(self.tr("&Export …"), "export", tip=self.tr("Save it as one file"))
        self.delete_button = button(self.tr("&Delete …"), "delete", danger=True)
        self._empty = EmptyPage(
            "products",
            self.tr("No product has been set up yet."),
            self.tr("&Set up the first product"),
            self.tr("Five short steps: say what it is, what can go wrong, show good parts, calibrate, sign off."),
            self,
        )
        self._empty.offer(
            self.tr("&Try a demo product"),
            self.tr("Sets up a bracket from rendered pictures, which are no photographs, and signs it off."),
        )
        self.demo = DemoSetUp(state, self)
        self._lay_out()
        self._connect()
        self.reload()

    # Building --------------------------------------------------------------------------------------------------

    def _make_table(self) -> QTableView:
        table = QTableView(self)
        table.setModel(self._model)
        table.setAccessibleName(self.tr("Products"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.setStyleSheet("QTableView::item { padding: 0 5px; }")
        table.setAlternatingRowColors(True)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(TOUCH_PX + 6)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(ProductColumn.VERSION, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(ProductColumn.NEXT, QHeaderView.ResizeMode.Stretch)
        table.setColumnWidth(ProductColumn.NAME, 240)
        table.setColumnWidth(ProductColumn.WHAT, 260)
        return table

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self._title)
        top.addStretch(1)
        top.addWidget(self.import_button)
        top.addWidget(self.new_button)
        self._tools = QWidget(self)
        tools = RowsLayout(self._tools)
        wide = (self.open_button, self.inspect_button, self.golden_button, self.regions_button, self.clone_button)
        for control in (*wide, self.export_button, self.delete_button):
            tools.addWidget(control)
        middle = QWidget(self)
        self._stack = QStackedLayout(middle)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addLayout(top)
        layout.addWidget(self.message)
        layout.addWidget(self.undo_bar)
        layout.addWidget(middle, 1)
        layout.addWidget(self._tools)

    def _connect(self) -> None:
        self.new_button.clicked.connect(self.new_requested)
        self._empty.action_requested.connect(self.new_requested)
        self._empty.other_requested.connect(self.demo.start)
        self.demo.changed.connect(self._on_demo_changed)
        self.demo.finished.connect(self._on_demo_finished)
        self.demo.failed.connect(self.message.show_error)
        self.open_button.clicked.connect(self._on_open_wanted)
        self.table.doubleClicked.connect(self._on_open_wanted)
        self.inspect_button.clicked.connect(self._on_inspect_clicked)
        self.golden_button.clicked.connect(self._on_golden_clicked)
        self.regions_button.clicked.connect(self._on_regions_clicked)
        self.clone_button.clicked.connect(self._on_clone_clicked)
        self.export_button.clicked.connect(self._on_export_clicked)
        self.import_button.clicked.connect(self._on_import_clicked)
        self.delete_button.clicked.connect(self._on_delete_clicked)
        self.undo_bar.undo_requested.connect(self.undo_delete)
        self._state.products_changed.connect(self._on_products_changed)
        self._state.current_product_changed.connect(self._choose)
        self.table.selectionModel().currentRowChanged.connect(self._on_row_changed)
        for key, slot in (
            (Qt.Key.Key_Return, self._on_open_wanted),
            (Qt.Key.Key_Enter, self._on_open_wanted),
            (Qt.Key.Key_Delete, self._on_delete_clicked),
        ):
            on_key(key, self.table, slot, alone=True)

    def close_down(self) -> None:
        """Expect nothing any more of an export, an import or the demo product."""
        self._look_again.stop()
        self._looking.close()
        self._background.close()
        self.demo.close_down()

    # What is shown ---------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> str:
        """Name of the product that is chosen, empty when none is."""
        return self._model.name_at(self.table.currentIndex().row())

    @Slot()
    def reload(self) -> None:
        """Read the products again, keeping the choice."""
        self._stale = False
        chosen = self.chosen or self._state.current_product
        try:
            drafts = self._presenter.drafts()
            proven = self._presenter.proven(drafts)
        except FiloError as error:
            self.message.show_error(str(error))
            return
        self._drafts = drafts
        self._signed = {draft.description.name for draft in drafts if draft.signed_version is not None}
        self._model.set_drafts(drafts, proven)
        self._stack.setCurrentWidget(self.table if drafts else self._empty)
        set_shown(self._tools, bool(drafts))
        set_shown(self.new_button, bool(drafts))
        self._choose(chosen)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._look_again.stop()

    def _look(self) -> None:
        """A product that another program has made, changed or deleted appears by itself."""
        if not self._looking.is_busy:
            self._looking.run(self._presenter.drafts, self._take_drafts, lambda _: None)

    def _take_drafts(self, drafts: tuple[ProductDraft, ...]) -> None:
        if drafts != self._drafts and self.isVisible():
            self.reload()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look_again.start()
        if self._stale:
            self.reload()

    @Slot()
    def _on_products_changed(self) -> None:
        # The wizard writes at every edit; the list is read again only when it is looked at.
        self._stale = True
        if self.isVisible():
            self.reload()

    @Slot(str)
    def _choose(self, name: str) -> None:
        row = max(0, self._model.row_of(name))
        if self._model.rowCount():
            self.table.selectRow(row)
        self._update_buttons()

    @Slot()
    def _on_row_changed(self) -> None:
        if self.chosen:
            self._state.set_current_product(self.chosen)
        self._update_buttons()

    def _update_buttons(self) -> None:
        chosen = self.chosen
        for control in (self.open_button, self.clone_button, self.export_button, self.delete_button):
            control.setEnabled(bool(chosen))
        self.regions_button.setEnabled(bool(chosen))
        self.inspect_button.setEnabled(chosen in self._signed)
        self.golden_button.setEnabled(chosen in self._signed)

    # What is done ----------------------------------------------------------------------------------------------

    @Slot()
    def _on_open_wanted(self) -> None:
        if self.chosen:
            self.message.clear()
            self.open_requested.emit(self.chosen)

    @Slot()
    def _on_demo_changed(self) -> None:
        self._empty.other_button.setEnabled(not self.demo.is_running)
        if self.demo.is_running:
            self.message.show_note(self.demo.progress)

    @Slot(str)
    def _on_demo_finished(self, name: str) -> None:
        self._choose(name)
        self.message.show_note(
            self.tr(
                "%1 is ready to try out. Its pictures are rendered and measure nothing. "
                "Press “Inspect a folder” to see it."
            ).replace("%1", name)
        )

    @Slot()
    def _on_inspect_clicked(self) -> None:
        self._state.request_screen(Screen.FOLDER, self.chosen)

    @Slot()
    def _on_golden_clicked(self) -> None:
        dialog = GoldenDialog(self._state, self.chosen, self)
        dialog.exec()
        dialog.deleteLater()

    @Slot()
    def _on_regions_clicked(self) -> None:
        dialog = RegionsDialog(self._state, self.chosen, self)
        dialog.exec()
        dialog.deleteLater()

    @Slot()
    def _on_clone_clicked(self) -> None:
        name = self.chosen
        proposal = self._presenter.suggested_clone_name(name)
        new_name, accepted = QInputDialog.getText(
            self, self.tr("Clone a product"), self.tr("Name of the copy:"), text=proposal
        )
        if accepted:
            self.clone(name, new_name)

    def clone(self, name: str, new_name: str) -> None:
        """Copy a product, and choose the copy."""
        try:
            made = self._presenter.clone(name, new_name)
        except FiloError as error:
            self.message.show_error(str(error))
            return
        self._choose(made)
        self.message.show_note(self.tr("%1 was made. It needs its own sign-off.").replace("%1", made))

    @Slot()
    def _on_export_clicked(self) -> None:
        name = self.chosen
        path, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export %1").replace("%1", name), export_file_name(name), self._file_filter()
        )
        if path:
            self.export(name, Path(path))

    def export(self, name: str, path: Path) -> None:
        """Write a product into ``path``."""
        self.message.show_note(self.tr("Writing %1 …").replace("%1", path.name))
        self._background.run(
            lambda: self._presenter.export(name, path),
            lambda _: self.message.show_note(
                self.tr("%1 was written to %2").replace("%1", name).replace("%2", str(path))
            ),
            self._tell,
        )

    @Slot()
    def _on_import_clicked(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, self.tr("Import a product"), first_folder(self._state), self._file_filter()
        )
        if path:
            self.import_file(Path(path))

    def import_file(self, path: Path) -> None:
        """Read a product from ``path``, and choose it."""
        self.message.show_note(self.tr("Reading %1 …").replace("%1", path.name))
        self._background.run(lambda: self._presenter.read_file(path), self._on_imported, self._tell)

    def _on_imported(self, name: str) -> None:
        self._presenter.imported(name)
        self._choose(name)
        self.message.show_note(self.tr("%1 was imported.").replace("%1", name))

    @Slot()
    def _on_delete_clicked(self) -> None:
        name = self.chosen
        if name and wants_to_delete(name, self):
            self.delete(name)

    def delete(self, name: str) -> None:
        """Delete a product; one that was used to inspect is refused."""
        try:
            self._presenter.delete(name)
        except FiloError as error:
            self.message.show_error(str(error))
            return
        self.message.clear()
        self.undo_bar.offer(self.tr("%1 was deleted.").replace("%1", name))

    @Slot()
    def undo_delete(self) -> None:
        """Bring back what was deleted last."""
        try:
            name = self._presenter.undo_delete()
        except FiloError as error:
            self.message.show_error(str(error))
            return
        self.undo_bar.withdraw()
        self._choose(name)

    def _file_filter(self) -> str:
        return self.tr("FiLo products (*%1)").replace("%1", EXPORT_SUFFIX)

    def _tell(self, error: Exception) -> None:
        sentence, details = sentence_of(error)
        self.message.show_error(sentence or self.tr("That did not work. Try again."), details)
