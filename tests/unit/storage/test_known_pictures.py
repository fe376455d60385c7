"""Known parts that are inspected by mistake: recognised, said, and kept out of figures and evidence."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from filo_core.events import ImageInspected
from filo_core.golden_set import GoldenPart
from filo_core.sessions import SessionPart
from filo_core.types import InspectionFilter, KnownAs, Recipe, Reference, SourceImage, Verdict
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import MOMENT, make_draft, make_image, make_inspection, sign_product

NAME = "metal nut"
REFERENCE, NEWS = make_image(1, "good.png"), make_image(7, "news.png")


def as_bmp(image: SourceImage) -> SourceImage:
    """The same pixels in another file."""
    content = io.BytesIO()
    Image.fromarray(image.pixels).save(content, "BMP")
    encoded = content.getvalue()
    return replace(image, encoded=encoded, image_hash=hashlib.sha256(encoded).hexdigest())


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with open_storage(sqlite_url(tmp_path / "filo.sqlite"), tmp_path / "images") as opened:
        yield opened


@pytest.fixture
def recipe(storage: Storage) -> Recipe:
    references = (Reference(REFERENCE.image_hash, REFERENCE.name),)
    made = sign_product(storage, NAME, replace(make_draft(NAME), references=references))
    storage.artefacts.put_image(REFERENCE)
    with storage.transaction() as transaction:
        transaction.known.note(REFERENCE, None)
    return made


def inspect(storage: Storage, recipe: Recipe, image: SourceImage) -> KnownAs | None:
    inspection = replace(make_inspection(recipe, 1, 0.9), image=image, image_hash=image.image_hash, name=image.name)
    (event,) = Recorder(storage, NAME).record([ImageInspected(0, inspection)])
    assert isinstance(event, ImageInspected)
    assert event.inspection_id is not None
    with storage.reading() as transaction:
        assert transaction.inspections.get(event.inspection_id).known_as is event.inspection.known_as
    return event.inspection.known_as


def test_a_good_image_is_known_by_its_file_and_by_its_pixels(storage: Storage, recipe: Recipe) -> None:
    assert inspect(storage, recipe, REFERENCE) is KnownAs.REFERENCE
    assert inspect(storage, recipe, as_bmp(REFERENCE)) is KnownAs.REFERENCE
    assert inspect(storage, recipe, NEWS) is None


def test_one_pixel_beside_the_rows_that_are_compared_first_is_news(storage: Storage, recipe: Recipe) -> None:
    large = make_image(3, "large.png", side=200)
    storage.artefacts.put_image(large)
    with storage.transaction() as transaction:
        transaction.known.note(large, None)
        transaction.golden.put(
            transaction.products.product_id(NAME), GoldenPart(large.image_hash, "l", Verdict.OK), "A"
        )
    assert inspect(storage, recipe, as_bmp(large)) is KnownAs.GOOD
    compared = set(np.linspace(0, 199, 64).round().astype(int).tolist())
    scratched = large.pixels.copy()
    scratched[next(row for row in range(200) if row not in compared), 100] = 255
    assert inspect(storage, recipe, as_bmp(replace(large, pixels=scratched))) is None


def test_golden_parts_and_those_of_other_sessions_are_known(storage: Storage, recipe: Recipe) -> None:
    good, bad, night = make_image(11), make_image(12), make_image(13)
    with storage.transaction() as transaction:
        product_id = transaction.products.product_id(NAME)
        transaction.golden.put(product_id, GoldenPart(good.image_hash, "good", Verdict.OK), "Ada")
        transaction.golden.put(product_id, GoldenPart(bad.image_hash, "bad", Verdict.NG), "Ada")
        transaction.sessions.put(product_id, [SessionPart(night.image_hash, "night", "night")], "Ada")
    assert inspect(storage, recipe, good) is KnownAs.GOOD
    assert inspect(storage, recipe, bad) is KnownAs.BAD
    assert inspect(storage, recipe, night) is KnownAs.GOOD


def test_figures_and_evidence_leave_known_parts_out(storage: Storage, recipe: Recipe) -> None:
    inspect(storage, recipe, REFERENCE)
    inspect(storage, recipe, NEWS)
    every, line = InspectionFilter(product=NAME), InspectionFilter(product=NAME, line_only=True)
    with storage.reading() as transaction:
        assert transaction.inspections.count(every) == 2
        assert transaction.known.count(every) == 1
        assert transaction.aggregates.final_counts(line) == {Verdict.NG: 1}
        bounds = (MOMENT.replace(hour=0), MOMENT.replace(hour=23))
        assert [one.inspected for one in transaction.aggregates.by_period(line, bounds)] == [1]
        assert transaction.aggregates.first_verdicts(line) == (0, 1)
        assert len(transaction.figures.scored(line)) == 1
        answered = transaction.calibrations.answered(transaction.products.product_id(NAME))
        assert [row.image_hash for row in answered] == [NEWS.image_hash]
