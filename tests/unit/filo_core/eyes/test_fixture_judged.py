"""Verdicts with a fixture: the same wherever the part lies, with regions where it lies, and none without the part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from filo_core.calibration.parts_found import check_all_found, lost_sentence, parts_not_found
from filo_core.engine import _cut_to_zones
from filo_core.errors import RecipeError
from filo_core.eyes.detector import EyesDetector
from filo_core.judging import judge
from filo_core.types import Origin, ProductDescription, ProductDraft, Recipe, Reference, Verdict
from filo_core.zones import Zone
from tests.unit.filo_core.eyes.test_detector_bank import _detector, _recipe
from tests.unit.filo_core.eyes.test_zoned import _AnySize
from tests.unit.filo_core.method import parts_to_find as parts

_BODY = Zone("body", ((144 / 480, 90 / 360), (336 / 480, 250 / 360)))


def _tinted(pixels: np.ndarray) -> np.ndarray:
    """Colours by brightness: the eyes of this test see colours alone."""
    return np.dstack((pixels[..., 0], pixels[..., 1], 255 - pixels[..., 2]))


_GOOD = [parts.image(_tinted(parts.picture(seed=seed)), f"good{seed}.png") for seed in range(3)]


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    references = tuple(Reference(image.image_hash, image.name) for image in _GOOD)
    return replace(_recipe(3), references=references, zones=(parts.SHAPE, _BODY), fixture=parts.fixture())


@pytest.fixture
def detector(recipe: Recipe, tmp_path: Path) -> EyesDetector:
    return _filled(recipe, tmp_path)


def _filled(recipe: Recipe, folder: Path) -> EyesDetector:
    made = _detector(recipe, _AnySize(), folder)
    made.set_references({image.image_hash: image.pixels for image in _GOOD})
    return made


def _marked(angle: float, moved: tuple[float, float]) -> tuple[np.ndarray, tuple[float, float]]:
    """A part with a stain, and where that is in its picture."""
    pixels = _tinted(parts.picture(angle, moved, seed=8))
    x, y = parts.place(260.0, 150.0, angle, moved)
    cv2.circle(pixels, (round(x), round(y)), 9, (230, 20, 20), -1)
    return pixels, (x, y)


def test_a_good_part_that_lies_elsewhere_scores_like_one_that_does_not(
    recipe: Recipe, detector: EyesDetector, tmp_path: Path
) -> None:
    turned, lying = _tinted(parts.picture(-140.0, (12.0, 9.0), seed=7)), _tinted(parts.picture(seed=6))
    still, moved = detector.predict(lying).image_score, detector.predict(turned).image_score
    without = _filled(replace(recipe, fixture=None, zones=(_BODY,)), tmp_path).predict(turned).image_score
    stained = detector.predict(_marked(-140.0, (12.0, 9.0))[0]).image_score
    assert moved - still < 0.25 * (without - still)
    assert stained > moved


def test_what_is_found_lies_on_the_picture_where_the_part_does(detector: EyesDetector) -> None:
    pixels, (x, y) = _marked(90.0, (20.0, -10.0))
    found = detector.predict(pixels)
    assert found.placement is not None
    assert found.placement.turned == pytest.approx(90.0, abs=0.5)
    row, column = np.unravel_index(int(found.anomaly_map.argmax()), found.anomaly_map.shape)
    side = len(found.anomaly_map)
    assert (column * 480 / side, row * 360 / side) == pytest.approx((x, y), abs=16)


def test_a_picture_without_the_part_gets_no_verdict_and_is_kept(recipe: Recipe, detector: EyesDetector) -> None:
    empty = parts.image(parts.picture(part=False), "empty.png")
    judged = judge(empty, recipe, detector, Origin.FOLDER, 0.0)
    assert judged.verdict is Verdict.NOT_INSPECTED
    assert judged.reason.startswith("The part was not found (the fixture fits to ")
    assert judged.image is empty


def test_good_images_in_which_the_fixture_is_not_found_are_named(recipe: Recipe) -> None:
    empty = parts.image(parts.picture(part=False), "empty.png")
    draft = ProductDraft(ProductDescription("nut", "nut"), zones=recipe.zones, fixture=recipe.fixture)
    check_all_found(draft, _GOOD)
    with pytest.raises(RecipeError, match=r"In good images of nut the fixture is not found: empty\.png\. The part was"):
        check_all_found(draft, [*_GOOD, empty])
    lost = parts_not_found(recipe, [*_GOOD, empty])
    assert set(lost) == {empty.image_hash}
    assert "left out" in lost_sentence(lost)
    assert lost_sentence({}) == ""


def test_a_trial_of_eyes_leaves_out_bad_parts_without_the_fixture_and_names_good_ones() -> None:
    draft = ProductDraft(ProductDescription("nut", "nut"), zones=(parts.SHAPE, _BODY), fixture=parts.fixture())
    empty = parts.picture(part=False)
    without, good, bad = _cut_to_zones(draft, _GOOD, [empty, _marked(20.0, (5.0, 5.0))[0]])
    assert (without.zones, without.fixture, len(good), len(bad)) == ((), None, 3, 1)
    with pytest.raises(RecipeError, match=r"not found: empty\.png"):
        _cut_to_zones(draft, [*_GOOD, parts.image(empty, "empty.png")], [])


def test_the_memory_bank_of_another_fixture_is_another_one(recipe: Recipe, tmp_path: Path) -> None:
    keys = {
        _detector(one, _AnySize(), tmp_path)._bank_key(["a"])
        for one in (recipe, replace(recipe, fixture=None), replace(recipe, fixture=parts.fixture(others=1)))
    }
    assert len(keys) == 3
