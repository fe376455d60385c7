"""What is looked at moves with the fixture, and what was found there lies in the picture where it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from filo_core.errors import PartNotFoundError
from filo_core.fixture import NOWHERE, placed
from filo_core.method.sighting import located, sighting_of
from filo_core.types import Box, Recipe
from filo_core.zones import FixtureSearch, Zone, ZoneKind, as_hashed
from tests.unit.filo_core.eyes.test_detector_bank import _recipe
from tests.unit.filo_core.method import parts_to_find as parts


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    fixture = parts.fixture()
    return replace(_recipe(3), zones=(parts.SHAPE, parts.BODY), fixture=fixture)


def test_a_turned_part_looks_as_it_did_where_it_lay(recipe: Recipe) -> None:
    still = sighting_of(recipe, parts.picture())
    turned = sighting_of(recipe, parts.picture(-37.0, (25.0, -12.0)))
    assert still.view.shape == turned.view.shape
    assert np.abs(still.view.astype(int) - turned.view.astype(int)).mean() < 6.0
    left = sighting_of(replace(recipe, fixture=None), parts.picture(-37.0, (25.0, -12.0)))
    assert np.abs(still.view.astype(int) - left.view.astype(int)).mean() > 25.0


def test_a_place_goes_to_the_view_and_back(recipe: Recipe) -> None:
    sight = sighting_of(recipe, parts.picture(90.0, (10.0, 20.0)))
    box = Box(20, 30, 12, 8)
    on_picture = sight.to_picture(box)
    assert (on_picture.width, on_picture.height) == pytest.approx((8, 12), abs=1.5)
    back = sight.to_view(on_picture)
    assert (back.x, back.y, back.width, back.height) == pytest.approx((20, 30, 12, 8), abs=3)


def test_the_map_lies_on_the_picture_where_the_part_does(recipe: Recipe) -> None:
    sight = sighting_of(recipe, parts.picture(180.0, (15.0, 0.0)))
    view_map = np.zeros((128, 128), np.float32)
    view_map[10:30, 10:30] = 1.0
    on_picture = sight.map_on_picture(view_map)
    rows, columns = np.nonzero(on_picture > 0.5)
    middle = sight.to_picture(Box(round(20 / 128 * sight.seen.width), round(20 / 128 * sight.seen.height), 1, 1))
    assert columns.mean() * parts.SIZE[0] / 128 == pytest.approx(middle.x, abs=6)
    assert rows.mean() * parts.SIZE[1] / 128 == pytest.approx(middle.y, abs=6)
    assert on_picture[:10].max() == 0.0, "nothing was looked at there"


def test_a_region_that_leaves_the_picture_with_its_part_is_refused(recipe: Recipe) -> None:
    tall = Zone("tall", ((0.4, 0.0), (0.6, 1.0)))
    with pytest.raises(PartNotFoundError, match="of region tall are beyond the picture's border"):
        sighting_of(replace(recipe, zones=(parts.SHAPE, tall)), parts.picture(0.0, (0.0, 40.0)))


def test_regions_are_shown_where_they_lie(recipe: Recipe) -> None:
    shown = located(recipe, parts.picture(0.0, (48.0, 36.0)))
    body = next(zone for zone in shown.zones if zone.kind is ZoneKind.INSPECT)
    assert body.points[0] == pytest.approx((0.42, 0.38), abs=0.002)
    assert shown.placement is not None
    assert placed(recipe.zones, recipe.fixture, None, 480, 360) is NOWHERE
    assert placed(recipe.zones, None, None, 480, 360).zones == recipe.zones


def test_a_mask_of_the_picture_moves_into_the_view(recipe: Recipe) -> None:
    sight = sighting_of(recipe, parts.picture(0.0, (30.0, 10.0)))
    mask = np.zeros((360, 480), np.bool_)
    mask[110 + 30 : 110 + 60, 184 + 20 : 184 + 60] = True
    inside = sight.mask_in_view(mask)
    rows, columns = np.nonzero(inside > 0.5)
    assert (columns.min(), rows.min()) == pytest.approx((184 + 20 - 30 - 154, 110 + 30 - 10 - 101), abs=1.5)


def test_recipes_with_regions_and_no_fixture_keep_their_hash(recipe: Recipe) -> None:
    drawn = replace(recipe, zones=(parts.BODY,), fixture=None)
    assert drawn.content_hash == "f6b7435a20e5e515754c48317fd78832fc43959868464537fe2f7288638fa325"
    assert set(as_hashed({"name": "a", "search": None})) == {"name"}
    assert recipe.content_hash != replace(recipe, fixture=None).content_hash
    other = replace(parts.SHAPE, search=FixtureSearch(10.0))
    assert recipe.content_hash != replace(recipe, zones=(other, parts.BODY)).content_hash
