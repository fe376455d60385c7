"""Good parts of another day: shown, kept apart, held against the promise, and joined to the evidence."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from filo_core.calibration.evidence import calibrated
from filo_core.calibration.guard import Guard
from filo_core.errors import ProductError
from filo_core.imaging import decode_image
from filo_core.imaging.taken import taken_at
from filo_core.proof import JudgedPart
from filo_core.sessions import ToldBy
from filo_core.types import AnomalyType, EventKind, Limits, ProductDescription, SourceImage, Verdict
from tests.unit.storage.making import MODEL_HASH, make_image
from workflows.products.catalogue import Catalogue
from workflows.products.golden import GoldenSetError, GoldenSets
from workflows.products.sessions import SessionParts

NAME = "metal nut"
GOOD = [make_image(shade, f"good {shade}.png") for shade in range(1, 9)]
NIGHT = [make_image(shade, f"night {shade}.png") for shade in range(51, 59)]


@pytest.fixture
def product(catalogue: Catalogue) -> Catalogue:
    catalogue.create(ProductDescription(NAME, "nut"))
    catalogue.set_anomaly_types(NAME, [AnomalyType("scratch")])
    for image in GOOD:
        catalogue.add_reference(NAME, image)
    return catalogue


def judged(image: SourceImage, score: float) -> JudgedPart:
    return JudgedPart(image.image_hash, image.name, score)


def calibrate(catalogue: Catalogue, night: float, joined: bool = False) -> None:
    """As the engine would: references around 0.1, the parts of the night at ``night``."""
    scores = [0.1 + 0.001 * number for number in range(len(GOOD))]
    recipe = catalogue.draft(NAME).recipe(Limits(1, 1, 1), MODEL_HASH)
    apart = [
        judged(image, night + 0.001 * number)
        for number, image in enumerate(SessionParts(catalogue.storage).images(recipe))
    ]
    confirmed = [judged(image, night + 0.001 * number) for number, image in enumerate(NIGHT)] if joined else []
    good = (*map(judged, GOOD, scores), *confirmed)
    found = calibrated(
        scores,
        scores,
        [part.score for part in confirmed],
        0.01,
        model_hash=MODEL_HASH,
        trained=True,
        good=good,
    )
    found = replace(found, apart=tuple(apart))
    catalogue.set_calibration(NAME, found)


def guard(catalogue: Catalogue) -> Guard:
    found = catalogue.guard(NAME)
    assert found is not None
    return found


def test_parts_of_another_day_are_apart_until_they_join(product: Catalogue) -> None:
    assert product.guard(NAME) is None
    calibrate(product, 0.1)
    assert guard(product).one_session
    assert [(source.name, source.parts, source.told_by) for source in guard(product).evidence] == [
        ("2026-03-04", 8, ToldBy.FILE)
    ]
    sessions = SessionParts(product.storage)
    sessions.show(NAME, "night  shift", NIGHT, "Ada")
    assert guard(product).waiting == ("night shift",)
    calibrate(product, 0.9)
    found = guard(product)
    assert [(one.session, one.rate.count, one.rate.of, one.exceeds) for one in found.sessions] == [
        ("night shift", 8, 8, True)
    ]
    assert found.stated == 1.0
    assert GoldenSets(product.storage).parts(NAME) == ()
    assert sessions.join(NAME, by="Ada") == 8
    assert {part.expected for part in GoldenSets(product.storage).parts(NAME)} == {Verdict.OK}
    calibrate(product, 0.9, joined=True)
    joined = guard(product)
    assert not joined.one_session
    assert not joined.exceeded
    assert [source.name for source in joined.evidence] == ["2026-03-04", "night shift"]
    assert joined.sessions[0].rate.count == 0
    assert "part of the evidence" in joined.sentence


def test_a_version_in_force_carries_its_guard(product: Catalogue) -> None:
    SessionParts(product.storage).show(NAME, "night", NIGHT, "Ada")
    calibrate(product, 0.9)
    product.sign_off(NAME, "Ada", MODEL_HASH, reason="for a test")
    signed = product.signed_guard(NAME)
    assert signed is not None
    assert [one.session for one in signed.exceeded] == ["night"]
    product.set_limits(NAME, Limits(0.95, 0.95, 0.5))
    assert not guard(product).exceeded
    product.set_limits(NAME, Limits(0.01, 0.02, 0.5))
    assert guard(product).promise is None, "below where it holds nothing is promised"


def test_what_is_no_part_of_another_day_is_refused(product: Catalogue) -> None:
    sessions = SessionParts(product.storage)
    with pytest.raises(GoldenSetError, match="that the promise rests on"):
        sessions.show(NAME, "night", [GOOD[0]], "Ada")
    GoldenSets(product.storage).add(NAME, NIGHT[0], Verdict.NG, "Ada")
    with pytest.raises(GoldenSetError, match="one of the bad parts"):
        sessions.show(NAME, "night", NIGHT, "Ada")
    with pytest.raises(GoldenSetError, match="Give the session a name"):
        sessions.show(NAME, "  ", NIGHT[1:], "Ada")
    with pytest.raises(ProductError):
        sessions.show("nothing", "night", NIGHT[1:], "Ada")
    assert sessions.parts(NAME) == ()


def test_showing_and_taking_away_are_events(product: Catalogue) -> None:
    sessions = SessionParts(product.storage)
    sessions.show(NAME, "night", NIGHT[:2], "Ada")
    sessions.show(NAME, "late", [*NIGHT[1:3], NIGHT[2]], "Ada")
    assert [part.session for part in sessions.parts(NAME)] == ["night", "late", "late"]
    sessions.remove(NAME, "night", "Eve")
    assert [part.session for part in sessions.parts(NAME)] == ["late", "late"]
    with product.storage.reading() as transaction:
        told = transaction.events.about(EventKind.SESSION_CHANGED, NAME)
    assert [event.actor for event in told] == ["Eve", "Ada", "Ada"]


@pytest.mark.parametrize(
    ("written", "told_by"),
    [
        ("2026:02:03 04:05:06", ToldBy.PICTURE),
        ("0000:00:00 00:00:00", ToldBy.FILE),
        ("1970:01:01 00:00:00", ToldBy.FILE),
    ],
)
def test_the_camera_in_a_photograph_says_when_it_was_taken(written: str, told_by: ToldBy) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = written
    encoded = io.BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(encoded, "JPEG", exif=exif)
    filed = datetime(2026, 3, 1, tzinfo=UTC)
    taken = taken_at(decode_image(encoded.getvalue(), "part.jpg", captured_at=filed))
    assert taken.told_by is told_by
    expected = datetime(2026, 2, 3, 4, 5, 6).astimezone() if told_by is ToldBy.PICTURE else filed
    assert taken.at == expected
