"""Reading the record in pages: which rows, in which order, at which price."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from filo_core.errors import StorageError
from filo_core.types import InspectionFilter, InspectionRecord, Origin, Review, ReviewDecision, Verdict
from storage import constraints
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.counting import asked_of
from tests.unit.storage.making import MOMENT, make_inspection, make_refusal, make_region, sign_product

MINUTE = timedelta(minutes=1)
HOW_MANY = 30
TYPES = ("scratch", "dent", "unknown")
OVERRULE = Review(ReviewDecision.OVERRULE, Verdict.OK, "Ada", MOMENT, "dust")
RETYPE = Review(ReviewDecision.RETYPE, Verdict.NG, "Ada", MOMENT, anomaly_type="crack")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """Thirty inspections of two products, a minute apart; every fifth is reviewed, two of those retyped."""
    folder = tmp_path_factory.mktemp("filled")
    with open_storage(sqlite_url(folder / "filo.sqlite"), folder / "images") as storage:
        recipes = [sign_product(storage, name) for name in ("metal nut", "bolt")]
        for number in range(HOW_MANY):
            recipe = recipes[number % 2]
            recorder = Recorder(storage, recipe.product)
            if number % 7 == 6:
                recorder.record_one(make_refusal(recipe, f"broken {number}.png"))
                continue
            regions = [make_region(TYPES[number % 3], x) for x in range(number % 4)]
            score, moment = (number % 10) / 10, MOMENT + number * MINUTE
            inspection = make_inspection(recipe, number, score, regions=regions, inspected_at=moment)
            inspection_id = recorder.record_one(inspection)
            if number % 5 == 0:
                with storage.transaction() as transaction:
                    transaction.reviews.add(inspection_id, RETYPE if number % 15 == 0 else OVERRULE)
                    if number == 15:
                        transaction.reviews.add(inspection_id, OVERRULE)
        yield storage


def read_all(storage: Storage, wanted: InspectionFilter, limit: int = 100) -> list[InspectionRecord]:
    records: list[InspectionRecord] = []
    while True:
        before_id = records[-1].inspection_id if records else None
        with storage.reading() as transaction:
            page = transaction.inspections.page(wanted, before_id, limit)
        records += page
        if len(page) < limit:
            return records


def is_wanted(record: InspectionRecord, wanted: InspectionFilter) -> bool:
    """The filter's meaning, written down a second time."""
    names = {region.anomaly_type for region in record.regions} | {record.review.anomaly_type if record.review else ""}
    return (
        wanted.product in {"", record.product}
        and (not wanted.verdicts or record.verdict in wanted.verdicts)
        and (not wanted.anomaly_type or wanted.anomaly_type in names)
        and not (wanted.undecided and record.review)
        and (wanted.since is None or record.inspected_at >= wanted.since)
        and (wanted.until is None or record.inspected_at < wanted.until)
    )


_moments = st.none() | st.integers(-1, HOW_MANY + 1).map(lambda number: MOMENT + number * MINUTE)
_filters = st.builds(
    InspectionFilter,
    product=st.sampled_from(["", "metal nut", "bolt"]),
    verdicts=st.frozensets(st.sampled_from(Verdict)),
    anomaly_type=st.sampled_from(["", *TYPES, "crack", "never seen"]),
    undecided=st.booleans(),
    since=_moments,
    until=_moments,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=_filters, limit=st.integers(1, 9))
def test_pages_hold_what_the_filter_means_newest_first(filled: Storage, wanted: InspectionFilter, limit: int) -> None:
    everything = read_all(filled, InspectionFilter())
    expected = [record for record in everything if is_wanted(record, wanted)]
    assert read_all(filled, wanted, limit) == expected
    with filled.reading() as transaction:
        assert transaction.inspections.count(wanted) == len(expected)
        verdicts = transaction.inspections.verdict_counts(wanted)
    assert verdicts == {
        verdict: number for verdict in Verdict if (number := sum(record.verdict is verdict for record in expected))
    }


def test_everything_is_read_once_and_newest_first(filled: Storage) -> None:
    ids = [record.inspection_id for record in read_all(filled, InspectionFilter(), limit=4)]
    assert len(ids) == HOW_MANY
    assert ids == sorted(ids, reverse=True)


def test_the_newest_review_counts(filled: Storage) -> None:
    record = next(record for record in read_all(filled, InspectionFilter()) if record.name == "part 15.png")
    assert record.review == OVERRULE
    assert record.final_verdict is Verdict.OK
    with filled.reading() as transaction:
        assert transaction.reviews.of(record.inspection_id) == (RETYPE, OVERRULE)


def test_a_retyped_inspection_is_found_by_its_new_type_unless_that_was_superseded(filled: Storage) -> None:
    found = [record.name for record in read_all(filled, InspectionFilter(anomaly_type="crack"))]
    assert found == ["part 0.png"]


def test_a_product_is_found_however_it_is_spelled(filled: Storage) -> None:
    assert read_all(filled, InspectionFilter(product=" METAL  Nut")) == read_all(
        filled, InspectionFilter(product="metal nut")
    )
    assert read_all(filled, InspectionFilter(product="' OR 1=1 --")) == []


@pytest.mark.parametrize("limit", [1, 5, 30])
@pytest.mark.parametrize(
    "wanted",
    [
        InspectionFilter(),
        InspectionFilter(
            "bolt",
            frozenset({Verdict.OK, Verdict.NG}),
            "scratch",
            undecided=True,
            since=MOMENT,
            until=MOMENT + 99 * MINUTE,
        ),
    ],
)
def test_a_page_costs_the_same_statements_whatever_its_length(
    filled: Storage, wanted: InspectionFilter, limit: int
) -> None:
    with asked_of(filled) as asked, filled.reading() as transaction:
        transaction.inspections.page(wanted, None, limit)
    assert len(asked) == (3 if wanted.until is None else 4)


def test_the_list_of_products_costs_the_same_however_many_there_are(filled: Storage) -> None:
    with asked_of(filled) as asked, filled.reading() as transaction:
        transaction.products.drafts()
    assert len(asked) == 5


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (InspectionFilter(product="bolt"), "ix_inspections_product_id_id"),
        (InspectionFilter("bolt", frozenset({Verdict.NG})), "ix_inspections_product_id_verdict_id"),
        (InspectionFilter(verdicts=frozenset({Verdict.NG})), "ix_inspections_verdict_id"),
        (InspectionFilter(since=MOMENT, until=MOMENT + MINUTE), "ix_inspections_inspected_at"),
        (InspectionFilter("bolt", since=MOMENT, until=MOMENT + MINUTE), "ix_inspections_inspected_at"),
        (InspectionFilter(undecided=True), "ix_reviews_inspection_id_id"),
        (InspectionFilter(anomaly_type="scratch"), "ix_regions_anomaly_type_inspection_id"),
    ],
)
def test_every_filter_has_its_index(filled: Storage, wanted: InspectionFilter, index: str) -> None:
    with asked_of(filled) as asked, filled.reading() as transaction:
        transaction.inspections.page(wanted, None, 5)
    statement, parameters = next(entry for entry in asked if "FROM inspections" in entry[0])
    with closing(sqlite3.connect(filled.where)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
    assert index in str(plan), plan


def test_exactly_once_is_asked_of_its_index(filled: Storage) -> None:
    plan = "EXPLAIN QUERY PLAN SELECT id FROM inspections WHERE recipe_version_id = 1 AND image_hash = 'x' AND "
    with filled._engine.connect() as connection:
        rows = connection.execute(text(f"{plan} {constraints.JUDGED_ONCE}")).all()
    assert "uq_inspections_judged_once" in str(rows)


def test_an_inspection_that_does_not_exist_is_refused(filled: Storage) -> None:
    with filled.reading() as transaction, pytest.raises(StorageError, match="There is no inspection 999"):
        transaction.inspections.get(999)


def test_a_moment_without_its_time_zone_is_refused(filled: Storage) -> None:
    wanted = InspectionFilter(since=datetime(2026, 3, 4))  # noqa: DTZ001 - the mistake under test
    with filled.reading() as transaction, pytest.raises(StatementError, match="needs its time zone"):
        transaction.inspections.page(wanted, None, 5)


def test_every_name_that_was_given_is_listed_once(filled: Storage) -> None:
    with filled.reading() as transaction:
        assert transaction.inspections.anomaly_types() == ("crack", "dent", "scratch", "unknown")


def test_a_moment_keeps_its_microseconds_and_comes_back_in_utc(filled: Storage) -> None:
    first = read_all(filled, InspectionFilter())[-1]
    assert first.inspected_at == MOMENT
    assert first.inspected_at.utcoffset() == timedelta(0)
    assert first.origin is Origin.FOLDER


def test_who_has_reviewed_costs_the_same_for_one_inspection_and_for_a_hundred(filled: Storage) -> None:
    for ids in ([1], list(range(1, 101))):
        with asked_of(filled) as asked, filled.reading() as transaction:
            known_by = transaction.reviews.reviewers(ids)
        assert len(asked) == 2
        assert set(known_by) == set(ids)
    assert any(known_by.values())


def test_a_name_is_found_in_any_case_of_letters(storage: Storage) -> None:
    recipe = sign_product(storage)
    recorder = Recorder(storage, recipe.product)
    for number, name in enumerate(("GEHÄUSE 1.png", "Gehäuse 2.png", "50% 3.png")):
        recorder.record_one(make_inspection(recipe, number, name=name))
    with storage.reading() as transaction:
        found = [transaction.inspections.count(InspectionFilter(name=word)) for word in ("gehäuse", "HÄU", "0%", "%")]
    assert found == [2, 2, 1, 1]
