"""What regions may be, what they look like and which of them a person named, through the record and back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from filo_core.method.regions import MAX_REGIONS
from filo_core.naming.region_features import EMBEDDING_SIZE
from filo_core.types import InspectionFilter, Prediction, Review, ReviewDecision, TypeShare, Verdict, Withdrawal
from storage.engine import sqlite_url
from storage.naming_models import NamingRow
from storage.recorder import Recorder
from storage.repositories.namings import embeddings_of, naming_row
from storage.storage import Storage, open_storage
from tests.unit.storage.making import MOMENT, make_inspection, make_region, sign_product


@pytest.fixture
def recorder(storage: Storage) -> Recorder:
    sign_product(storage)
    return Recorder(storage, "metal nut")


def _kept(storage: Storage, number: int) -> NamingRow | None:
    with storage.reading() as transaction, Session(transaction.inspections._session.connection()) as session:
        return session.scalar(select(NamingRow).where(NamingRow.inspection_id == number))


def test_shares_and_what_is_said_of_the_image_come_back_in_every_way_to_read(
    storage: Storage, recorder: Recorder
) -> None:
    with storage.reading() as transaction:
        recipe = transaction.products.recipe("metal nut").recipe
    plain = make_inspection(recipe, 1, 0.9, regions=[make_region(looks=0.6), make_region("dent")])
    assert plain.prediction is not None
    said = replace(
        plain.prediction,
        anomaly_types=(TypeShare("scratch", 0.62518), TypeShare("dent", 0.25)),
        unfiltered_sides=("anomalous",),
        examples=7,
    )
    number = recorder.record_one(replace(plain, prediction=said))
    with storage.reading() as transaction:
        kept = transaction.inspections.get(number)
        (page,) = transaction.inspections.page(InspectionFilter(), None, 10)
    assert kept == page
    assert kept.regions[0].type_shares == (TypeShare("scratch", 0.5), TypeShare("dent", 0.25))
    assert kept.regions[1].type_shares == ()
    assert kept.anomaly_types == (TypeShare("scratch", 0.6252), TypeShare("dent", 0.25))
    assert kept.unfiltered_sides == ("anomalous",)
    assert (kept.embedding_space, kept.examples) == ("1:eyes", 7)


def test_an_embedding_comes_back_as_near_as_half_precision_is(storage: Storage, recorder: Recorder) -> None:
    with storage.reading() as transaction:
        recipe = transaction.products.recipe("metal nut").recipe
    number = recorder.record_one(make_inspection(recipe, 1, 0.9, regions=[make_region(looks=0.6), make_region("dent")]))
    row = _kept(storage, number)
    assert row is not None
    first, second = embeddings_of(row.embeddings)
    assert first is not None
    np.testing.assert_allclose(first, [0.6, 0.8], atol=1e-3)
    assert second is None


def test_what_says_nothing_of_types_has_no_row(storage: Storage, recorder: Recorder) -> None:
    with storage.reading() as transaction:
        recipe = transaction.products.recipe("metal nut").recipe
    number = recorder.record_one(make_inspection(recipe, 1, 0.9, regions=[make_region()]))
    assert _kept(storage, number) is None
    with storage.reading() as transaction:
        kept = transaction.inspections.get(number)
    assert (kept.regions[0].type_shares, kept.anomaly_types, kept.embedding_space) == ((), (), "")


def test_a_picture_full_of_regions_takes_a_bounded_number_of_bytes() -> None:
    embedding = np.full(EMBEDDING_SIZE, EMBEDDING_SIZE**-0.5, np.float32)
    shares = tuple(TypeShare("m" * 120, 0.3333) for _ in range(3))
    region = replace(make_region(), embedding=embedding, type_shares=shares)
    whole = Prediction(0.9, np.zeros((2, 2), np.float32), (region,) * MAX_REGIONS, {}, trained=True)
    row = naming_row(1, whole)
    assert row is not None
    assert max(len(text) for text in json.loads(row.embeddings)) == 1368
    assert len(row.embeddings) + len(row.shares) < 64 << 10


def test_a_review_says_which_regions_its_type_is_for(storage: Storage, recorder: Recorder) -> None:
    with storage.reading() as transaction:
        recipe = transaction.products.recipe("metal nut").recipe
    number = recorder.record_one(make_inspection(recipe, 1, 0.9, regions=[make_region(), make_region("dent")]))
    with storage.transaction() as transaction:
        for regions in ((1,), ()):
            retyped = Review(ReviewDecision.RETYPE, Verdict.NG, "Ada", MOMENT, anomaly_type="burr", regions=regions)
            transaction.reviews.add(number, retyped)
    with storage.reading() as transaction:
        assert [review.regions for review in transaction.reviews.of(number)] == [(1,), ()]
    assert storage.verify().intact


def test_names_and_named_regions_reach_the_plant_once(storage: Storage, recorder: Recorder, tmp_path: Path) -> None:
    with storage.reading() as transaction:
        recipe = transaction.products.recipe("metal nut").recipe
    number = recorder.record_one(make_inspection(recipe, 1, 0.9, regions=[make_region(looks=0.6), make_region("dent")]))
    with storage.transaction() as transaction:
        retyped = Review(ReviewDecision.RETYPE, Verdict.NG, "Ada", MOMENT, anomaly_type="burr", regions=(1,))
        transaction.reviews.add(number, retyped)
    with storage.reading() as transaction:
        rows = transaction.outbox.after(0, 100).rows
    with open_storage(sqlite_url(tmp_path / "plant.sqlite"), tmp_path / "plant") as plant:
        for station in ("line 1", "line 2"):
            with plant.transaction() as transaction:
                transaction.arrivals.take(station, rows)
        with plant.reading() as transaction:
            (kept,) = transaction.inspections.page(InspectionFilter(), None, 10)
            said = transaction.reviews.of(kept.inspection_id)
        assert plant.verify().intact
    assert kept.regions[0].type_shares[0] == TypeShare("scratch", 0.5)
    assert [review.regions for review in said] == [(1,), (1,)]


def test_each_name_that_people_gave_a_region_counts_once_an_inspection(storage: Storage, recorder: Recorder) -> None:
    with storage.reading() as transaction:
        recipe = transaction.products.recipe("metal nut").recipe
    regions = [make_region(), make_region("dent"), make_region("dent")]
    numbers = [recorder.record_one(make_inspection(recipe, shade, 0.9, regions=regions)) for shade in range(4)]

    def retype(number: int, name: str, *ordinals: int) -> None:
        with storage.transaction() as transaction:
            review = Review(ReviewDecision.RETYPE, Verdict.NG, "Ada", MOMENT, anomaly_type=name, regions=ordinals)
            transaction.reviews.add(number, review)

    for ordinal, name in enumerate(("burr", "hole", "hole")):
        retype(numbers[0], name, ordinal)
    retype(numbers[1], "rust")
    retype(numbers[2], "burr", 0)
    with storage.transaction() as transaction:
        transaction.reviews.add(numbers[2], Review(Withdrawal.WITHDRAW, None, "Ada", MOMENT))
    with storage.reading() as transaction:
        counted = transaction.aggregates.type_counts(InspectionFilter(product="metal nut"))
    # The third was taken back and is undecided again, as the fourth: each counts by its regions' own names.
    assert counted == {"burr": 1, "hole": 1, "rust": 1, "scratch": 2, "dent": 2}
