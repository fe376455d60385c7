"""Teaching a place as good, through the shipped compact profile on pictures made here."""

import dataclasses
import hashlib
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from filo_core.engine import Engine, load_engine
from filo_core.eyes.features import Eye, Features
from filo_core.eyes.scoring import deviations_at
from filo_core.loaded_model import RecipeDetector
from filo_core.method.view import cells_of
from filo_core.types import (
    AnomalyType,
    Box,
    Eyes,
    Limits,
    ProductDescription,
    ProductDraft,
    Recipe,
    Reference,
    Sight,
    SourceImage,
    TaughtPatch,
)


def _part(seed: int, spot: bool = False) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    pixels = np.full((120, 160, 3), 90, np.uint8)
    pixels[30:90, 40:120] = (170, 160, 150)
    noisy = np.clip(pixels + rng.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8)
    if spot:
        noisy[40:60, 60:80] = (20, 20, 20)
    return noisy


def _image(pixels: NDArray[np.uint8], name: str) -> SourceImage:
    return SourceImage(name, b"", hashlib.sha256(pixels).hexdigest(), pixels, datetime.now(UTC))


GOOD = [_image(_part(seed), f"{seed}.png") for seed in range(4)]
SPOTTED = _image(_part(50, spot=True), "spotted.png")
EYES = Eyes(Sight.FAST, 256)
PATCH = TaughtPatch(SPOTTED.image_hash, SPOTTED.name, Box(52, 32, 36, 36))


def _away(detector: RecipeDetector, pixels: NDArray[np.uint8]) -> float:
    """Deviations from good parts."""
    return deviations_at(detector.predict(pixels).image_score)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine("compact", "cpu")


@pytest.fixture(scope="module")
def before(engine: Engine) -> Recipe:
    draft = ProductDraft(
        ProductDescription("plate", "metal plate"),
        (AnomalyType("scratch"),),
        tuple(Reference(image.image_hash, image.name) for image in GOOD),
        eyes=EYES,
    )
    made = draft.recipe(Limits(0.05, 0.1, 0.05), engine.model_hash_for(EYES))
    # What an engine teaches, it has judged by before.
    engine.detector(made, GOOD)
    return made


@pytest.fixture(scope="module")
def after(before: Recipe) -> Recipe:
    return dataclasses.replace(before, taught_patches=(PATCH,))


def test_a_taught_place_costs_one_look_through_each_trunk_and_not_the_references_again(
    engine: Engine, before: Recipe, after: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def features(eye: Eye, pixels: NDArray[np.uint8]) -> Features:
        seen.append(eye.name)
        return look_as_usual(eye, pixels)

    look_as_usual = Eye.features
    monkeypatch.setattr(Eye, "features", features)
    engine.detector_after(before, after, [SPOTTED])
    assert len(seen) == len(set(seen)) >= 1


def test_a_taught_place_does_not_stand_out_any_more(engine: Engine, before: Recipe, after: Recipe) -> None:
    known = engine.detector(before, GOOD)
    detector = engine.detector_after(before, after, [SPOTTED])
    assert _away(detector, SPOTTED.pixels) < _away(known, SPOTTED.pixels) / 3
    # A part like it profits as well, and good parts stay as good as they were.
    other = _part(51, spot=True)
    assert _away(detector, other) < _away(known, other) / 2
    good = _part(99)
    assert detector.predict(good).image_score <= engine.detector(before, GOOD).predict(good).image_score + 1e-6


def test_the_old_recipe_judges_as_before(engine: Engine, before: Recipe, after: Recipe) -> None:
    alone = load_engine("compact", "cpu").detector(before, GOOD).predict(SPOTTED.pixels)
    engine.detector_after(before, after, [SPOTTED])
    assert engine.detector(before, GOOD).predict(SPOTTED.pixels).image_score == pytest.approx(
        alone.image_score, abs=1e-6
    )


def test_the_detector_can_be_built_again_from_what_the_recipe_says(
    engine: Engine, before: Recipe, after: Recipe
) -> None:
    taught = engine.detector_after(before, after, [SPOTTED]).predict(_part(52, spot=True))
    rebuilt = load_engine("compact", "cpu").detector(after, [SPOTTED, *GOOD]).predict(_part(52, spot=True))
    assert taught.image_score == pytest.approx(rebuilt.image_score, abs=1e-6)
    np.testing.assert_allclose(taught.anomaly_map, rebuilt.anomaly_map, atol=1e-6)


def test_taking_it_back_is_the_old_recipe_to_the_bit(engine: Engine, before: Recipe, after: Recipe) -> None:
    assert dataclasses.replace(after, taught_patches=()).content_hash == before.content_hash
    assert after.content_hash != before.content_hash
    assert after.scoring_hash != before.scoring_hash
    moved = dataclasses.replace(before, limits=Limits(0.2, 0.3, 0.2), product="plate 2")
    assert moved.scoring_hash == before.scoring_hash


def test_a_recipe_from_before_there_was_teaching_keeps_its_hash() -> None:
    description = ProductDescription("nut", "nut")
    recipe = ProductDraft(description, (AnomalyType("scratch"),), (Reference("a" * 64, "a.png"),)).recipe(
        Limits(0.1, 0.2, 0.3), "b" * 64
    )
    assert recipe.content_hash == "73c56805536a60735e7a83874db7e3dc5295eeabf6b6f3f9637976c455acd81d"


@pytest.mark.parametrize(
    ("box", "cells"),
    [
        (Box(0, 0, 1, 1), [0]),
        (Box(0, 0, 100, 50), list(range(8))),
        (Box(26, 0, 24, 25), [1]),
        (Box(24, 24, 2, 2), [0, 1, 4, 5]),
        (Box(500, 500, 9, 9), [7]),
        (Box(-30, -30, 9, 9), [0]),
    ],
)
def test_a_place_is_every_cell_that_its_box_touches_and_at_least_one(box: Box, cells: list[int]) -> None:
    assert cells_of(box, 100, 50, (2, 4)).tolist() == cells
