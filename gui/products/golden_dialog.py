"""The golden set of a product: its known parts, the check, and letting inspection go on in spite of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QListWidget, QVBoxLayout, QWidget

from filo_core.errors import FiloError
from filo_core.golden_set import GoldenChecked
from gui.background import Background, asked, sentence_of
from gui.one_job import OneJob
from gui.picking import pick_folder
from gui.theme import SPACE
from gui.widgets.controls import HintedEdit, button, plain_label
from gui.widgets.message_fold import MessageFold
from gui.widgets.rows_layout import RowsLayout
from gui.wording import date_and_time
from workflows.products.golden import GoldenSets

if TYPE_CHECKING:
    from gui.state import AppState


class GoldenDialog(QDialog):
    """Adds a folder of known parts, checks them, and takes a signature with a reason."""

    def __init__(self, state: AppState, product: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._product = product
        self._golden = GoldenSets(state.workbench.storage, state.workbench.access)
        self._background = Background()
        self._job = OneJob(self)
        self._blocked = False
        self.message = MessageFold(self, closable=False)
        self.parts = QListWidget(self)
        self.parts.setAccessibleName(self.tr("Known parts"))
        self.log = QListWidget(self)
        self.log.setAccessibleName(self.tr("Checks, newest first"))
        self.log.setWordWrap(True)
        self.add_button = button(
            self.tr("&Add a folder …"),
            "add",
            tip=self.tr("A folder good with good parts, others beside it with bad ones"),
        )
        self.check_button = button(self.tr("&Check now"), "check", primary=True)
        self.reason = HintedEdit(self)
        self.reason.setPlaceholderText(self.tr("Why the inspection may go on"))
        self.reason.setAccessibleName(self.tr("Why the inspection may go on"))
        self.pin = HintedEdit(self)
        self.pin.setPlaceholderText(self.tr("your PIN again"))
        self.pin.setAccessibleName(self.tr("PIN"))
        self.pin.setEchoMode(QLineEdit.EchoMode.Password)
        self.pin.setVisible(state.asks_for_sign_in)
        self.release_button = button(
            self.tr("&Sign off"), tip=self.tr("Inspect anyway; your name and reason are recorded")
        )
        self._lay_out()
        self._connect()
        self._reload()

    def _lay_out(self) -> None:
        self.setWindowTitle(self.tr("Golden set of %1").replace("%1", self._product))
        self.resize(680, 560)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.add_button)
        buttons.addStretch(1)
        buttons.addWidget(self.check_button)
        signing = RowsLayout()
        signing.add(self.reason, 1)
        signing.add(self.pin)
        signing.add(self.release_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addWidget(self.message)
        layout.addWidget(plain_label(self.tr("Known parts"), "heading"))
        layout.addWidget(self.parts, 1)
        layout.addLayout(buttons)
        layout.addWidget(plain_label(self.tr("Checks, newest first"), "heading"))
        layout.addWidget(self.log, 1)
        layout.addLayout(signing)

    def _connect(self) -> None:
        self.add_button.clicked.connect(self._on_add_clicked)
        self.check_button.clicked.connect(self.check)
        self.release_button.clicked.connect(self.release)
        self.reason.textChanged.connect(self._enable)
        self.pin.textChanged.connect(self._enable)
        self._job.event_arrived.connect(self._on_event)
        self._job.running_changed.connect(self._enable)
        self._job.failed.connect(self._on_check_failed)
        self.finished.connect(self._on_finished)

    # What is shown ---------------------------------------------------------------------------------------------

    def _reload(self) -> None:
        try:
            golden, product = self._golden, self._product
            parts, checks, problem = asked(
                lambda: (golden.parts(product), golden.checks(product), golden.problem(product))
            )
        except FiloError as error:
            self.message.show_error(str(error))
            return
        self.parts.clear()
        self.parts.addItems([f"{part.expected.value}   {part.name}" for part in parts])
        self.log.clear()
        for check in checks:
            moment = date_and_time(check.checked_at)
            self.log.addItem(f"{moment}  {check.checked_by}: {check.checked.sentence}")
        if problem:
            self.message.show_warning(problem)
        elif not parts:
            self.message.show_note(self.tr("There are no known parts yet, so nothing is checked."))
        else:
            self.message.clear()
        self._blocked = bool(problem)
        self._enable()

    @Slot()
    def _enable(self) -> None:
        idle = not self._job.is_running and not self._background.is_busy
        self.add_button.setEnabled(idle)
        self.check_button.setEnabled(idle and self.parts.count() > 0)
        self.reason.setEnabled(self._blocked)
        self.pin.setEnabled(self._blocked)
        known = bool(self.pin.text()) or self.pin.isHidden()
        self.release_button.setEnabled(self._blocked and known and bool(self.reason.text().strip()))

    # What is done ----------------------------------------------------------------------------------------------

    @Slot()
    def _on_add_clicked(self) -> None:
        folder = pick_folder(self._state, self.tr("Folder of known parts"), self)
        if folder:
            self.add_folder(Path(folder))

    def add_folder(self, folder: Path) -> None:
        """Add the known parts of a folder."""
        golden, product, by = self._golden, self._product, self._state.operator
        self._background.run(lambda: golden.add_folder(product, folder, by), lambda _: self._reload(), self._tell)
        self._enable()

    @Slot()
    def check(self) -> None:
        """Judge the known parts under the recipe in force."""
        inspector = self._state.workbench.inspector
        self._job.submit(lambda signals: inspector.check_golden_set(self._product, signals))

    @Slot()
    def release(self) -> None:
        """Let inspection go on, for the reason that was typed."""
        pin = self.pin.text()
        # Not left standing on the screen, whatever comes of it.
        self.pin.clear()
        try:
            golden, product = self._golden, self._product
            by, reason = self._state.operator, self.reason.text()
            asked(lambda: golden.release(product, by, reason, pin))
        except FiloError as error:
            self.message.show_error(str(error))
            return
        self.reason.clear()
        self._reload()

    @Slot(object)
    def _on_event(self, event: object) -> None:
        if isinstance(event, GoldenChecked):
            self._reload()

    @Slot(str, str)
    def _on_check_failed(self, sentence: str, details: str) -> None:
        self.message.show_error(sentence, details)

    def _tell(self, error: Exception) -> None:
        sentence, details = sentence_of(error)
        self.message.show_error(sentence or self.tr("That did not work. Try again."), details)
        self._enable()

    @Slot()
    def _on_finished(self) -> None:
        self._job.close()
        self._background.close()
