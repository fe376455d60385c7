from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest

from filo_core.types import InspectionFilter, InspectionRecord, ReviewDecision, Verdict
from gui.records.choices import Choices
from gui.review.presenter import ReviewPresenter
from gui.review.table_model import PAGE, RECORD_ROLE, VERDICT_ROLE, ReviewColumn
from gui.state import AppState
from tests.unit.gui.review.conftest import record_without_pictures

Until = Callable[..., None]
EVERYTHING = Choices(verdicts=frozenset())


@pytest.fixture
def presenter(state: AppState) -> Iterator[ReviewPresenter]:
    made = ReviewPresenter(state, today=lambda: date(2026, 3, 1))
    yield made
    made.close_down()


def records(presenter: ReviewPresenter) -> list[InspectionRecord]:
    found = [presenter.model.record_at(row) for row in range(presenter.model.rowCount())]
    assert all(record is not None for record in found)
    return found  # type: ignore[return-value]


class Deciding:
    """Asks the presenter for a decision, and waits until it is stored or refused."""

    def __init__(self, presenter: ReviewPresenter, until: Until) -> None:
        self._presenter = presenter
        self._until = until
        self._told: list[InspectionRecord] = []
        presenter.decided.connect(self._told.append)

    def __call__(self, asked_for: bool) -> InspectionRecord | None:
        """The record as it is then; None where it was refused."""
        assert asked_for
        self._until(lambda: not self._presenter.saves, "it is stored or refused")
        return self._told.pop() if self._told else None


@pytest.fixture
def deciding(presenter: ReviewPresenter, until: Until) -> Deciding:
    return Deciding(presenter, until)


def first(presenter: ReviewPresenter, verdict: Verdict) -> InspectionRecord:
    presenter.apply(EVERYTHING)
    return next(record for record in records(presenter) if record.verdict is verdict)


@pytest.mark.usefixtures("inspected")
def test_at_first_only_what_somebody_has_to_look_at_is_shown(presenter: ReviewPresenter, until: Until) -> None:
    presenter.apply(Choices())
    assert sorted(record.verdict for record in records(presenter)) == ["NG", "NG", "NOT_INSPECTED", "REVIEW", "REVIEW"]
    until(lambda: presenter.counts == (5, 5))
    presenter.apply(EVERYTHING)
    assert presenter.counts is None
    until(lambda: presenter.counts == (8, 8))


@pytest.mark.parametrize("verdict", [Verdict.OK, Verdict.NG])
@pytest.mark.usefixtures("inspected")
def test_a_confirmed_verdict_stands_and_carries_the_operators_name(
    presenter: ReviewPresenter, state: AppState, verdict: Verdict, until: Until, deciding: Deciding
) -> None:
    reported: list[InspectionRecord] = []
    state.review_recorded.connect(reported.append)
    record = first(presenter, verdict)
    decided = deciding(presenter.confirm(record))
    assert decided is not None
    assert decided.final_verdict is verdict
    assert decided.review is not None
    assert decided.review.reviewer == "anna"
    assert reported == [decided]
    until(lambda: presenter.counts == (8, 7))


@pytest.mark.parametrize("verdict", [Verdict.REVIEW, Verdict.NOT_INSPECTED])
@pytest.mark.usefixtures("inspected")
def test_a_confirmed_doubt_is_ng_and_an_overruled_one_is_ok(
    presenter: ReviewPresenter, verdict: Verdict, deciding: Deciding
) -> None:
    record = first(presenter, verdict)
    confirmed = deciding(presenter.confirm(record))
    assert confirmed is not None
    assert confirmed.final_verdict is Verdict.NG
    overruled = deciding(presenter.overrule(confirmed, " within tolerance "))
    assert overruled is not None
    assert overruled.final_verdict is Verdict.OK
    assert [(review.decision, review.reason) for review in overruled.decisions[::-1]] == [
        (ReviewDecision.OVERRULE, "within tolerance"),
        (ReviewDecision.CONFIRM, ""),
    ]
    assert overruled.verdict is verdict


@pytest.mark.usefixtures("inspected")
def test_an_overruling_is_taken_back_by_confirming_and_both_are_kept(
    presenter: ReviewPresenter, deciding: Deciding
) -> None:
    record = first(presenter, Verdict.OK)
    refused = deciding(presenter.overrule(record, "a defect was missed"))
    assert refused is not None
    assert refused.final_verdict is Verdict.NG
    accepted = deciding(presenter.confirm(refused))
    assert accepted is not None
    assert accepted.final_verdict is Verdict.OK
    assert [review.verdict for review in accepted.decisions[::-1]] == [Verdict.OK, Verdict.NG]


@pytest.mark.usefixtures("inspected")
def test_an_overruling_without_a_reason_is_refused_and_told(
    presenter: ReviewPresenter, until: Until, deciding: Deciding
) -> None:
    told: list[str] = []
    presenter.not_decided.connect(lambda _, why: told.append(why))
    assert deciding(presenter.overrule(first(presenter, Verdict.NG), "  ")) is None
    assert "reason" in told[0]
    until(lambda: presenter.counts == (8, 8))
    assert presenter.used_reasons(Verdict.OK) == ()


@pytest.mark.usefixtures("inspected")
def test_retyping_names_the_anomaly_and_leaves_the_part_ng(presenter: ReviewPresenter, deciding: Deciding) -> None:
    record = first(presenter, Verdict.REVIEW)
    assert presenter.type_choices(record) == ("scratch", "dent", "unknown")
    decided = deciding(presenter.retype(record, "dent"))
    assert decided is not None
    assert decided.final_verdict is Verdict.NG
    row = presenter.model.row_of(record.inspection_id)
    assert presenter.model.index(row, ReviewColumn.TYPES).data() == "dent"
    presenter.apply(Choices(verdicts=frozenset(), anomaly_type="dent"))
    assert [found.inspection_id for found in records(presenter)] == [record.inspection_id]


@pytest.mark.usefixtures("inspected")
def test_reasons_used_are_offered_again_the_last_one_last(presenter: ReviewPresenter, deciding: Deciding) -> None:
    presenter.apply(Choices())
    doubtful = [record for record in records(presenter) if record.verdict is not Verdict.NOT_INSPECTED]
    for record, reason in zip(doubtful, ("oil film", "burr allowed", "oil film"), strict=False):
        deciding(presenter.overrule(record, reason))
    assert presenter.used_reasons(Verdict.OK) == ("burr allowed", "oil film")
    assert presenter.used_reasons(Verdict.NG) == ()


@pytest.mark.usefixtures("inspected")
def test_a_decided_row_stays_in_its_place_and_shows_the_decision(
    presenter: ReviewPresenter, deciding: Deciding
) -> None:
    presenter.apply(Choices(undecided=True))
    before = [record.inspection_id for record in records(presenter)]
    second = records(presenter)[1]
    deciding(presenter.confirm(second))
    assert [record.inspection_id for record in records(presenter)] == before
    index = presenter.model.index(1, ReviewColumn.FINAL)
    assert Verdict(index.data(VERDICT_ROLE)) is Verdict.NG or second.verdict is Verdict.OK
    assert index.data(RECORD_ROLE).review is not None
    presenter.refresh()
    assert second.inspection_id not in [record.inspection_id for record in records(presenter)]


@pytest.mark.usefixtures("inspected")
def test_next_goes_down_round_and_ends_when_all_is_decided(presenter: ReviewPresenter, deciding: Deciding) -> None:
    presenter.apply(Choices())
    visited = []
    row = 2
    while row >= 0:
        visited.append(row)
        record = presenter.model.record_at(row)
        assert record is not None
        deciding(presenter.confirm(record))
        row = presenter.next_undecided(row)
    assert visited == [2, 3, 4, 0, 1]


@pytest.mark.usefixtures("inspected")
def test_next_does_not_stay_at_the_one_that_is_looked_at(presenter: ReviewPresenter, deciding: Deciding) -> None:
    presenter.apply(Choices())
    for row in range(4):
        record = presenter.model.record_at(row)
        assert record is not None
        deciding(presenter.confirm(record))
    assert presenter.next_undecided(4) == -1
    assert presenter.next_undecided(0) == 4


def test_a_long_table_is_read_page_by_page_and_next_reads_on(
    presenter: ReviewPresenter, product: str, state: AppState
) -> None:
    record_without_pictures(state.workbench, product, 2 * PAGE + 30)
    presenter.apply(Choices())
    model = presenter.model
    assert model.rowCount() == PAGE
    assert model.canFetchMore()
    oldest_first = state.workbench.history.page(InspectionFilter(), limit=1000)[::-1]
    for record in oldest_first[5:]:
        state.workbench.history.review(record.inspection_id, ReviewDecision.CONFIRM, Verdict.NG, "anna")
    presenter.refresh()
    row = presenter.next_undecided(0)
    found = model.record_at(row)
    assert found is not None
    assert found.name == "image_0004.png"
    assert row == 2 * PAGE + 30 - 5
    assert model.rowCount() == 2 * PAGE + 30
    assert not model.canFetchMore()
    ids = [record.inspection_id for record in records(presenter)]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == len(ids)


def test_filters_by_product_and_day_leave_what_they_say(
    presenter: ReviewPresenter, product: str, state: AppState
) -> None:
    record_without_pictures(state.workbench, product, 3)
    presenter.apply(Choices(product="another"))
    assert presenter.model.rowCount() == 0
    presenter.apply(Choices(product=product))
    assert presenter.model.rowCount() == 3


def test_new_inspections_are_counted_until_the_table_is_read_again(
    presenter: ReviewPresenter, inspected: str, state: AppState
) -> None:
    presenter.apply(EVERYTHING)
    counts: list[int] = []
    presenter.arrived_changed.connect(counts.append)
    state.report_inspection(object())  # type: ignore[arg-type]
    state.report_inspection(object())  # type: ignore[arg-type]
    assert presenter.arrived == 2
    presenter.refresh()
    assert counts == [1, 2, 0]
