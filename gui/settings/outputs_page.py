"""The outputs of the line: where verdicts go, whether they get there, and what still waits."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QTableWidget, QTableWidgetItem, QWidget

from filo_core.errors import FiloError
from filo_core.packaged import as_called
from gui.settings.controls import lay_out_list, plain_table
from gui.settings.discard_question import wants_to_discard
from gui.settings.output_dialog import OutputDialog
from gui.settings.outputs_presenter import OutputsPresenter
from gui.state import AppState
from gui.translation import in_language
from gui.widgets.controls import button, set_shown
from gui.widgets.empty_page import EmptyPage
from gui.widgets.keys import on_key
from gui.widgets.message_fold import MessageFold, MessageKind
from gui.widgets.undo_bar import UndoBar
from workflows.settings.output_address import Output

_COUNT_EVERY_MS = 2000


class OutputsPage(QWidget):
    """Shows what :class:`OutputsPresenter` holds: the outputs, then those that are none any more, with what waits."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.presenter = OutputsPresenter(state, self)
        self._trying: Output | None = None
        self._count = QTimer(self)
        self._count.setInterval(_COUNT_EVERY_MS)
        self.message = MessageFold(self)
        self.undo_bar = UndoBar(self)
        self.stray_note = MessageFold(self, closable=False)
        self.table = self._make_table()
        self.add_button = button(self.tr("&Add …"), "add", primary=True)
        self.edit_button = button(self.tr("&Edit …"), "edit")
        self.test_button = button(self.tr("&Test"), "play", tip=self.tr("Try it out without sending a verdict"))
        self.remove_button = button(self.tr("&Remove"), "delete", danger=True)
        self.discard_button = button(
            self.tr("&Discard waiting verdicts …"),
            "delete",
            danger=True,
            tip=self.tr("Discard what an output never received"),
        )
        self.empty = EmptyPage(
            "export",
            self.tr("Verdicts are kept in the record only."),
            self.tr("&Add an output"),
            self.tr("To a broker (MQTT), a web address, a file (CSV), or a PLC that reads or asks by Modbus."),
            self,
        )
        self._lay_out()
        self._connect()
        self._show_outputs()

    def _make_table(self) -> QTableWidget:
        headers = [self.tr("Kind"), self.tr("Where"), self.tr("Password"), self.tr("Waiting")]
        return plain_table(self.tr("Outputs"), headers, stretched=1, parent=self)

    def _lay_out(self) -> None:
        hint = as_called(
            self.tr(
                "Live, and a line without a window (main.py line run), deliver here from their next start on. "
                "A PLC reads every verdict by Modbus; in Live with the triggers key, PLC and HTTP it can ask as well."
            )
        )
        tools = (self.add_button, self.edit_button, self.test_button, self.remove_button, self.discard_button)
        above = (self.message, self.undo_bar, self.stray_note)
        self._stack, self._list = lay_out_list(self, above, self.empty, hint, self.table, tools)

    def _connect(self) -> None:
        self.presenter.changed.connect(self._show_outputs)
        self.presenter.checked.connect(self._on_checked)
        self.presenter.failed.connect(self.message.show_error)
        self.undo_bar.undo_requested.connect(self.undo)
        self.table.itemSelectionChanged.connect(self._update_buttons)
        self.table.doubleClicked.connect(self.edit)
        self.add_button.clicked.connect(self.add)
        self.empty.action_requested.connect(self.add)
        self.edit_button.clicked.connect(self.edit)
        self.test_button.clicked.connect(self.test)
        self.remove_button.clicked.connect(self.remove)
        self.discard_button.clicked.connect(self.discard)
        self._count.timeout.connect(self.presenter.refresh)
        for key, slot in ((Qt.Key.Key_Return, self.edit), (Qt.Key.Key_Delete, self.remove)):
            on_key(key, self.table, slot, alone=True)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.presenter.refresh()
        self._count.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._count.stop()

    def close_down(self) -> None:
        """Expect nothing any more."""
        self._count.stop()
        self.presenter.close_down()

    # Showing ---------------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> Output | None:
        """The output that is chosen in the list."""
        row, outputs = self.table.currentRow(), self.presenter.outputs
        return outputs[row] if 0 <= row < len(outputs) else None

    @property
    def chosen_stray(self) -> str:
        """Name of the output chosen in the list that is none any more; empty where another row is chosen."""
        row, strays = self.table.currentRow() - len(self.presenter.outputs), tuple(self.presenter.undelivered.strays)
        return strays[row] if 0 <= row < len(strays) else ""

    @Slot()
    def _show_outputs(self) -> None:
        presenter = self.presenter
        row = max(0, self.table.currentRow())
        strays = presenter.undelivered.strays
        rows = [self._cells(output) for output in presenter.outputs]
        rows += [(self.tr("Former output"), name, "–", str(count)) for name, count in strays.items()]
        self._stack.setCurrentWidget(self._list if rows or presenter.variable else self.empty)
        self.table.setRowCount(len(rows))
        for index, cells in enumerate(rows):
            for column, text in enumerate(cells):
                self.table.setItem(index, column, QTableWidgetItem(text))
        self.table.selectRow(min(row, self.table.rowCount() - 1))
        remedy = self.tr(
            "Verdicts are waiting for an output that was removed. Add it again to send them, or discard them."
        )
        self.stray_note.show_message(MessageKind.WARNING, remedy if strays else "")
        if presenter.variable:
            self.message.show_note(self.tr("Decided by the variable %1.").replace("%1", presenter.variable))
        self._update_buttons()

    def _cells(self, output: Output) -> tuple[str, ...]:
        password = (
            "–" if not output.user else self.tr("kept") if self.presenter.has_password(output) else self.tr("none")
        )
        waiting = "–" if not output.is_delivered else str(self.presenter.undelivered.waiting.get(output.address, 0))
        where = f"{output.user}@{output.place}" if output.user else output.place
        return (in_language(output.spec.called), where, password, waiting)

    @Slot()
    def _update_buttons(self) -> None:
        is_free, has_one = not self.presenter.variable and self.presenter.may_change, self.chosen is not None
        set_shown(self.discard_button, bool(self.presenter.undelivered.strays))
        self.discard_button.setEnabled(bool(self.chosen_stray))
        self.add_button.setEnabled(is_free)
        self.test_button.setEnabled(has_one)
        for control in (self.edit_button, self.remove_button):
            control.setEnabled(is_free and has_one)

    # Wishes ----------------------------------------------------------------------------------------------------

    @Slot()
    def add(self) -> None:
        """Ask for a new output."""
        self._ask(OutputDialog(self.presenter, parent=self))

    @Slot()
    def edit(self) -> None:
        """Ask for changes of the chosen output."""
        if self.chosen is not None and not self.presenter.variable and self.presenter.may_change:
            self._ask(OutputDialog(self.presenter, self.chosen, self))

    def _ask(self, dialog: OutputDialog) -> None:
        self.undo_bar.withdraw()
        self.message.clear()
        dialog.exec()
        dialog.deleteLater()

    @Slot()
    def test(self) -> None:
        """Try the chosen output out."""
        if self.chosen is not None:
            self.message.show_note(self.tr("Trying %1 …").replace("%1", self.chosen.place))
            self._trying = self.chosen
            self.presenter.check(self.chosen)

    @Slot(object, str)
    def _on_checked(self, output: Output, problem: str) -> None:
        # The dialog tries out what is typed there, and tells it itself.
        if output is not self._trying:
            return
        self._trying = None
        if problem:
            self.message.show_error(problem)
        else:
            self.message.show_note(self.tr("%1 works.").replace("%1", output.place))

    @Slot()
    def remove(self) -> None:
        """Take the chosen output away."""
        output = self.chosen
        if output is None or self.presenter.variable:
            return
        try:
            self.presenter.remove(output)
        except FiloError as error:
            self.message.show_error(in_language(str(error)))
            return
        self.message.clear()
        self.undo_bar.offer(self.tr("%1 was removed.").replace("%1", output.place))

    @Slot()
    def discard(self) -> None:
        """Give up what waits for the chosen output that is none any more, once the person means it."""
        stray = self.chosen_stray
        if not stray or not wants_to_discard(stray, self.presenter.undelivered.strays[stray], self):
            return
        self.undo_bar.withdraw()
        try:
            count = self.presenter.discard(stray)
        except FiloError as error:
            self.message.show_error(in_language(str(error)))
            return
        text = self.tr("%1 verdicts for %2 were discarded. The record keeps them.")
        self.message.show_note(text.replace("%1", str(count)).replace("%2", stray))

    @Slot()
    def undo(self) -> None:
        """Bring back what was removed last."""
        try:
            self.presenter.undo()
        except FiloError as error:
            self.message.show_error(in_language(str(error)))
            return
        self.undo_bar.withdraw()
