from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filo_core.errors import FiloError, ProductError, StorageError
from filo_core.events import RunCounts
from filo_core.types import InspectionFilter, InspectionRecord, Origin, Recipe, ReviewDecision, Verdict
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import MOMENT, make_image, make_inspection, make_refusal, make_region, sign_product
from workflows.reporting.history import History, ReviewError

CONFIRM, OVERRULE, RETYPE = ReviewDecision.CONFIRM, ReviewDecision.OVERRULE, ReviewDecision.RETYPE
OK, REVIEW, NG, NOT_INSPECTED = Verdict.OK, Verdict.REVIEW, Verdict.NG, Verdict.NOT_INSPECTED
SCORES = {OK: 0.1, REVIEW: 0.4, NG: 0.9}


@pytest.fixture
def recipe(storage: Storage) -> Recipe:
    return sign_product(storage)


@pytest.fixture
def history(storage: Storage) -> History:
    return History(storage)


@pytest.fixture
def judged(storage: Storage, recipe: Recipe) -> dict[Verdict, int]:
    """One inspection of each verdict, by its id."""
    recorder = Recorder(storage, "metal nut")
    numbers = {
        verdict: recorder.record_one(make_inspection(recipe, n, score, regions=[make_region()]))
        for n, (verdict, score) in enumerate(SCORES.items())
    }
    return numbers | {NOT_INSPECTED: recorder.record_one(make_refusal(recipe))}


def test_a_review_stands_beside_the_verdict_and_never_in_its_place(
    history: History, judged: dict[Verdict, int]
) -> None:
    before = datetime.now(UTC)
    record = history.review(judged[NG], OVERRULE, OK, " Ada ", " dust on the lens\n")
    assert (record.verdict, record.final_verdict) == (NG, OK)
    assert record.review is not None
    assert (record.review.reviewer, record.review.reason) == ("Ada", "dust on the lens")
    assert before <= record.review.reviewed_at <= datetime.now(UTC)
    assert history.get(judged[NG]) == record


def test_every_decision_is_kept_and_the_newest_counts(history: History, judged: dict[Verdict, int]) -> None:
    number = judged[NG]
    history.review(number, OVERRULE, OK, "Ada", "dust")
    history.review(number, CONFIRM, NG, "Grace")
    record = history.review(number, RETYPE, NG, "Grace", anomaly_type="crack")
    assert [review.decision for review in history.reviews(number)] == [OVERRULE, CONFIRM, RETYPE]
    assert (record.final_verdict, record.review) == (NG, history.reviews(number)[-1])


@pytest.mark.parametrize(
    ("system", "decision", "verdict", "sentence"),
    [
        (NG, CONFIRM, OK, "was judged NG. Overrule it, with a reason"),
        (OK, CONFIRM, NG, "was judged OK. Overrule it, with a reason"),
        (NG, OVERRULE, NG, "was judged NG. Confirm it instead"),
        (NG, RETYPE, OK, "counts as NG"),
        (OK, RETYPE, NG, "counts as OK"),
        (NG, CONFIRM, REVIEW, "decides on OK or NG, not on REVIEW"),
        (NG, OVERRULE, NOT_INSPECTED, "decides on OK or NG, not on NOT_INSPECTED"),
    ],
)
def test_a_review_that_contradicts_itself_is_refused(
    history: History,
    judged: dict[Verdict, int],
    system: Verdict,
    decision: ReviewDecision,
    verdict: Verdict,
    sentence: str,
) -> None:
    with pytest.raises(ReviewError, match=sentence):
        history.review(judged[system], decision, verdict, "Ada", "a reason", "a type")
    assert history.reviews(judged[system]) == ()


@pytest.mark.parametrize("system", [REVIEW, NOT_INSPECTED])
@pytest.mark.parametrize("verdict", [OK, NG])
@pytest.mark.parametrize("decision", list(ReviewDecision))
def test_where_the_system_did_not_decide_a_person_may_say_either(
    history: History, judged: dict[Verdict, int], system: Verdict, verdict: Verdict, decision: ReviewDecision
) -> None:
    assert history.review(judged[system], decision, verdict, "Ada", "a reason", "a type").final_verdict is verdict


def test_overruling_needs_a_reason_retyping_a_type_and_both_a_reviewer(
    history: History, judged: dict[Verdict, int]
) -> None:
    with pytest.raises(ReviewError, match="needs a reason"):
        history.review(judged[NG], OVERRULE, OK, "Ada", "  \n")
    with pytest.raises(ReviewError, match="which anomaly type"):
        history.review(judged[NG], RETYPE, NG, "Ada", anomaly_type=" ")
    with pytest.raises(ReviewError, match="Nobody reviews"):
        history.review(judged[NG], CONFIRM, NG, " ")
    with pytest.raises(ReviewError, match="1001 characters"):
        history.review(judged[NG], OVERRULE, OK, "Ada", "x" * 1001)
    with pytest.raises(ProductError, match="reviewer's name"):
        history.review(judged[NG], CONFIRM, NG, "x" * 500)


def test_a_review_of_nothing_is_refused(history: History, judged: dict[Verdict, int]) -> None:
    with pytest.raises(StorageError, match="There is no inspection 999"):
        history.review(999, CONFIRM, NG, "Ada")


def test_what_nobody_decided_shrinks_with_every_review(history: History, judged: dict[Verdict, int]) -> None:
    undecided = InspectionFilter(undecided=True)
    assert history.count(undecided) == 4
    history.review(judged[REVIEW], CONFIRM, NG, "Ada")
    assert history.count(undecided) == 3
    assert [record.inspection_id for record in history.page(undecided)] == [
        judged[NOT_INSPECTED],
        judged[NG],
        judged[OK],
    ]
    assert history.page(undecided, before_id=judged[NG], limit=1)[0].inspection_id == judged[OK]


def test_totals_are_those_of_the_system(history: History, judged: dict[Verdict, int]) -> None:
    history.review(judged[NG], OVERRULE, OK, "Ada", "dust")
    assert history.counts("metal nut") == RunCounts(ok=1, review=1, ng=1, not_inspected=1)
    assert history.counts() == history.counts("metal nut")
    assert history.counts("bolt") == RunCounts()


def test_types_that_were_seen_include_those_a_person_gave(history: History, judged: dict[Verdict, int]) -> None:
    assert history.anomaly_types_seen() == ("scratch",)
    history.review(judged[NG], RETYPE, NG, "Ada", anomaly_type="crack")
    assert history.anomaly_types_seen() == ("crack", "scratch")
    assert [record.inspection_id for record in history.page(InspectionFilter(anomaly_type="crack"))] == [judged[NG]]


def test_the_picture_and_its_map_come_back(storage: Storage, recipe: Recipe, history: History) -> None:
    inspection = make_inspection(recipe, 5, 0.4, origin=Origin.LIVE, inspected_at=MOMENT + timedelta(seconds=1))
    assert inspection.image is not None
    record = history.get(Recorder(storage, "metal nut").record_one(inspection))
    image = history.image(record)
    assert (image.name, image.encoded, image.image_hash) == (
        inspection.image.name,
        inspection.image.encoded,
        inspection.image.image_hash,
    )
    assert (image.captured_at, image.frame_id) == (MOMENT, 5)
    assert np.array_equal(image.pixels, make_image(5).pixels)
    assert np.abs(history.anomaly_map(record) - 0.4).max() < 1e-5


def test_an_image_that_could_not_be_read_has_no_picture(history: History, judged: dict[Verdict, int]) -> None:
    record = history.get(judged[NOT_INSPECTED])
    with pytest.raises(StorageError, match="has no picture in the image store"):
        history.image(record)
    with pytest.raises(StorageError, match="has no picture in the image store"):
        history.anomaly_map(record)


def test_a_record_that_points_elsewhere_opens_no_file(history: History, judged: dict[Verdict, int]) -> None:
    record: InspectionRecord = replace(history.get(judged[OK]), image_hash="../filo.sqlite")
    with pytest.raises(StorageError, match="has no picture"):
        history.image(record)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(Verdict),
            st.sampled_from(ReviewDecision),
            st.sampled_from(Verdict),
            st.sampled_from(["", "a reason"]),
            st.sampled_from(["", "crack", "dent"]),
        ),
        max_size=8,
    )
)
def test_the_history_is_every_accepted_review_in_order(
    history: History,
    judged: dict[Verdict, int],
    steps: list[tuple[Verdict, ReviewDecision, Verdict, str, str]],
) -> None:
    expected = {system: list(history.reviews(number)) for system, number in judged.items()}
    for system, decision, verdict, reason, anomaly_type in steps:
        try:
            record = history.review(judged[system], decision, verdict, "Ada", reason, anomaly_type)
        except FiloError:
            continue
        assert record.review is not None
        expected[system].append(record.review)
    for system, number in judged.items():
        assert list(history.reviews(number)) == expected[system]
        record = history.get(number)
        assert record.verdict is system
        assert record.final_verdict is (expected[system][-1].verdict if expected[system] else system)
