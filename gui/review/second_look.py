"""What can be done beside deciding: teach "this is good", learn from NG, take either back, and review blind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from filo_core.errors import FiloError
from filo_core.types import InspectionFilter, InspectionRecord, Verdict
from filo_core.views import picture_record
from gui.background import Background, asked
from gui.pin_question import ask_for_pin
from gui.review.blind_dialog import BlindDialog
from gui.review.learning import DefectLearning
from gui.review.teaching import Teaching
from gui.translation import in_language
from gui.widgets.controls import button
from gui.wording import number
from workflows.products.evidence import Drift, drift

if TYPE_CHECKING:
    from filo_core.events import Taught
    from filo_core.golden_set import GoldenChecked
    from gui.state import AppState


class SecondLook(QWidget):
    """Buttons under one another for the inspection that is looked at. What comes of them is told in sentences."""

    noted = Signal(str)
    warned = Signal(str)
    failed = Signal(str)
    answered_blind = Signal(object)
    """The inspections about which a second person has said something, in that order: a tuple."""
    taught = Signal(object)
    """A :class:`~filo_core.events.Taught`, also when it was taken back."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._record: InspectionRecord | None = None
        self._background = Background()
        self.teaching = Teaching(state, self)
        self.teach_button = button(
            self.tr("This is good (G)"),
            tip=self.tr("Key: G. The chosen region, or all of them, will not stand out any more."),
        )
        self.undo_button = button(self.tr("Undo teaching (U)"), tip=self.tr("Key: U. Takes back what was taught last."))
        self.learning = DefectLearning(state, self)
        self.learn_button = button(
            self.tr("Learn from NG"),
            tip=self.tr("Lets this product learn from 8 or more parts that were called NG, or takes that back."),
        )
        self.blind_button = button(
            self.tr("Blind second review"),
            tip=self.tr("Judge what others decided, without seeing their decision or the system's."),
        )
        # Laid out by the screen, among what is pressed most.
        self.why_button = button(
            self.tr("Why? (W)"),
            checkable=True,
            tip=self.tr("Key: W. Shows the place that stands out beside the nearest place of all good parts."),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for control in (self.teach_button, self.undo_button, self.learn_button, self.blind_button):
            control.setStyleSheet("QPushButton { padding: 0 6px; }")
            column.addWidget(control)
        self.teaching.taught.connect(self._on_taught)
        self.teaching.checked.connect(self._on_checked)
        self.teaching.failed.connect(self.failed)
        self.teaching.running_changed.connect(self._enable)
        self.learning.noted.connect(self.noted)
        self.learning.warned.connect(self.warned)
        self.learning.failed.connect(self.failed)
        self.learning.running_changed.connect(self._enable)
        self.learn_button.clicked.connect(self.learn)
        self._enable()

    def set_record(self, record: InspectionRecord | None) -> None:
        """The inspection that is looked at."""
        self._record = record
        self._enable()

    def teach(self, region: int) -> None:
        """Teach the region of this row of the list; all of them where none is chosen."""
        record = self._record
        if record is None or not self.teach_button.isEnabled():
            return
        pin = ask_for_pin(self._state, self.tr("What you teach takes effect now. Sign with your PIN again."), self)
        if pin is not None:
            self.teaching.teach(record, region if region >= 0 else None, pin)

    @Slot()
    def undo(self) -> None:
        """Take back what was taught to the product last."""
        if self._record is not None:
            self.undo_teaching(picture_record(self._record).product)

    def undo_teaching(self, product: str) -> None:
        """Take back what was taught to this product last."""
        if self.teaching.is_running:
            return
        pin = ask_for_pin(
            self._state, self.tr("The previous recipe takes effect again. Sign with your PIN again."), self
        )
        if pin is not None:
            self.teaching.undo(product, pin)

    @Slot()
    def learn(self) -> None:
        """Let the map of the product learn from its confirmed defects, or take that back."""
        if self._record is not None:
            self.learning.begin(picture_record(self._record).product)

    def review_blind(self, product: str) -> None:
        """Ask for the verdicts of a second person on what others decided."""
        history, operator = self._state.workbench.history, self._state.operator
        try:
            queue = asked(lambda: history.blind_queue(InspectionFilter(product=product), operator))
        except FiloError as error:
            self.failed.emit(in_language(str(error)))
            return
        if not queue:
            self.noted.emit(
                self.tr("There is nothing that others decided and you have not seen. Let a second person review.")
            )
            return
        dialog = BlindDialog(history, queue, operator, self)
        dialog.exec()
        answered = dialog.answered
        dialog.deleteLater()
        done = str(len(answered))
        self.noted.emit(self.tr("%1 reviewed blind; the agreement is in Statistics.").replace("%1", done))
        self.answered_blind.emit(answered)

    def watch_drift(self, product: str) -> None:
        """Look for drift away from the window's thread, and warn where the limits should be set again."""
        if product:
            storage = self._state.workbench.storage
            self._background.cancel_waiting()
            self._background.run(lambda: drift(storage, product), self._on_drift, lambda _: None)

    def close_down(self) -> None:
        """Expect nothing any more."""
        self.teaching.close()
        self.learning.close()
        self._background.close()

    def _on_drift(self, found: Drift) -> None:
        if found.alarm:
            self.warned.emit(in_language(found.sentence))

    @Slot()
    def _enable(self) -> None:
        record, idle = self._record, not (self.teaching.is_running or self.learning.is_running)
        judged = record is not None and record.verdict is not Verdict.NOT_INSPECTED
        self.teach_button.setEnabled(judged and idle)
        self.undo_button.setEnabled(record is not None and idle)
        self.learn_button.setEnabled(record is not None and idle)

    @Slot(object)
    def _on_taught(self, taught: Taught) -> None:
        text = self.tr("%1 places taught as good in %2 s. Recipe version %3 is in force.")
        if taught.undone:
            text = self.tr("%1 places no longer taught, in %2 s. Recipe version %3 is in force.")
        values = (number(len(taught.patches)), number(taught.seconds, 2), str(taught.version.version))
        for place, value in enumerate(values, start=1):
            text = text.replace(f"%{place}", value)
        self.noted.emit(text)
        self.taught.emit(taught)

    @Slot(object)
    def _on_checked(self, checked: GoldenChecked) -> None:
        if not checked.passed:
            undo = self.tr("Nothing is inspected until it passes: undo the teaching, or sign off with a reason.")
            self.warned.emit(f"{in_language(checked.sentence)} {undo}")
