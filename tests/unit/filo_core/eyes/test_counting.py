"""Items are found where they are, none upon another, whatever was marked on one picture alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from filo_core.errors import RecipeError
from filo_core.eyes.bank import PatchBank
from filo_core.judging import decided_by
from filo_core.types import Limits, Prediction, Recipe, Reference
from filo_core.zones import ItemCount, ItemExample, Zone, ZoneKind
from tests.unit.filo_core.eyes.test_detector_bank import _detector, _recipe
from tests.unit.filo_core.eyes.test_zoned import _AnySize

_SIDE = 128
_WHOLE = ((0.0, 0.0), (1.0, 1.0))


def _part(places: list[tuple[int, int]], seed: int) -> np.ndarray:
    """Green ground, and a red item of 16 pixels at each place."""
    pixels = np.full((_SIDE, _SIDE, 3), (20, 160, 20), np.uint8)
    for row, column in places:
        pixels[row : row + 16, column : column + 16] = (200, 30, 30)
    noise = np.random.default_rng(seed).integers(0, 20, pixels.shape, np.uint8)
    return np.asarray(pixels + noise, np.uint8)


_THREE = [(16, 16), (16, 96), (96, 56)]


def _references() -> dict[str, np.ndarray]:
    moved = [[(row, column + 8 * n) for row, column in _THREE] for n in range(2)]
    return {f"{n:064}": _part(places, n) for n, places in enumerate([*moved, _THREE])}


def _counting(expected: int = 3, points: tuple[tuple[float, float], ...] = _WHOLE, **changes: object) -> Recipe:
    box = ((16 / _SIDE, 16 / _SIDE), (32 / _SIDE, 32 / _SIDE))
    count = ItemCount("screws", expected, (ItemExample(f"{0:064}", box),))
    zone = Zone("board", points, kind=ZoneKind.COUNT, count=replace(count, **changes))  # type: ignore[arg-type]
    references = tuple(Reference(key, key) for key in _references())
    return replace(_recipe(3), references=references, zones=(zone,))


def _found(recipe: Recipe, pixels: np.ndarray, folder: Path) -> Prediction:
    detector = _detector(recipe, _AnySize(), folder)
    detector.set_references(_references())
    return detector.predict(pixels)


def test_what_was_marked_once_is_found_wherever_it_lies(tmp_path: Path) -> None:
    found = _found(_counting(), _part([(40, 40), (80, 8), (8, 104)], 9), tmp_path)
    counted = found.zones[0].counted
    assert counted is not None
    assert counted.sentence == "3 of 3 screws found"
    corners = sorted((place.box.y, place.box.x) for place in counted.found)
    assert np.abs(np.subtract(corners, sorted([(40, 40), (80, 8), (8, 104)]))).max() <= 8
    assert found.image_score < 0.5
    assert not found.anomaly_map.any()
    assert found.regions == ()


@pytest.mark.parametrize(("places", "sentence"), [(_THREE[:2], "2 of 3"), ([*_THREE, (56, 16)], "4 of 3")])
def test_one_too_few_and_one_too_many_are_said(places: list[tuple[int, int]], sentence: str, tmp_path: Path) -> None:
    found = _found(_counting(), _part(places, 9), tmp_path)
    assert found.image_score > 0.5
    said = decided_by(found, Limits(0.5, 0.5, 0.5))
    assert said == f"{sentence} screws found in region board."


def test_items_outside_of_the_region_do_not_count(tmp_path: Path) -> None:
    upper = ((0.0, 0.0), (1.0, 0.5))
    found = _found(_counting(2, upper), _part(_THREE, 9), tmp_path)
    counted = found.zones[0].counted
    assert counted is not None
    assert len(counted.found) == 2


def test_what_lies_side_by_side_is_two_and_the_same_place_is_never_two(tmp_path: Path) -> None:
    found = _found(_counting(), _part([(40, 40), (40, 56), (80, 80)], 9), tmp_path)
    counted = found.zones[0].counted
    assert counted is not None
    assert len(counted.found) == 3


def test_known_items_are_kept_on_disk_and_left_out_with_their_part(tmp_path: Path) -> None:
    detector = _detector(_counting(), _AnySize(), tmp_path)
    detector.set_references(_references())
    bank = PatchBank.from_arrays(detector.memory_bank.to_arrays())
    pixels = _part(_THREE[:2], 9)
    assert detector.predict_against(pixels, bank).image_score == detector.predict(pixels).image_score
    assert set(bank.without(f"{0:064}").items[0].by_part) == {f"{1:064}", f"{2:064}"}


def test_an_example_on_a_picture_that_is_gone_is_refused(tmp_path: Path) -> None:
    detector = _detector(_counting(), _AnySize(), tmp_path)
    left = {key: pixels for key, pixels in _references().items() if key != f"{0:064}"}
    with pytest.raises(RecipeError, match="no good image of the product any more"):
        detector.set_references(left)


def test_where_items_begin_is_the_recipes_once_bad_parts_said_so(tmp_path: Path) -> None:
    strict = _found(_counting(least=0.9999), _part(_THREE, 9), tmp_path)
    assert strict.zones[0].counted is not None
    assert strict.zones[0].counted.least == 0.9999
