"""What lies beside a part that lies anywhere decides nothing, where part and ground are clearly two things."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from filo_core.engine import load_engine
from filo_core.eyes.bank import PatchBank
from filo_core.eyes.features import Features, unit
from filo_core.eyes.foreground import Foreground, foreground_of
from filo_core.eyes.frames import FittedFrame
from filo_core.types import ANY_LIMITS, Eyes, Pose, ProductDescription, ProductDraft, Reference, Sight, SourceImage
from tests.unit.filo_core.eyes.test_choosing import _part

SIDE = 20
RNG = np.random.default_rng(6)
GROUND, PART, OTHER = np.linalg.qr(RNG.standard_normal((32, 3)))[0].T.astype(np.float32)


def features(kind: np.ndarray, noise: float = 0.1) -> Features:
    """``kind`` 0 is ground, 1 the part; whatever lies between is between."""
    mixed = GROUND + kind[..., None].astype(np.float32) * (PART - GROUND)
    grid = unit(mixed + noise * RNG.standard_normal((*kind.shape, 32)).astype(np.float32) / np.sqrt(32))
    return Features(grid, FittedFrame(SIDE * 14, SIDE * 14, SIDE * 14, SIDE * 14), 14)


def disc(radius: float = 5.0, row: float = 9.5, column: float = 9.5) -> np.ndarray:
    rows, columns = np.ogrid[:SIDE, :SIDE]
    return (np.hypot(rows - row, columns - column) <= radius).astype(float)


def test_a_part_on_a_ground_is_found_and_what_is_right_beside_it_counts() -> None:
    found = foreground_of([features(disc()), features(disc(row=8, column=11))])
    assert found is not None
    weights = found.weights(features(disc(row=11, column=8)))
    assert weights[disc(row=11, column=8) > 0].min() > 0.9
    assert weights[disc(6.0, 11, 8) > 0].min() > 0.9, "a place that was broken off is right beside the part"
    assert weights[disc(7.5, 11, 8) == 0].max() < 0.1


def test_what_lies_beside_the_part_is_ground_and_a_part_that_is_gone_hides_nothing() -> None:
    found = foreground_of([features(disc()), features(disc(row=8, column=11))])
    assert found is not None
    beside = disc(1.2, 2, 2)
    weights = found.weights(features(np.maximum(disc(), beside)))
    assert weights[beside > 0].max() < 0.1
    assert weights[disc() > 0].min() > 0.9
    for left in (np.zeros((SIDE, SIDE)), disc(3.0), beside):
        assert np.array_equal(found.weights(features(left)), np.ones((SIDE, SIDE), np.float32))


@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param(RNG.random((SIDE, SIDE)), id="a texture that varies"),
        pytest.param((RNG.random((SIDE, SIDE)) > 0.5).astype(float), id="a texture of two things"),
        pytest.param(1.0 - disc(2.0, 1.0, 1.0), id="a part that fills its picture"),
        pytest.param(disc(14.0), id="a part that is cut by the border"),
        pytest.param(np.zeros((SIDE, SIDE)), id="nothing"),
        pytest.param(np.linspace(0.0, 1.0, SIDE * SIDE).reshape(SIDE, SIDE), id="light from one side"),
    ],
)
def test_nothing_is_said_where_it_is_not_clear(kinds: np.ndarray) -> None:
    assert foreground_of([features(kinds)]) is None


def test_it_stays_with_the_bank_and_comes_back_from_disk() -> None:
    bank = PatchBank()
    seen = [features(disc()), features(disc(4.5))]
    for number, one in enumerate(seen):
        bank.add(f"{number}", [one.patches])
    bank.measure([(f"{number}", [one]) for number, one in enumerate(seen)])
    assert PatchBank.from_arrays(bank.to_arrays()).foreground is None
    bank.foreground = foreground_of(seen)
    assert bank.foreground is not None
    for other in (bank.copy(), bank.without("0"), PatchBank.from_arrays(bank.to_arrays())):
        assert isinstance(other.foreground, Foreground)
        assert np.array_equal(other.foreground.weights(seen[0]), bank.foreground.weights(seen[0]))


@pytest.fixture(scope="module")
def engine():  # type: ignore[no-untyped-def]
    loaded = load_engine("compact", "cpu")
    if loaded.usual_eyes is None or loaded.usual_eyes.sight is Sight.FAST:
        pytest.skip("the deep trunk is not on this machine: main.py models prepare")
    return loaded


def coin(degrees: float, *, junk: bool = False, scratched: bool = False) -> np.ndarray:
    """A thing with a pattern on a plain cloth."""
    rng = np.random.default_rng(int(degrees))
    thing = np.full((160, 160, 3), 215, np.uint8)
    cv2.ellipse(thing, (80, 80), (50, 30), 0, 0, 360, (60, 90, 160), -1)
    cv2.rectangle(thing, (50, 70), (80, 90), (200, 180, 60), -1)
    cv2.circle(thing, (105, 80), 9, (20, 30, 30), -1)
    if scratched:
        cv2.line(thing, (60, 60), (100, 98), (240, 240, 240), 5)
    matrix = cv2.getRotationMatrix2D((79.5, 79.5), degrees, 1.0)
    picture = cv2.warpAffine(thing, matrix, (160, 160), borderValue=(215, 215, 215))
    if junk:
        cv2.circle(picture, (18, 20), 7, (120, 40, 30), -1)
    return np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


def test_junk_beside_a_part_that_lies_anywhere_is_no_anomaly_and_a_scratch_on_it_is_one(engine) -> None:  # type: ignore[no-untyped-def]
    images = [replace(_part(number), pixels=coin(37.0 * number)) for number in range(3)]
    plain, junk, scratched = coin(200), coin(200, junk=True), coin(200, scratched=True)
    free = _detector(engine, images, Pose.FREE)
    assert free.memory_bank.foreground is not None
    usual, beside, on_it = (free.predict(pixels).image_score for pixels in (plain, junk, scratched))
    assert beside - usual < 0.25 * (on_it - usual)
    fixed = _detector(engine, images, Pose.FIXED)
    assert fixed.memory_bank.foreground is None
    assert fixed.predict(junk).image_score > fixed.predict(plain).image_score, "where parts lie fixed, ground counts"


def _detector(engine, images: list[SourceImage], pose: Pose):  # type: ignore[no-untyped-def]
    references = tuple(Reference(image.image_hash, image.name) for image in images)
    eyes = Eyes(Sight.SHARP, 256, 224, pose)
    draft = ProductDraft(ProductDescription("coin", "coin"), references=references, eyes=eyes)
    return engine.detector(draft.recipe(ANY_LIMITS, engine.model_hash_for(draft.eyes)), images)
