from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from filo_core.types import Review, ReviewDecision, Verdict
from storage.engine import BrokenRuleError
from storage.models import InspectionRow, RecipeVersionRow, RegionRow, ReviewRow, Row
from storage.recorder import Recorder
from storage.sessions import RecordSession
from storage.storage import Storage
from tests.unit.storage.making import MOMENT, make_inspection, make_region, sign_product

REVIEW = Review(ReviewDecision.CONFIRM, Verdict.OK, "Ada", MOMENT)


@pytest.fixture
def filled(storage: Storage) -> Storage:
    recipe = sign_product(storage)
    number = Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1, regions=[make_region()]))
    with storage.transaction() as transaction:
        transaction.reviews.add(number, REVIEW)
    return storage


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (InspectionRow, "verdict"),
        (RegionRow, "anomaly_type"),
        (ReviewRow, "reviewer"),
        (RecipeVersionRow, "signed_by"),
    ],
)
def test_what_was_decided_cannot_be_changed(filled: Storage, table: type[Row], column: str) -> None:
    with RecordSession(filled._engine) as session:
        row = session.scalars(select(table)).one()
        setattr(row, column, "NG")
        with pytest.raises(AssertionError, match="is only ever added, never changed"):
            session.flush()


@pytest.mark.parametrize("table", [InspectionRow, RegionRow, ReviewRow])
def test_what_was_decided_cannot_be_deleted(filled: Storage, table: type[Row]) -> None:
    with RecordSession(filled._engine) as session:
        session.delete(session.scalars(select(table)).one())
        with pytest.raises(AssertionError, match="is only ever added, never deleted"):
            session.flush()


@pytest.mark.parametrize(
    "values",
    [
        {"verdict": "GOOD"},
        {"verdict": "NOT_INSPECTED"},
        {"image_score": None},
        {"map_hash": ""},
        {"image_hash": ""},
        {"origin": "elsewhere"},
        {"product_id": 99},
        {"recipe_version_id": 99},
    ],
)
def test_an_inspection_that_breaks_a_rule_is_refused_by_the_database(
    filled: Storage, values: dict[str, object]
) -> None:
    with RecordSession(filled._engine) as session, pytest.raises(IntegrityError):
        session.execute(update(InspectionRow).values(**values))


@pytest.mark.parametrize(
    "values",
    [
        {"verdict": "REVIEW"},
        {"decision": "doubt"},
        {"decision": "overrule"},
        {"decision": "retype"},
        {"inspection_id": 99},
    ],
)
def test_a_review_that_breaks_a_rule_is_refused_by_the_database(filled: Storage, values: dict[str, object]) -> None:
    with RecordSession(filled._engine) as session, pytest.raises(IntegrityError):
        session.execute(update(ReviewRow).values(**values))


def test_a_broken_rule_is_a_sentence_to_whoever_wrote(filled: Storage) -> None:
    with pytest.raises(BrokenRuleError, match=r"filo\.sqlite refused a row"), filled.transaction() as transaction:
        transaction.reviews.add(99, REVIEW)
