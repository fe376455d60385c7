"""Counts that the database makes, against the same counts made from the records one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from filo_core.types import UNKNOWN_TYPE, InspectionFilter, InspectionRecord, Verdict
from storage.engine import for_writing
from storage.repositories.aggregates import Counted
from storage.storage import Storage, open_storage
from tests.unit.storage.making import sign_product
from tools.filled_record import BEGUN, EVERY_S, fill

COUNT = 3000
FILTERS = (InspectionFilter(), InspectionFilter(product="nut"), InspectionFilter(undecided=True))


@pytest.fixture
def filled(either_url: str, tmp_path: Path) -> Iterator[Storage]:
    with open_storage(either_url, tmp_path / "images") as opened:
        sign_product(opened, "nut")
        sign_product(opened, "bolt")
        with for_writing(opened._engine).begin() as connection:
            fill(connection, COUNT)
        yield opened


def records(storage: Storage, wanted: InspectionFilter) -> tuple[InspectionRecord, ...]:
    with storage.reading() as transaction:
        return transaction.inspections.following(wanted, 0, COUNT)


@pytest.mark.parametrize("number_of_periods", [5, 230])
def test_counts_by_period_and_type_are_those_of_the_records(filled: Storage, number_of_periods: int) -> None:
    length = timedelta(seconds=1.25 * EVERY_S * COUNT / number_of_periods)
    bounds = [BEGUN + number * length for number in range(number_of_periods + 1)]
    for wanted in FILTERS:
        found = records(filled, wanted)
        with filled.reading() as transaction:
            periods = transaction.aggregates.by_period(wanted, bounds)
            types = transaction.aggregates.type_counts(wanted)
            span = transaction.aggregates.span(wanted)
        for number, counted in enumerate(periods):
            within = [one for one in found if bounds[number] <= one.inspected_at < bounds[number + 1]]
            assert counted == Counted(len(within), sum(one.final_verdict is Verdict.NG for one in within)), wanted
        expected = Counter(
            name
            for one in found
            if one.final_verdict is Verdict.NG
            for name in {region.anomaly_type for region in one.regions} or {UNKNOWN_TYPE}
        )
        assert types == dict(expected), wanted
        assert span == (found[0].inspected_at, found[-1].inspected_at)


def test_a_filled_record_keeps_the_rules_and_its_chain(filled: Storage) -> None:
    assert filled.verify().intact
    with filled.reading() as transaction:
        assert transaction.aggregates.span(InspectionFilter(product="nothing")) is None


def test_every_page_of_a_type_and_time_is_that_of_the_records(filled: Storage) -> None:
    wanted = InspectionFilter(
        "nut", frozenset({Verdict.NG}), "scratch", since=BEGUN + timedelta(hours=1), until=BEGUN + timedelta(hours=2)
    )
    expected = [one.inspection_id for one in records(filled, wanted)][::-1]
    assert len(expected) > 4
    seen: list[int] = []
    with filled.reading() as transaction:
        while page := transaction.inspections.page(wanted, seen[-1] if seen else None, 3):
            seen += [record.inspection_id for record in page]
    assert seen == expected
