"""Filtering, going on to the next undecided one, and deciding; without a widget."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from filo_core.errors import FiloError
from filo_core.types import InspectionRecord, ReviewDecision, Verdict
from gui.background import Background, asked
from gui.records.choices import Choices, Queue
from gui.review.decisions import confirmed_verdict, overruled_verdict, type_choices
from gui.review.pace import DecidingPace
from gui.review.table_model import InspectionTableModel
from gui.writer import Writer
from workflows.reporting.figures import FigureReader

if TYPE_CHECKING:
    from gui.state import AppState


def _today() -> date:
    return datetime.now().astimezone().date()


class ReviewPresenter(QObject):
    """Owns the table's rows. What is decided shows as being saved until the record has it."""

    filter_applied = Signal()
    decided = Signal(object)
    """The :class:`InspectionRecord` as it is after a decision, once it is stored."""
    not_decided = Signal(object, str)
    """The :class:`InspectionRecord` whose decision could not be stored, and why, as a sentence."""
    failed = Signal(object)
    """A :class:`FiloError`."""
    counts_changed = Signal()
    names_read = Signal(object)
    """Anomaly types that were seen, and stations that inspected something: two tuples."""
    arrived_changed = Signal(int)
    """Inspections recorded since the table was read."""

    def __init__(self, state: AppState, today: Callable[[], date] = _today, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._today = today
        self._history = state.workbench.history
        self.model = InspectionTableModel(self._history, self)
        self.choices = Choices()
        self._used_reasons: dict[Verdict, list[str]] = {}
        self._arrived = 0
        self._counts: tuple[int, int] | None = None
        self._standing: Counter[tuple[Verdict, Verdict | None]] | None = None
        self._pace = DecidingPace()
        self._counting, self._naming = Background(), Background()
        self._writer = Writer()
        self._listed: dict[tuple[str, int], tuple[str, ...]] = {}
        state.inspection_recorded.connect(self._on_inspection_recorded)

    # Filtering -------------------------------------------------------------------------------------------------

    def apply(self, choices: Choices) -> None:
        """Show what ``choices`` leaves, newest first; how many that are is counted away from the GUI thread."""
        self.choices = choices
        self._arrived = 0
        self._counts = self._standing = None
        try:
            self.model.set_filter(choices.to_filter(self._today()), choices.order)
            self._count()
        except FiloError as error:
            self.failed.emit(error)
        self.arrived_changed.emit(0)
        self.filter_applied.emit()

    def refresh(self) -> None:
        """Read the record again under the same filter."""
        self.apply(self.choices)

    @property
    def counts(self) -> tuple[int, int] | None:
        """Inspections that the filter leaves, and how many of them nobody has decided; None until they are counted."""
        return self._counts

    @property
    def queue_counts(self) -> dict[Queue, int] | None:
        """By what counts now: how many inspections each part of them has; None until they are counted."""
        standing = self._standing
        if standing is None:
            return None
        return {queue: sum(n for key, n in standing.items() if queue.takes(*key)) for queue in Queue}

    @property
    def minutes_left(self) -> int | None:
        """How long what is left takes as one has decided so far; None while nobody can say."""
        return self._pace.minutes_left(self._counts[1]) if self._counts is not None else None

    def _count(self) -> None:
        """Count anew: a long record takes its time, and its rows need not wait for their number."""
        choices, wanted = self.choices, self.choices.without_queue(self._today())
        self._counting.cancel_waiting()
        self._counting.run(
            lambda: self._history.standing_counts(wanted), partial(self._take_counts, choices), self._fail
        )

    def _take_counts(self, choices: Choices, standing: dict[tuple[Verdict, Verdict | None], int]) -> None:
        if choices is self.choices:
            self._standing = Counter(standing)
            shown = {key: n for key, n in standing.items() if choices.queue.takes(*key)}
            undecided = sum(n for (_, decided), n in shown.items() if decided is None)
            self._counts = (sum(shown.values()), undecided)
            self.counts_changed.emit()

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, FiloError):
            raise error
        self.failed.emit(error)

    def read_names(self) -> None:
        """Read the names that are in the record, away from the GUI thread."""
        self._naming.cancel_waiting()
        reader = FigureReader(self._state.workbench.storage, self._state.workbench.catalogue)
        self._naming.run(
            lambda: (self._history.anomaly_types_seen(), reader.stations()), self.names_read.emit, self._fail
        )

    def close_down(self) -> None:
        """Expect nothing any more."""
        self._counting.close()
        self._naming.close()
        self._writer.close()

    @property
    def arrived(self) -> int:
        """Inspections recorded since the table was read."""
        return self._arrived

    def products(self) -> tuple[str, ...]:
        """Names of all products, sorted."""
        drafts = asked(self._state.workbench.catalogue.drafts)
        return tuple(sorted((draft.description.name for draft in drafts), key=str.casefold))

    # Deciding --------------------------------------------------------------------------------------------------

    def confirm(self, record: InspectionRecord, pin: str = "") -> bool:
        """Agree with the system; ``decided`` or ``failed`` tells what came of it. False while it is being saved."""
        return self._decide(record, ReviewDecision.CONFIRM, confirmed_verdict(record), pin=pin)

    def asks_for_pin(self, record: InspectionRecord, verdict: Verdict) -> bool:
        """True if whoever decides so signs it: an NG becomes an OK, and there are users."""
        return asked(lambda: self._history.asks_for_pin(record, verdict))

    def overrule(self, record: InspectionRecord, reason: str, pin: str = "") -> bool:
        """Disagree, for a reason; with the PIN where :meth:`asks_for_pin` says so. Otherwise as :meth:`confirm`."""
        verdict = overruled_verdict(record)
        return self._decide(record, ReviewDecision.OVERRULE, verdict, reason=reason.strip(), pin=pin)

    def retype(self, record: InspectionRecord, anomaly_type: str, region: int = -1) -> bool:
        """Say what one region is, or with -1 all of them; that makes the part NG. Otherwise as :meth:`confirm`."""
        regions = (region,) if region >= 0 else ()
        name = anomaly_type.strip()
        return self._decide(record, ReviewDecision.RETYPE, Verdict.NG, anomaly_type=name, regions=regions)

    def withdrawal_asks_for_pin(self, record: InspectionRecord) -> bool:
        """Whether taking the decision back is a signature: an NG becomes an OK by it.

        Raises:
            FiloError: if nothing is there that can be taken back.
        """
        return asked(lambda: self._history.withdrawal_asks_for_pin(record))

    def withdraw(
        self,
        record: InspectionRecord,
        pin: str,
        then: Callable[[InspectionRecord], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Take back the decision of whoever works now; ``then`` gets the record as it is afterwards.

        ``failed`` gets what :meth:`~workflows.reporting.history.History.withdraw` raises.
        """
        operator = self._state.operator
        self.model.set_saving(record.inspection_id, saving=True)

        def reopen(reopened: InspectionRecord) -> None:
            self._recount(record, reopened)
            self._tell(reopened)
            then(reopened)

        def refuse(error: Exception) -> None:
            self.model.set_saving(record.inspection_id, saving=False)
            failed(error)

        self._writer.write(lambda: self._history.withdraw(record.inspection_id, operator, pin), reopen, refuse)

    def is_saving(self, record: InspectionRecord) -> bool:
        """True from a decision until the record has it, or has refused it."""
        return self.model.is_saving(record.inspection_id)

    @property
    def saves(self) -> bool:
        """True while anything is being written."""
        return self._writer.is_busy

    def used_reasons(self, verdict: Verdict) -> tuple[str, ...]:
        """Reasons given for ``verdict`` since the program started, the last one at the end."""
        return tuple(self._used_reasons.get(verdict, ()))

    def type_choices(self, record: InspectionRecord) -> tuple[str, ...]:
        """Anomaly types to choose among for ``record``."""
        known = (record.product, record.recipe_version)
        if known not in self._listed:
            catalogue = self._state.workbench.catalogue
            try:
                types = asked(lambda: catalogue.recipe(*known)).recipe.anomaly_types
            except FiloError:
                # Without its recipe, the image's own regions still name what it can be.
                return type_choices((), record)
            # A version never changes.
            self._listed[known] = tuple(entry.name for entry in types if entry.enabled)
        return type_choices(self._listed[known], record)

    def _decide(
        self,
        record: InspectionRecord,
        decision: ReviewDecision,
        verdict: Verdict,
        *,
        reason: str = "",
        anomaly_type: str = "",
        pin: str = "",
        regions: tuple[int, ...] = (),
    ) -> bool:
        if self.is_saving(record):
            return False
        self.model.set_saving(record.inspection_id, saving=True)
        review = partial(
            self._history.review,
            record.inspection_id,
            decision,
            verdict,
            self._state.operator,
            reason=reason,
            anomaly_type=anomaly_type,
            pin=pin,
            regions=regions,
        )
        self._writer.write(review, partial(self._stored, record), partial(self._not_stored, record))
        return True

    def _stored(self, before: InspectionRecord, decided: InspectionRecord) -> None:
        self._recount(before, decided)
        self._pace.decided(time.monotonic())
        said = decided.review
        if said is not None and said.reason and said.verdict is not None:
            used = self._used_reasons.get(said.verdict, [])
            self._used_reasons[said.verdict] = [*(known for known in used if known != said.reason), said.reason]
        self._tell(decided)

    def _not_stored(self, record: InspectionRecord, error: Exception) -> None:
        self.model.set_saving(record.inspection_id, saving=False)
        if not isinstance(error, FiloError):
            raise error
        # Somebody may look at another part by now.
        self.not_decided.emit(record, f"{record.name}: {error}")

    def _tell(self, decided: InspectionRecord) -> None:
        self.model.replace(decided)
        self._state.review_recorded.emit(decided)
        self.decided.emit(decided)

    def _recount(self, before: InspectionRecord, after: InspectionRecord) -> None:
        if self._counts is None or self._standing is None or self._counting.is_busy:
            # What is being counted may know the decision, or not.
            self._count()
            return
        # Counting again would be late for whoever decides on one item a second.
        change = (after.review is None) - (before.review is None)
        self._counts = (self._counts[0], max(0, self._counts[1] + change))
        for record, step in ((before, -1), (after, 1)):
            decided = record.review.verdict if record.review is not None else None
            self._standing[record.verdict, decided] += step
        self.counts_changed.emit()

    # Going on --------------------------------------------------------------------------------------------------

    def next_undecided(self, row: int) -> int:
        """Row of the next inspection nobody has decided, from below ``row`` round to it again; -1 when none is left.

        Rows that were not read yet are read.
        """
        current = self.model.record_at(row)
        for candidate in range(row + 1, self.model.rowCount()):
            if self._is_open(self.model.record_at(candidate)):
                return candidate
        if self.model.canFetchMore() and not self.model.is_newest_first:
            return self._next_in_order()
        if self.model.canFetchMore():
            last = self.model.record_at(self.model.rowCount() - 1)
            found = self._undecided_before(last.inspection_id if last else None)
            if found is not None:
                return self.model.read_down_to(found.inspection_id)
        return self._from_the_top(current)

    def _from_the_top(self, current: InspectionRecord | None) -> int:
        for candidate in range(self.model.rowCount()):
            record = self.model.record_at(candidate)
            if self._is_open(record) and record is not current:
                return candidate
        return -1

    def open_rows(self, row: int, count: int) -> list[int]:
        """The rows that one comes to next: the neighbour below, then those that nobody has decided."""
        below = [row + 1, *range(row + 2, self.model.rowCount())]
        undecided = [one for one in below[: 50 * count] if self._is_open(self.model.record_at(one))]
        return list(dict.fromkeys([*undecided[:count], row + 1]))[: count + 1]

    def _next_in_order(self) -> int:
        while self.model.canFetchMore():
            first = self.model.rowCount()
            self.model.fetchMore()
            for candidate in range(first, self.model.rowCount()):
                if self._is_open(self.model.record_at(candidate)):
                    return candidate
        return self._from_the_top(None)

    def _is_open(self, record: InspectionRecord | None) -> bool:
        return record is not None and record.review is None and not self.is_saving(record)

    def _undecided_before(self, inspection_id: int | None) -> InspectionRecord | None:
        wanted = replace(self.model.filter, undecided=True)
        page = asked(lambda: self._history.page(wanted, before_id=inspection_id, limit=1))
        return page[0] if page else None

    def _on_inspection_recorded(self) -> None:
        self._arrived += 1
        self.arrived_changed.emit(self._arrived)
