"""Takes back what one person has done in Review, newest first, by further entries of the record."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from filo_core.errors import FiloError
from filo_core.events import Taught
from filo_core.types import InspectionRecord
from gui.background import asked
from gui.pin_question import ask_for_pin
from gui.review.decisions import undo_sentence
from gui.review.undo_stack import Deed, UndoStack
from workflows.people.access import AccessError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from gui.review.presenter import ReviewPresenter
    from gui.review.second_look import SecondLook
    from gui.state import AppState


class TakingBack(QObject):
    """Decisions, teaching and blind answers of whoever works now; another person begins anew."""

    offered = Signal(str)
    """What was just done, in words, and can be taken back."""
    settled = Signal()
    """Nothing is offered any more: it is taken back, or somebody else works."""
    reopened = Signal(object)
    """The :class:`InspectionRecord` whose decision was taken back."""
    noted = Signal(str)
    failed = Signal(object)
    """A :class:`FiloError`."""

    def __init__(self, state: AppState, presenter: ReviewPresenter, second: SecondLook, parent: QWidget) -> None:
        super().__init__(parent)
        self._state = state
        self._presenter = presenter
        self._second = second
        self._window = parent
        self.stack = UndoStack()
        second.taught.connect(self._on_taught)
        second.answered_blind.connect(self._on_answered_blind)
        state.operator_changed.connect(self._on_operator_changed)

    @Slot()
    def undo(self) -> None:
        """Take back what was done last."""
        deed = self.stack.newest
        if self._presenter.saves:
            self.noted.emit(self.tr("Saving what was decided last. It can be taken back in a moment."))
        elif deed is None:
            self.noted.emit(self.tr("There is nothing to undo."))
        else:
            deed.take_back()

    def remember(self, decided: InspectionRecord) -> None:
        """A decision was taken."""
        self._offer(Deed(undo_sentence(decided), partial(self._withdraw, decided)))

    def ask_for_pin(self) -> str | None:
        """The PIN where an NG becomes an OK; None where it was given up."""
        why = self.tr("A part that was NG becomes OK. Sign with your PIN again.")
        return ask_for_pin(self._state, why, self._window)

    def _offer(self, deed: Deed) -> None:
        self.stack.add(deed)
        self.offered.emit(deed.sentence)

    def _forget(self, deed: Deed) -> None:
        self.stack.drop(deed)
        self.settled.emit()

    def _withdraw(self, decided: InspectionRecord) -> None:
        deed = self._newest()
        if self._presenter.is_saving(decided):
            return
        try:
            pin = self.ask_for_pin() if self._presenter.withdrawal_asks_for_pin(decided) else ""
        except FiloError as error:
            self._cannot(deed, error)
            return
        if pin is not None:
            self._presenter.withdraw(decided, pin, partial(self._reopen, deed), partial(self._cannot, deed))

    def _reopen(self, deed: Deed, reopened: InspectionRecord) -> None:
        self._forget(deed)
        self.reopened.emit(reopened)
        self._say_taken_back(deed)

    def _cannot(self, deed: Deed, error: Exception) -> None:
        if not isinstance(error, FiloError):
            raise error
        if not isinstance(error, AccessError):
            # What cannot be taken back now never can: somebody else has decided since.
            self._forget(deed)
        self.failed.emit(error)

    def _withdraw_blind(self, record: InspectionRecord) -> None:
        deed = self._newest()
        self._forget(deed)
        try:
            history, operator = self._state.workbench.history, self._state.operator
            asked(lambda: history.withdraw_blind(record.inspection_id, operator))
        except FiloError as error:
            self.failed.emit(error)
        else:
            self._say_taken_back(deed)

    def _newest(self) -> Deed:
        deed = self.stack.newest
        assert deed is not None, "only the newest is taken back"
        return deed

    def _say_taken_back(self, deed: Deed) -> None:
        self.noted.emit(self.tr("Taken back: %1").replace("%1", deed.sentence))

    @Slot(object)
    def _on_taught(self, taught: Taught) -> None:
        product = taught.version.recipe.product
        if not taught.undone:
            sentence = self.tr("taught as good: %1").replace("%1", product)
            self._offer(Deed(sentence, partial(self._second.undo_teaching, product), product))
        elif (deed := self.stack.teaching(product)) is not None:
            self._forget(deed)

    @Slot(object)
    def _on_answered_blind(self, answered: tuple[InspectionRecord, ...]) -> None:
        for record in answered:
            sentence = self.tr("reviewed blind: %1").replace("%1", record.name)
            self._offer(Deed(sentence, partial(self._withdraw_blind, record)))

    @Slot()
    def _on_operator_changed(self) -> None:
        self.stack.clear()
        self.settled.emit()
