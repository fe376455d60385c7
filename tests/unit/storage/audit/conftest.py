from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from filo_core.types import Review, ReviewDecision, Verdict
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import MOMENT, make_inspection, make_region, sign_product


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "filo.sqlite"


@pytest.fixture
def storage(database: Path, tmp_path: Path) -> Iterator[Storage]:
    """A signed product, four inspections with a region each, and a review of every one."""
    with open_storage(sqlite_url(database), tmp_path / "images") as opened:
        recipe = sign_product(opened)
        recorder = Recorder(opened, "metal nut", operator="Ada")
        for shade in range(4):
            number = recorder.record_one(make_inspection(recipe, shade, 0.9, regions=[make_region(x=shade)]))
            with opened.transaction() as transaction:
                transaction.reviews.add(number, Review(ReviewDecision.CONFIRM, Verdict.NG, "Ada", MOMENT))
        yield opened
