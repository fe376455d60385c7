"""Items that move with the part: counted where the fixture lies, in every pose, and nothing beside the part."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from filo_core.calibration.known_parts import ScoredParts, judge_known_parts
from filo_core.calibration.zone_limits import calibrated_parts
from filo_core.errors import FiloError
from filo_core.eyes.detector import EyesDetector
from filo_core.judging import judge
from filo_core.types import ANY_LIMITS, Inspection, Origin, Recipe, Reference, SourceImage, Verdict
from filo_core.zones import ItemCount, ItemExample, Zone, ZoneKind
from tests.unit.filo_core.eyes.test_detector_bank import _detector, _recipe
from tests.unit.filo_core.eyes.test_zoned import _AnySize
from tests.unit.filo_core.method import parts_to_find as parts

_WIDTH, _HEIGHT = parts.SIZE
_RADIUS = 8
_ITEMS = ((228.0, 120.0), (268.0, 140.0), (310.0, 120.0), (255.0, 225.0))
"""Middles of the items on the part as it was drawn, in pixels."""
_BODY = ((144 / _WIDTH, 90 / _HEIGHT), (336 / _WIDTH, 258 / _HEIGHT))


def _picture(
    angle: float, moved: tuple[float, float], seed: int, items: tuple[tuple[float, float], ...] = _ITEMS
) -> np.ndarray:
    """The bracket with red items on it, wherever it lies."""
    pixels = parts.picture(angle, moved, seed=seed)
    for x, y in items:
        at = parts.place(x, y, angle, moved)
        cv2.circle(pixels, (round(at[0]), round(at[1])), _RADIUS, (230, 20, 20), -1)
    return pixels


def _recipe_of(references: list[SourceImage]) -> Recipe:
    (x, y), side = _ITEMS[0], _RADIUS + 1
    box = ((x - side) / _WIDTH, (y - side) / _HEIGHT), ((x + side) / _WIDTH, (y + side) / _HEIGHT)
    count = ItemCount("rivets", len(_ITEMS), (ItemExample(references[0].image_hash, box),))
    zones = (parts.SHAPE, Zone("body", _BODY, kind=ZoneKind.COUNT, count=count))
    named = tuple(Reference(image.image_hash, image.name) for image in references)
    return replace(_recipe(4), references=named, zones=zones, fixture=parts.fixture(), limits=ANY_LIMITS)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipe, EyesDetector]:
    """Set up as a product is: the first good part lies as the fixture was taught, the others anywhere."""
    poses = [(0.0, (0.0, 0.0)), (35.0, (14.0, -9.0)), (-120.0, (-10.0, 12.0)), (180.0, (6.0, 5.0))]
    good = [parts.image(_picture(*pose, seed), f"good{seed}.png") for seed, pose in enumerate(poses)]
    trial = _recipe_of(good)
    made = _detector(trial, _AnySize(), tmp_path_factory.mktemp("banks"))
    made.set_references({image.image_hash: image.pixels for image in good})
    found: list[ScoredParts] = []

    def scoring() -> object:
        found.append((yield from judge_known_parts(made, good, [], [], {})))

    deque(scoring(), maxlen=0)  # type: ignore[arg-type]
    limits = calibrated_parts(found[0], trial.zones, 0.01, model_hash="m", trained=True)
    assert "another number was found in 0 of 4 good images" in limits.sentence
    recipe = replace(trial, zones=limits.zones, limits=limits.limits)
    detector = _detector(recipe, _AnySize(), tmp_path_factory.mktemp("more"))
    detector.memory_bank = made.memory_bank
    return recipe, detector


def _judged(ready: tuple[Recipe, EyesDetector], pixels: np.ndarray) -> Inspection:
    return judge(parts.image(pixels, "part.png"), ready[0], ready[1], Origin.FOLDER, 0.0)


_POSES = [(0.0, (0.0, 0.0)), (77.0, (-18.0, 8.0)), (-45.0, (16.0, 14.0)), (150.0, (0.0, -12.0))]


@pytest.mark.parametrize(("angle", "moved"), _POSES)
def test_items_are_counted_right_and_lie_where_the_part_shows_them(
    ready: tuple[Recipe, EyesDetector], angle: float, moved: tuple[float, float]
) -> None:
    judged = _judged(ready, _picture(angle, moved, 20))
    assert judged.verdict is Verdict.OK
    assert judged.prediction is not None
    (counted,) = judged.prediction.counts
    assert counted.sentence == "4 of 4 rivets found"  # type: ignore[union-attr]
    middles = [(box.x + box.width / 2, box.y + box.height / 2) for box in (one.box for one in counted.found)]  # type: ignore[union-attr]
    for x, y in _ITEMS:
        wanted = parts.place(x, y, angle, moved)
        assert min(np.hypot(wanted[0] - left, wanted[1] - top) for left, top in middles) < 1.5 * _RADIUS


@pytest.mark.parametrize(("angle", "moved"), _POSES)
@pytest.mark.parametrize("gone", [0, 3])
def test_a_missing_item_is_missed_in_every_pose(
    ready: tuple[Recipe, EyesDetector], angle: float, moved: tuple[float, float], gone: int
) -> None:
    left = tuple(item for number, item in enumerate(_ITEMS) if number != gone)
    judged = _judged(ready, _picture(angle, moved, 21, left))
    assert judged.verdict is not Verdict.OK
    assert judged.reason == "3 of 4 rivets found in region body."


def test_an_item_beside_the_part_is_not_counted_where_the_region_would_lie_without_a_fixture(
    ready: tuple[Recipe, EyesDetector],
) -> None:
    pixels = _picture(0.0, (30.0, 0.0), 22)
    left, top = 148, 180
    cv2.circle(pixels, (left, top), _RADIUS, (230, 20, 20), -1)
    judged = _judged(ready, pixels)
    assert _BODY[0][0] < left / _WIDTH < _BODY[1][0]
    assert _BODY[0][1] < top / _HEIGHT < _BODY[1][1]
    assert (judged.verdict, judged.reason) == (Verdict.OK, "")


def test_without_the_part_nothing_is_counted(ready: tuple[Recipe, EyesDetector]) -> None:
    judged = _judged(ready, parts.picture(part=False))
    assert judged.verdict is Verdict.NOT_INSPECTED
    assert judged.prediction is None


def test_an_item_marked_outside_of_the_picture_that_the_fixture_is_of_cannot_be(tmp_path: Path) -> None:
    good = [parts.image(_picture(0.0, (0.0, 0.0), seed), f"good{seed}.png") for seed in range(4)]
    recipe = _recipe_of(good)
    empty = {image.image_hash: image.pixels for image in good[1:]}
    with pytest.raises(FiloError, match="shows what it counts on a picture that is no good image"):
        _detector(recipe, _AnySize(), tmp_path).set_references(empty)
