"""A hundred thousand inspections: filters answer at once, and scrolling never waits for the record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import insert, select

from filo_core.types import Verdict
from gui.records.choices import Choices, Period
from gui.review.panel import ReviewPanel
from gui.state import AppState
from storage.models import InspectionRow, ProductRow, RecipeVersionRow, RegionRow, ReviewRow
from tests.unit.gui.review.conftest import FIRST_MOMENT
from tests.unit.storage.counting import asked_of
from workflows.workbench import Workbench

ROWS = 100_000
LONGEST_FILTER_S = 0.2 / 3
"""A third of what a person may wait, so that a machine three times as slow still keeps it."""
LONGEST_PAGE_S = 0.05
MOST_STATEMENTS = 12
"""A filter's page with its regions and reviews, the two counts, and what the first row's detail shows."""
VERDICTS = (Verdict.OK,) * 15 + (Verdict.REVIEW,) * 3 + (Verdict.NG,) * 2


@pytest.fixture
def large(workbench: Workbench, product: str) -> str:
    """Rows as the recorder writes them, a minute apart, a tenth of them reviewed."""
    with workbench.storage.transaction() as transaction:
        session = transaction.inspections._session
        product_id = session.scalar(select(ProductRow.id))
        version_id = session.scalar(select(RecipeVersionRow.id))
        for first in range(0, ROWS, 5_000):
            numbers = range(first, first + 5_000)
            session.execute(insert(InspectionRow), [_row(number, product_id, version_id) for number in numbers])
            found = [number + 1 for number in numbers if VERDICTS[number % 20] is not Verdict.OK]
            session.execute(insert(RegionRow), [_region(inspection_id) for inspection_id in found])
            session.execute(insert(ReviewRow), [_review(number + 1) for number in numbers if number % 10 == 0])
    return product


def _row(number: int, product_id: int | None, version_id: int | None) -> dict[str, object]:
    verdict = VERDICTS[number % 20]
    score = {Verdict.OK: 0.1, Verdict.REVIEW: 0.4, Verdict.NG: 0.8}[verdict]
    return {
        "product_id": product_id, "recipe_version_id": version_id, "name": f"part_{number:06}.png",
        "image_hash": f"{number:064x}", "map_hash": "f" * 64, "width": 64, "height": 48, "verdict": verdict.value,
        "reason": "", "image_score": score, "limit_ok": 0.3, "limit_ng": 0.6, "limit_region": 0.4, "trained": True,
        "origin": "live", "station": "line 1", "operator": "anna",
        "inspected_at": FIRST_MOMENT + timedelta(minutes=number), "seconds": 0.03, "stage_seconds": "{}",
    }  # fmt: skip


def _region(inspection_id: int) -> dict[str, object]:
    name = ("scratch", "dent")[inspection_id % 2]
    return {
        "inspection_id": inspection_id, "ordinal": 0, "x": 1, "y": 1, "width": 5, "height": 5, "area_px": 25,
        "score": 0.8, "anomaly_type": name, "type_confidence": 0.5, "position": "center",
    }  # fmt: skip


def _review(inspection_id: int) -> dict[str, object]:
    verdict = Verdict.OK if VERDICTS[(inspection_id - 1) % 20] is Verdict.OK else Verdict.NG
    return {
        "inspection_id": inspection_id, "decision": "confirm", "verdict": verdict.value, "reviewer": "ada",
        "reviewed_at": FIRST_MOMENT, "reason": "", "anomaly_type": "",
    }  # fmt: skip


@pytest.fixture
def panel(qtbot: QtBot, state: AppState, large: str) -> Iterator[ReviewPanel]:
    made = ReviewPanel(state)
    qtbot.addWidget(made)
    made.resize(1230, 760)
    made.show()
    yield made
    made.close_down()


def _seconds(work: Callable[[], object]) -> float:
    """What the window's thread itself spends: other programs on the machine are not to be measured."""
    started = time.thread_time()
    work()
    return time.thread_time() - started


@pytest.mark.slow
@pytest.mark.timed
def test_filters_answer_within_200_ms_and_scrolling_reads_its_pages_unnoticed(
    panel: ReviewPanel,
    large: str,
    workbench: Workbench,
    until: Callable[..., None],
    record_property: Callable[[str, object], None],
) -> None:
    presenter = panel.presenter
    presenter._today = lambda: date(2026, 5, 1)
    everything = Choices(verdicts=frozenset())
    filters = {
        "everything": everything,
        "to look at": Choices(),
        "one product": replace(everything, product=large),
        "NG of one product": Choices(product=large, verdicts=frozenset({Verdict.NG})),
        "undecided": replace(everything, undecided=True),
        "doubtful and undecided": Choices(undecided=True),
        "one type": replace(everything, anomaly_type="scratch"),
        "last 30 days": replace(everything, period=Period.MONTH),
        "all at once": Choices(large, anomaly_type="dent", undecided=True, period=Period.MONTH),
    }
    took, statements = {}, {}
    for name, choices in filters.items():
        with asked_of(workbench.storage) as asked:
            took[name] = min(_seconds(lambda chosen=choices: presenter.apply(chosen)) for _ in range(3))  # type: ignore[misc]
            until(lambda: presenter.counts is not None, "the count")
        statements[name] = len([statement for statement, _ in asked if statement.startswith("SELECT")]) / 3
    record_property("filters_s", took)
    assert {name: count for name, count in statements.items() if count > MOST_STATEMENTS} == {}
    presenter.apply(everything)
    until(lambda: presenter.counts is not None, "the count")
    assert presenter.counts == (ROWS, ROWS - ROWS // 10)
    pages = []
    model, table = presenter.model, panel.table
    while model.canFetchMore():
        pages.append(_seconds(model.fetchMore))
        if len(pages) % 50 == 0:
            table.scrollToBottom()
            pages.append(_seconds(table.viewport().repaint))
    record_property("page_p99_s", round(float(np.percentile(pages, 99)), 4))
    assert model.rowCount() == ROWS
    assert float(np.percentile(pages, 99)) < LONGEST_PAGE_S
    assert {name: seconds for name, seconds in took.items() if seconds > LONGEST_FILTER_S} == {}
