"""Step two: what can go wrong with the product, each entry a short phrase for something one can see."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QInputDialog,
    QStackedLayout,
    QTableView,
    QWidget,
)

from filo_core.descriptions.cleaning import MAX_LENGTH
from filo_core.descriptions.suggest import Suggestion
from filo_core.types import Severity, WizardStep
from gui.background import sentence_of
from gui.products.wizard.anomaly_delegate import CostDelegate, NameDelegate, SeverityDelegate, TickDelegate
from gui.products.wizard.anomaly_list import AnomalyListEditor
from gui.products.wizard.anomaly_model import AnomalyColumn, AnomalyTableModel
from gui.products.wizard.page import WizardPage
from gui.products.wizard.phrase_bar import PhraseBar
from gui.products.wizard.session import DraftSession
from gui.products.wizard.suggester import Suggester
from gui.theme import TOUCH_PX
from gui.widgets.controls import HintedEdit, button, plain_label
from gui.widgets.empty_page import EmptyPage
from gui.widgets.keys import on_key
from gui.widgets.rows_layout import RowsLayout
from gui.widgets.undo_bar import UndoBar
from gui.wording import number
from workflows.products.catalogue import LARGEST_COST


class AnomaliesPage(WizardPage):
    """The list, written to the database at every edit."""

    step = WizardStep.ANOMALIES

    def __init__(self, session: DraftSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._editor = AnomalyListEditor()
        self._costs: dict[str, float] = {}
        state = session.state
        self._suggester = Suggester(state.settings, state.workbench.library, self)
        state.settings_changed.connect(self._suggester.use_settings)
        self._model = AnomalyTableModel(self)
        self.phrases = PhraseBar(session, self)
        self._model.use_notes(self.phrases.preview.note)
        self.suggest_button = button(self.tr("&Suggest a list"), "spark", primary=True)
        self.cancel_button = button(self.tr("Cancel"), "close")
        self._busy_label = plain_label(self.tr("Asking the language model …"), "hint", wrap=False)
        self.table = self._make_table()
        self._empty = EmptyPage(
            "spark",
            self.tr("Nothing is on the list yet."),
            self.tr("Suggest &one now"),
            self.tr("Start with a suggested list, or type below what can go wrong."),
            parent=self,
        )
        self.new_edit = HintedEdit(self)
        self.new_edit.setPlaceholderText(self.tr("something else, for example: missing screw"))
        self.new_edit.setAccessibleName(self.tr("Another thing that can go wrong"))
        self.new_edit.setMaxLength(MAX_LENGTH)
        self.add_button = button(self.tr("&Add"), "add")
        self.merge_button = button(self.tr("&Merge"), "copy", tip=self.tr("Merge the chosen entries into one"))
        self.delete_button = button(self.tr("&Delete"), "delete", danger=True, tip=self.tr("Remove the chosen entries"))
        self.undo_bar = UndoBar(self)
        self._lay_out()
        self._connect()
        self._on_busy_changed(False)

    # Building --------------------------------------------------------------------------------------------------

    def _make_table(self) -> QTableView:
        table = QTableView(self)
        table.setModel(self._model)
        table.setAccessibleName(self.tr("What can go wrong"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(TOUCH_PX)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(AnomalyColumn.NAME, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, delegate in (
            (AnomalyColumn.USED, TickDelegate(table)),
            (AnomalyColumn.NAME, NameDelegate(table)),
            (AnomalyColumn.SEVERITY, SeverityDelegate(table)),
            (AnomalyColumn.COST, CostDelegate(table)),
        ):
            table.setItemDelegateForColumn(column, delegate)
        return table

    def _lay_out(self) -> None:
        top = RowsLayout()
        for control in (self.suggest_button, self.cancel_button, self._busy_label):
            top.add(control)
        top.add(plain_label(self.tr("Tick what to look for. Double-tap the words to edit them."), "hint"), 1)
        bottom = RowsLayout()
        bottom.add(self.new_edit, 1)
        for control in (self.add_button, self.merge_button, self.delete_button):
            bottom.add(control)
        self.body.addLayout(top)
        middle = QWidget(self)
        self._stack = QStackedLayout(middle)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.table)
        self.body.addWidget(middle, 1)
        self.body.addWidget(self.undo_bar)
        self.body.addLayout(bottom)
        self.body.addWidget(self.phrases)

    def _connect(self) -> None:
        self.suggest_button.clicked.connect(self._on_suggest_clicked)
        self._empty.action_requested.connect(self.suggest_button.click)
        self.cancel_button.clicked.connect(self._suggester.cancel)
        self._suggester.suggested.connect(self._on_suggested)
        self._suggester.failed.connect(self._on_suggestion_failed)
        self._suggester.busy_changed.connect(self._on_busy_changed)
        self._model.rename_requested.connect(self._on_rename_requested)
        self._model.enable_requested.connect(self._on_enable_requested)
        self._model.severity_requested.connect(self._on_severity_requested)
        self._model.cost_requested.connect(self._on_cost_requested)
        self.table.clicked.connect(self._on_cell_clicked)
        self.table.selectionModel().selectionChanged.connect(self._update_buttons)
        self.new_edit.textChanged.connect(self._update_buttons)
        self.new_edit.returnPressed.connect(self._on_add_clicked)
        self.add_button.clicked.connect(self._on_add_clicked)
        self.merge_button.clicked.connect(self._on_merge_clicked)
        self.delete_button.clicked.connect(self._on_delete_clicked)
        self.undo_bar.undo_requested.connect(self._on_undo_requested)
        self.session.failed.connect(self._on_failed)
        self.phrases.changed.connect(self._on_phrases_changed)
        self.phrases.warned.connect(self.message.show_warning)
        self.phrases.failed.connect(self.message.show_error)
        for sequence, slot in (
            (QKeySequence.StandardKey.Delete, self._on_delete_clicked),
            (QKeySequence.StandardKey.Undo, self._on_undo_requested),
        ):
            on_key(sequence, self.table, slot, alone=True)

    # The page --------------------------------------------------------------------------------------------------

    def enter(self) -> None:
        draft = self.session.draft
        self.message.clear()
        self.undo_bar.withdraw()
        self._editor = AnomalyListEditor(draft.anomaly_types if draft else ())
        self._costs = self.session.type_costs()
        self._show()
        self._on_phrases_changed()
        (self.table if self._editor.types else self.suggest_button).setFocus()

    def leave(self) -> bool:
        self._suggester.cancel()
        self.phrases.preview.cancel()
        return True

    def close_page(self) -> None:
        self._suggester.close()
        self.phrases.preview.close()

    def chosen_rows(self) -> list[int]:
        """Rows of the entries that are chosen, from the top."""
        return sorted(index.row() for index in self.table.selectionModel().selectedRows())

    def _show(self) -> None:
        self._model.set_types(self._editor.types)
        self._model.set_costs(self._costs)
        self._stack.setCurrentWidget(self.table if self._editor.types else self._empty)
        self.suggest_button.setText(self.tr("&Suggest more") if self._editor.types else self.tr("&Suggest a list"))
        self.suggest_button.setAccessibleName(self.suggest_button.text().replace("&", ""))
        self._update_buttons()
        self.phrases.preview.read_words()

    def _write(self) -> bool:
        """Show and store the editor's list; where that fails, go back to what is stored."""
        # The bar speaks of one edit; after another one, its button would undo something else.
        self.undo_bar.withdraw()
        if not self.session.set_anomaly_types(self._editor.types):
            draft = self.session.draft
            self._editor = AnomalyListEditor(draft.anomaly_types if draft else ())
            self._show()
            return False
        self._show()
        self.completeness_changed.emit()
        return True

    @Slot()
    def _update_buttons(self) -> None:
        chosen = len(self.chosen_rows())
        self.merge_button.setEnabled(chosen > 1)
        self.delete_button.setEnabled(chosen > 0)
        self.add_button.setEnabled(bool(self.new_edit.text().strip()))

    @Slot()
    def _on_phrases_changed(self) -> None:
        self.table.setColumnHidden(AnomalyColumn.ON_GOOD_PARTS, not self.phrases.preview.tells_types)
        self._model.notes_changed()

    # Suggestions -----------------------------------------------------------------------------------------------

    @Slot()
    def _on_suggest_clicked(self) -> None:
        draft = self.session.draft
        if draft is not None:
            self.message.clear()
            self._suggester.start(draft.description)

    @Slot(bool)
    def _on_busy_changed(self, busy: bool) -> None:
        self.suggest_button.setEnabled(not busy)
        for control in (self.cancel_button, self._busy_label):
            control.setVisible(busy and self._suggester.asks_language_model)

    @Slot(object)
    def _on_suggested(self, suggestion: Suggestion) -> None:
        added = self._editor.extend(suggestion.types)
        if added and not self._write():
            return
        if not suggestion.types:
            self.message.show_warning(self.tr("Nothing was found for this product. Type what can go wrong yourself."))
            return
        said = (
            self.tr("Added: %1.").replace("%1", str(added)) if added else self.tr("All of it is on the list already.")
        )
        self.message.show_note(f"{said} {suggestion.note}")

    @Slot(object)
    def _on_suggestion_failed(self, error: Exception) -> None:
        sentence, details = sentence_of(error)
        self.message.show_error(
            sentence or self.tr("No list could be made. Type what can go wrong yourself, or try again."), details
        )

    # Edits -----------------------------------------------------------------------------------------------------

    @Slot(int, str)
    def _on_rename_requested(self, row: int, name: str) -> None:
        if name == self._editor.types[row].name:
            return
        before = self._editor.types[row].name
        if not self._editor.rename(row, name):
            self._refuse(name)
        elif self._write() and before in self._costs:
            # It is the same defect under other words.
            self._set_cost(self._editor.types[row].name, self._costs[before])
            self._set_cost(before, None)

    @Slot(int, bool)
    def _on_enable_requested(self, row: int, enabled: bool) -> None:
        if self._editor.set_enabled(row, enabled):
            self._write()

    @Slot(int, object)
    def _on_severity_requested(self, row: int, severity: Severity) -> None:
        if self._editor.set_severity(row, severity):
            self._write()

    @Slot(int, str)
    def _on_cost_requested(self, row: int, typed: str) -> None:
        amount, understood = QLocale().toDouble(typed)
        if typed and not (understood and 0.0 <= amount <= LARGEST_COST):
            most = number(LARGEST_COST)
            text = self.tr("“%1” is no amount. Write a number from 0 to %2, or nothing.").replace("%1", typed)
            self.message.show_warning(text.replace("%2", most))
            return
        self._set_cost(self._editor.types[row].name, amount if typed else None)

    def _set_cost(self, name: str, cost: float | None) -> None:
        if self._costs.get(name) != cost and self.session.set_type_cost(name, cost):
            self._costs = self.session.type_costs()
            self._show()

    @Slot()
    def _on_add_clicked(self) -> None:
        name = self.new_edit.text()
        if not name.strip():
            return
        if not self._editor.add(name):
            self._refuse(name)
            return
        self.message.clear()
        if self._write():
            self.new_edit.clear()
            self.table.scrollToBottom()

    @Slot()
    def _on_merge_clicked(self) -> None:
        rows = self.chosen_rows()
        if len(rows) < 2:
            return
        names = [self._editor.types[row].name for row in rows]
        name, accepted = QInputDialog.getItem(self, self.tr("Merge"), self.tr("Call them together:"), names, 0, True)
        if accepted:
            self.merge(rows, name)

    def merge(self, rows: list[int], name: str) -> None:
        """Make one entry called ``name`` of several."""
        names = [self._editor.types[row].name for row in rows]
        if not self._editor.merge(rows, name):
            self._refuse(name)
        elif self._write():
            self.undo_bar.offer(self.tr("Merged into one: %1").replace("%1", ", ".join(names)))

    @Slot()
    def _on_delete_clicked(self) -> None:
        rows = self.chosen_rows()
        names = [self._editor.types[row].name for row in rows]
        self.message.clear()
        if self._editor.delete(rows) and self._write():
            self.undo_bar.offer(self.tr("Deleted: %1").replace("%1", ", ".join(names)))

    @Slot()
    def _on_undo_requested(self) -> None:
        if self._editor.undo():
            self._write()
        self.undo_bar.withdraw()

    def _on_cell_clicked(self) -> None:
        index = self.table.currentIndex()
        if index.column() in (AnomalyColumn.SEVERITY, AnomalyColumn.COST):
            self.table.edit(index)

    def _refuse(self, name: str) -> None:
        if self._editor.index_of(name) is not None:
            self.message.show_warning(self.tr("“%1” is on the list already.").replace("%1", name.strip()))
        else:
            self.message.show_warning(self.tr("Write a few words for something one can see, such as “missing screw”."))

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if self.isVisible():
            self.message.show_error(str(error))
