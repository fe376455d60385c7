"""What a card of a product says of the line: its last verdicts and the yield since a moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from filo_core.events import ImageInspected
from filo_core.types import Recipe, Review, ReviewDecision, Verdict
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.repositories.overview import Lately
from storage.storage import Storage, open_storage
from tests.unit.storage.making import MOMENT, make_draft, make_image, make_inspection, sign_product

NAME = "metal nut"


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with open_storage(sqlite_url(tmp_path / "filo.sqlite"), tmp_path / "images") as opened:
        yield opened


@pytest.fixture
def recipe(storage: Storage) -> Recipe:
    sign_product(storage, "never inspected", make_draft("never inspected"))
    return sign_product(storage, NAME, make_draft(NAME))


def inspect(storage: Storage, recipe: Recipe, score: float, at: datetime, shade: int) -> int:
    image = make_image(shade)
    made = replace(make_inspection(recipe, 1, score), image=image, image_hash=image.image_hash, inspected_at=at)
    (event,) = Recorder(storage, NAME).record([ImageInspected(0, made)])
    assert isinstance(event, ImageInspected)
    assert event.inspection_id is not None
    return event.inspection_id


def lately(storage: Storage, since: datetime, newest: int = 3) -> dict[str, Lately]:
    with storage.reading() as transaction:
        return transaction.overview.lately(since, newest)


def test_the_last_verdicts_are_those_that_count_and_yesterday_is_in_no_yield(storage: Storage, recipe: Recipe) -> None:
    for hour, score in enumerate((0.9, 0.1, 0.1, 0.9)):
        last = inspect(storage, recipe, score, MOMENT + timedelta(hours=hour), 7 + hour)
    good = Review(ReviewDecision.OVERRULE, Verdict.OK, "anna", datetime.now(UTC), "dust")
    with storage.transaction() as transaction:
        transaction.reviews.add(last, good)
    found = lately(storage, MOMENT + timedelta(hours=1))
    assert found == {NAME: Lately((Verdict.OK, Verdict.OK, Verdict.OK), {Verdict.OK: 3})}
    assert found[NAME].share_ok == 1.0
    assert lately(storage, MOMENT)[NAME].share_ok == 0.75
    assert lately(storage, MOMENT + timedelta(days=1))[NAME].share_ok is None
