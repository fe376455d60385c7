"""A person's decisions on one inspection or several: what is asked before, who signs, and what is stored then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from filo_core.types import InspectionRecord, Verdict
from gui.review.bulk_question import wants_to_decide
from gui.review.choice_bar import ChoiceBar, ChoiceQuestion
from gui.review.decisions import can_retype, confirmed_verdict, overruled_verdict
from gui.review.questions import reason_question, type_question

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from gui.review.presenter import ReviewPresenter
    from gui.review.taking_back import TakingBack


class Deciding(QObject):
    """Several that are chosen get one entry of the record each; one alone has to have been seen."""

    asked_for = Signal()
    """Something is being stored: one may go on."""
    noted = Signal(str)
    region_named = Signal(object, int)
    """The :class:`InspectionRecord` of whose regions one is being named, and which; -1 for all of them."""

    def __init__(self, presenter: ReviewPresenter, ask: ChoiceBar, taking_back: TakingBack, parent: QWidget) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self._ask = ask
        self._taking_back = taking_back
        self._window = parent
        self._then: Callable[[str], None] | None = None
        self._asks_about_several = False
        ask.chosen.connect(self._on_answered)
        ask.given_up.connect(self._on_given_up)

    def confirm(self, several: Sequence[InspectionRecord], seen: InspectionRecord | None) -> None:
        """Agree with the verdicts."""
        if self._asks_about_several:
            # A key that came before the question was on screen.
            return
        if len(several) > 1:
            if self._wants_to_decide(several):
                self._decide(several, self._presenter.confirm, confirmed_verdict)
        elif seen is not None:
            self._decide([seen], self._presenter.confirm, confirmed_verdict)

    def _wants_to_decide(self, several: Sequence[InspectionRecord]) -> bool:
        self._asks_about_several = True
        try:
            return wants_to_decide(several, [confirmed_verdict(one) for one in several], self._window)
        finally:
            self._asks_about_several = False

    def overrule(self, several: Sequence[InspectionRecord], seen: InspectionRecord | None) -> None:
        """Ask for the reason, and disagree with the verdicts."""
        records = several if len(several) > 1 else [seen] if seen is not None else []
        if not records:
            return
        if len({overruled_verdict(one) for one in records}) > 1:
            self.noted.emit(
                self.tr("Good and bad parts are chosen together. Choose parts with one verdict, then say why.")
            )
            return
        used = self._presenter.used_reasons(overruled_verdict(records[0]))
        self._question(
            reason_question(records, used),
            lambda reason: self._decide(
                records, lambda one, pin: self._presenter.overrule(one, reason, pin), overruled_verdict
            ),
        )

    def retype(self, several: Sequence[InspectionRecord], seen: InspectionRecord | None, region: int) -> None:
        """Ask what one region is, or with -1 all of them; of several inspections always all."""
        records = several if len(several) > 1 else [seen] if seen is not None else []
        if not records:
            return
        if not all(can_retype(one) for one in records):
            self.noted.emit(self.tr("This part is OK. Say first that it is NG (O); then say what is wrong with it."))
            return
        first, count = records[0], len(records)
        where = region if count == 1 else -1
        question = type_question(first, self._presenter.type_choices(first), where, count)
        self._question(question, lambda name: self._name(records, where, name))

    def _name(self, records: Sequence[InspectionRecord], region: int, name: str) -> None:
        self.region_named.emit(records[0], region)
        if region >= 0:
            # One stays at it until each region has its name.
            self._presenter.retype(records[0], name, region)
            return
        self._decide(records, lambda one, _pin: self._presenter.retype(one, name), lambda _: Verdict.NG)

    def _decide(
        self,
        records: Sequence[InspectionRecord],
        decide: Callable[[InspectionRecord, str], bool],
        verdict_of: Callable[[InspectionRecord], Verdict],
    ) -> None:
        """Signed once where an NG becomes an OK."""
        asks = any(self._presenter.asks_for_pin(one, verdict_of(one)) for one in records)
        pin = self._taking_back.ask_for_pin() if asks else ""
        if pin is None:
            return
        begun = [decide(one, pin) for one in records]
        if any(begun):
            self.asked_for.emit()

    # Asking ----------------------------------------------------------------------------------------------------

    def _question(self, question: ChoiceQuestion, then: Callable[[str], None]) -> None:
        self._then = then
        self._ask.ask(question)

    @Slot(str)
    def _on_answered(self, answer: str) -> None:
        then, self._then = self._then, None
        if then is not None:
            then(answer)

    @Slot()
    def _on_given_up(self) -> None:
        self._then = None
