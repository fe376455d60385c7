"""What the database counts for the statistics, against a plain count over the rows one by one."""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from filo_core.errors import EvidenceError
from filo_core.statistics.charts import PChart, Subgroup, control_chart, first_pass_yield, pareto
from filo_core.types import UNKNOWN_TYPE, InspectionFilter, Verdict
from storage.engine import for_writing, sqlite_url
from storage.repositories.figures import JudgedInspection
from storage.storage import Storage, Transaction, open_storage
from tests.unit.storage.counting import asked_of
from tests.unit.storage.making import sign_product
from tools.filled_record import BEGUN, EVERY_S, fill
from workflows.products.catalogue import Catalogue
from workflows.reporting.figures import FigureReader
from workflows.reporting.periods import Grouping, bounds_of, grouping_of, label_of, period_start

COUNT = 2000
MIDDLE = BEGUN + timedelta(seconds=EVERY_S * COUNT / 2)
FILTERS = (InspectionFilter(), InspectionFilter(product="nut"), InspectionFilter(since=MIDDLE))


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Storage]:
    with open_storage(sqlite_url(tmp_path / "filo.sqlite"), tmp_path / "images") as opened:
        sign_product(opened, "nut")
        sign_product(opened, "bolt")
        with for_writing(opened._engine).begin() as connection:
            fill(connection, COUNT)
        yield opened


def types_found(transaction: Transaction) -> dict[int, frozenset[str]]:
    """What the regions of every inspection are called."""
    records = transaction.inspections.page(InspectionFilter(), None, COUNT)
    return {record.inspection_id: frozenset(region.anomaly_type for region in record.regions) for record in records}


def plain_subgroups(rows: tuple[JudgedInspection, ...], grouping: Grouping) -> tuple[Subgroup, ...]:
    inspected: Counter[datetime] = Counter()
    refused: Counter[datetime] = Counter()
    for row in rows:
        if row.final_verdict is not Verdict.NOT_INSPECTED:
            start = period_start(row.inspected_at, grouping)
            inspected[start] += 1
            refused[start] += row.final_verdict is Verdict.NG
    return tuple(Subgroup(label_of(start, grouping), inspected[start], refused[start]) for start in sorted(inspected))


def plain_chart(rows: tuple[JudgedInspection, ...], grouping: Grouping) -> PChart | str:
    try:
        return control_chart(plain_subgroups(rows, grouping))
    except EvidenceError as error:
        return str(error)


def plain_types(rows: tuple[JudgedInspection, ...], types: dict[int, frozenset[str]]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for row in rows:
        if row.final_verdict is Verdict.NG:
            reviewed = frozenset({row.review_type}) if row.review_type else None
            counted.update(reviewed or types.get(row.inspection_id) or {UNKNOWN_TYPE})
    return counted


def plain_first_pass(rows: tuple[JudgedInspection, ...]) -> tuple[int, int]:
    first: dict[tuple[int, str], Verdict] = {}
    for row in rows:
        first.setdefault((row.product_id, row.image_hash or f"#{row.inspection_id}"), row.verdict)
    return sum(verdict is Verdict.OK for verdict in first.values()), len(first)


@pytest.mark.parametrize("grouping", [Grouping.AUTO, Grouping.HOUR, Grouping.SHIFT, Grouping.DAY])
@pytest.mark.parametrize("wanted", FILTERS, ids=["everything", "one product", "half the time"])
def test_the_figures_are_those_of_a_plain_count(filled: Storage, wanted: InspectionFilter, grouping: Grouping) -> None:
    figures = FigureReader(filled, Catalogue(filled)).read(wanted, grouping)
    with filled.reading() as transaction:
        rows = transaction.figures.judged(wanted)
        types = types_found(transaction)
    assert len(rows) > 100
    verdicts = Counter(row.final_verdict for row in rows)
    assert figures.counts.done == len(rows)
    assert (figures.counts.ok, figures.counts.ng) == (verdicts[Verdict.OK], verdicts[Verdict.NG])
    assert figures.untrained == sum(not row.trained and row.image_score is not None for row in rows)
    assert figures.first_pass == first_pass_yield(*plain_first_pass(rows))
    assert figures.pareto == pareto(plain_types(rows, types))
    assert figures.chart == plain_chart(rows, figures.grouping)
    by: defaultdict[Verdict | None, list[float]] = defaultdict(list)
    for row in rows:
        if row.image_score is not None:
            by[row.review_verdict].append(row.image_score)
    assert len(figures.scores.history) + figures.scores.other_model == sum(map(len, by.values()))


def test_statements_are_few_however_many_inspections_there_are(filled: Storage) -> None:
    reader = FigureReader(filled, Catalogue(filled))
    with asked_of(filled) as asked:
        figures = reader.read(InspectionFilter(), Grouping.DAY)
    with filled.reading() as transaction:
        span = transaction.aggregates.span(InspectionFilter())
    assert span is not None
    assert figures.counts.done == COUNT
    assert len(asked) < 30 + len(bounds_of(span, Grouping.DAY))


@pytest.fixture
def berlin() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(2026, 3, 29, tzinfo=UTC), 23), (datetime(2026, 10, 25, tzinfo=UTC), 25)]
)
def test_a_day_with_a_change_of_clocks_is_one_period_and_as_long_as_it_is(day: datetime, hours: int) -> None:
    morning, evening = day + timedelta(hours=0.5), day + timedelta(hours=19)
    assert period_start(morning, Grouping.DAY) == period_start(evening, Grouping.DAY)
    first, second = bounds_of((morning, evening), Grouping.DAY)
    assert second - first == timedelta(hours=hours)
    shifts = bounds_of((morning, evening), Grouping.SHIFT)
    assert [start.astimezone().hour for start in shifts] == [22, 6, 14, 22]
    by_the_hour = bounds_of((morning, evening), Grouping.HOUR)
    assert {later - earlier for earlier, later in pairwise(by_the_hour)} == {timedelta(hours=1)}


def test_without_an_inspection_days_are_the_grouping() -> None:
    assert grouping_of(None) is Grouping.DAY
