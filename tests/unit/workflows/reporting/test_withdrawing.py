"""What was decided is taken back by a further entry, and everything that counts decisions knows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from filo_core.types import InspectionFilter, InspectionRecord, ReviewDecision, Role, Verdict, Withdrawal
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import make_inspection, sign_product
from workflows.people.access import Access, AccessError
from workflows.people.users import Users
from workflows.reporting.history import History, ReviewError

CONFIRM, OVERRULE, RETYPE = ReviewDecision.CONFIRM, ReviewDecision.OVERRULE, ReviewDecision.RETYPE
UNDECIDED = InspectionFilter(undecided=True)
SCORES = {Verdict.OK: 0.1, Verdict.REVIEW: 0.4, Verdict.NG: 0.9}
PIN = "704829"


@pytest.fixture
def record(either_url: str, tmp_path: Path) -> Iterator[Storage]:
    with open_storage(either_url, tmp_path / "images") as opened:
        yield opened


@pytest.fixture
def judged(record: Storage) -> dict[Verdict, int]:
    recipe = sign_product(record)
    recorder = Recorder(record, "metal nut")
    return {
        verdict: recorder.record_one(make_inspection(recipe, shade, score))
        for shade, (verdict, score) in enumerate(SCORES.items())
    }


@pytest.fixture
def history(record: Storage) -> History:
    return History(record)


def test_a_first_decision_that_is_taken_back_leaves_the_part_undecided_and_both_entries_in_the_chain(
    history: History, record: Storage, judged: dict[Verdict, int]
) -> None:
    number = judged[Verdict.REVIEW]
    before = record.verify().entries
    history.review(number, CONFIRM, Verdict.NG, "Ada")
    reopened = history.withdraw(number, "Ada")
    assert reopened.review is None
    assert reopened.final_verdict is Verdict.REVIEW
    assert [(said.decision, said.verdict) for said in history.reviews(number)] == [
        (CONFIRM, Verdict.NG),
        (Withdrawal.WITHDRAW, None),
    ]
    assert history.count(UNDECIDED) == 3
    assert number in {one.inspection_id for one in history.page(UNDECIDED)}
    checked = record.verify()
    assert checked.intact
    assert checked.entries == before + 2


def test_taking_back_a_second_decision_brings_the_first_one_back_with_its_type_and_its_person(
    history: History, judged: dict[Verdict, int]
) -> None:
    number = judged[Verdict.NG]
    history.review(number, RETYPE, Verdict.NG, "Ada", anomaly_type="scratch")
    history.review(number, OVERRULE, Verdict.OK, "Bert", "dust")
    stands = history.withdraw(number, "Bert")
    assert stands.review is not None
    assert (stands.review.decision, stands.review.reviewer, stands.review.anomaly_type) == (RETYPE, "Ada", "scratch")
    assert stands.final_verdict is Verdict.NG
    assert [one.inspection_id for one in history.page(InspectionFilter(anomaly_type="scratch"))] == [number]
    history.withdraw(number, "Ada")
    assert history.page(InspectionFilter(anomaly_type="scratch")) == ()
    assert history.count(UNDECIDED) == 3


def test_what_was_taken_back_can_be_decided_anew(history: History, judged: dict[Verdict, int]) -> None:
    number = judged[Verdict.NG]
    history.review(number, OVERRULE, Verdict.OK, "Ada", "dust")
    history.withdraw(number, "Ada")
    decided = history.review(number, CONFIRM, Verdict.NG, "Ada")
    assert decided.final_verdict is Verdict.NG
    assert len(history.reviews(number)) == 3


def test_nobody_takes_back_what_somebody_else_decided_or_what_is_not_decided(
    history: History, judged: dict[Verdict, int]
) -> None:
    number = judged[Verdict.NG]
    with pytest.raises(ReviewError, match="Nothing is decided"):
        history.withdraw(number, "Ada")
    history.review(number, CONFIRM, Verdict.NG, "Ada")
    with pytest.raises(ReviewError, match="Ada has decided"):
        history.withdraw(number, "Bert")
    assert len(history.reviews(number)) == 1


def test_figures_count_as_if_it_had_never_been_decided(
    history: History, record: Storage, judged: dict[Verdict, int]
) -> None:
    def figures() -> tuple[object, ...]:
        wanted = InspectionFilter(product="metal nut")
        with record.reading() as transaction:
            found, repeated = transaction.figures, transaction.aggregates
            span = repeated.span(wanted)
            assert span is not None
            return (
                [(row.inspection_id, row.final_verdict, row.review_type) for row in found.judged(wanted)],
                sorted(found.scored(wanted)),
                found.reviewed(wanted),
                repeated.type_counts(wanted),
            )

    before = figures()
    for verdict, number in judged.items():
        history.review(number, OVERRULE if verdict is Verdict.OK else RETYPE, Verdict.NG, "Ada", "seen", "dent")
        assert figures() != before
        history.withdraw(number, "Ada")
        assert figures() == before


def test_a_picture_whose_confirmation_was_taken_back_is_not_the_first_to_go(
    history: History, record: Storage, judged: dict[Verdict, int]
) -> None:
    def ranks() -> dict[str, str]:
        with record.reading() as transaction:
            return {one.content_hash: one.rank.name for one in transaction.retention.candidates()}

    before = ranks()
    refused = history.get(judged[Verdict.NG])
    assert refused.image_hash not in before
    history.review(judged[Verdict.NG], CONFIRM, Verdict.NG, "Ada")
    assert ranks()[refused.image_hash] == "DECIDED_NG"
    history.withdraw(judged[Verdict.NG], "Ada")
    assert ranks() == before


def test_a_blind_answer_is_taken_back_and_given_anew(
    history: History, record: Storage, judged: dict[Verdict, int]
) -> None:
    number = judged[Verdict.NG]
    history.review(number, CONFIRM, Verdict.NG, "Ada")

    def blind() -> list[tuple[str, Verdict]]:
        with record.reading() as transaction:
            return [(row.reviewer, row.verdict) for row in transaction.figures.blind(InspectionFilter())]

    def queue() -> list[InspectionRecord]:
        return list(history.blind_queue(InspectionFilter(), "Bert"))

    history.review_blind(number, Verdict.OK, "Bert")
    assert (blind(), queue()) == ([("Bert", Verdict.OK)], [])
    history.withdraw_blind(number, "Bert")
    assert blind() == []
    assert [one.inspection_id for one in queue()] == [number]
    with pytest.raises(ReviewError, match="no blind verdict"):
        history.withdraw_blind(number, "Bert")
    history.review_blind(number, Verdict.NG, "Bert")
    assert blind() == [("Bert", Verdict.NG)]
    with pytest.raises(ReviewError, match="has judged"):
        history.review_blind(number, Verdict.OK, "Bert")
    assert record.verify().intact


def test_taking_back_what_makes_an_ng_good_again_is_a_signature(record: Storage, judged: dict[Verdict, int]) -> None:
    access = Access(record)
    history = History(record, access)
    Users(record, access).add("Ada", Role.ADMIN, PIN)
    access.sign_in("Ada", PIN)
    number = judged[Verdict.OK]
    refused = history.review(number, OVERRULE, Verdict.NG, "Ada", "a crack")
    assert history.withdrawal_asks_for_pin(refused)
    for pin in ("", "161803"):
        with pytest.raises(AccessError):
            history.withdraw(number, "Ada", pin)
    assert history.get(number).final_verdict is Verdict.NG
    assert history.withdraw(number, "Ada", PIN).final_verdict is Verdict.OK
    kept = history.review(judged[Verdict.NG], CONFIRM, Verdict.NG, "Ada")
    assert not history.withdrawal_asks_for_pin(kept)
    assert history.withdraw(judged[Verdict.NG], "Ada").review is None
