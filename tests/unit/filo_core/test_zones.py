"""Drawn regions: what may be drawn, what it covers, and that a recipe without any is what it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from filo_core.errors import RecipeError
from filo_core.method.view import field_of
from filo_core.method.zone_masks import coverage, zone_masks
from filo_core.method.zone_rules import checked_zones, crosses_itself
from filo_core.types import AnomalyType, Box, Eyes, Limits, ProductDescription, ProductDraft, Recipe, Reference, Sight
from filo_core.zones import Zone, ZoneKind, ZoneShape, log_odds, on_scale

_RIM = Zone("rim", ((0.25, 0.25), (0.75, 0.75)))
_WHOLE = (0.0, 0.0, 1.0, 1.0)


def _recipe(*zones: Zone) -> Recipe:
    draft = ProductDraft(
        ProductDescription("plate", "plate"),
        (AnomalyType("scratch"),),
        tuple(Reference(f"{n:064}", f"{n}.png") for n in range(3)),
        eyes=Eyes(Sight.FAST, 256),
        zones=zones,
    )
    return draft.recipe(Limits(0.2, 0.4, 0.2), "a" * 64)


def test_a_recipe_of_before_keeps_its_hashes() -> None:
    recipe = _recipe()
    assert recipe.content_hash == "b360e4b5a410c4b1f29be6db4f9f02beb55f361285dfd4db2197226b0ae438fe"
    assert recipe.scoring_hash == "6fb26a60056ad29cfbbc8069df82536f22797c10e4076488a920f140be8306a7"


def test_every_region_is_part_of_the_hash() -> None:
    moved = replace(_RIM, points=((0.25, 0.25), (0.75, 0.8)))
    variants = (
        _RIM,
        moved,
        replace(_RIM, kind=ZoneKind.IGNORE),
        replace(_RIM, name="edge"),
        replace(_RIM, limit=0.3),
        replace(_RIM, ease=0.5),
    )
    hashes = {_recipe(one).scoring_hash for one in variants} | {_recipe().scoring_hash}
    assert len(hashes) == len(variants) + 1


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        (replace(_RIM, name="  "), "needs a name"),
        (replace(_RIM, points=((0.1, 0.1), (0.1, 0.9))), "is empty"),
        (replace(_RIM, points=((0.1, 0.1), (1.2, 0.9))), "outside the picture"),
        (replace(_RIM, points=((0.1, float("nan")), (0.9, 0.9))), "no number"),
        (replace(_RIM, points=((0.1, 0.1),)), "two opposite corners"),
        (replace(_RIM, limit=1.5), "between 0 and 1"),
        (Zone("bow", ((0, 0), (1, 1), (1, 0), (0, 1)), ZoneShape.POLYGON), "empty|crosses itself"),
        (Zone("bow", ((0, 0), (0.9, 1), (1, 0), (0, 0.7)), ZoneShape.POLYGON), "crosses itself"),
        (Zone("line", ((0, 0), (0.5, 0.5), (1, 1)), ZoneShape.POLYGON), "is empty"),
        (Zone("two", ((0, 0), (1, 1)), ZoneShape.POLYGON), "three corners"),
    ],
)
def test_what_cannot_be_a_region_is_refused_with_its_name(zone: Zone, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        checked_zones([zone])


def test_two_regions_of_one_name_and_masks_over_everything_are_refused() -> None:
    with pytest.raises(RecipeError, match="Two regions"):
        checked_zones([_RIM, replace(_RIM, name="Rim ")])
    cover = Zone("print", ((0.2, 0.2), (0.8, 0.8)), kind=ZoneKind.IGNORE)
    with pytest.raises(RecipeError, match="Everything in region rim is ignored"):
        checked_zones([_RIM, cover])
    with pytest.raises(RecipeError, match="nothing would be looked at"):
        checked_zones([replace(cover, points=((0, 0), (1, 1)))])


def test_corners_are_put_in_order_and_a_closing_corner_is_left_out() -> None:
    closed = Zone("tri", ((0.1, 0.1), (0.9, 0.1), (0.5, 0.9), (0.1, 0.1)), ZoneShape.POLYGON)
    swapped = replace(_RIM, points=((0.75, 0.25), (0.25, 0.75)))
    tidy = checked_zones([closed, swapped])
    assert set(tidy[0].points) == {(0.1, 0.1), (0.9, 0.1), (0.5, 0.9)}
    assert len(tidy[0].points) == 3
    assert tidy[1].points == _RIM.points


def test_a_star_does_not_cross_itself_and_a_spike_does() -> None:
    star = [(0.5, 0.0), (0.6, 0.4), (1.0, 0.5), (0.6, 0.6), (0.5, 1.0), (0.4, 0.6), (0.0, 0.5), (0.4, 0.4)]
    assert not crosses_itself(star)
    assert crosses_itself([(0.0, 0.0), (1.0, 0.0), (0.5, 0.0), (0.5, 1.0)])


def test_an_ellipse_covers_what_its_area_says() -> None:
    ellipse = Zone("hole", ((0.25, 0.0), (0.75, 1.0)), ZoneShape.ELLIPSE)
    share = float(coverage(ellipse, _WHOLE, 64, 64).mean())
    assert share == pytest.approx(np.pi * 0.25 * 0.5, rel=0.02)


def test_a_grid_lies_over_what_the_regions_span() -> None:
    left, right = Zone("l", ((0.2, 0.4), (0.4, 0.6))), Zone("r", ((0.6, 0.4), (0.8, 0.6)))
    one, other = zone_masks([left, right], 6, 12)
    assert one[:, :4].all()
    assert not one[:, 4:].any()
    assert other[:, 8:].all()
    assert not other[:, :8].any()
    (alone,) = zone_masks([left], 5, 5)
    assert alone.all()


def test_what_a_mask_touches_counts_nowhere_and_a_tiny_region_keeps_a_cell() -> None:
    mask = Zone("print", ((0.0, 0.0), (0.55, 1.0)), kind=ZoneKind.IGNORE)
    (kept,) = zone_masks([mask], 4, 10)
    assert not kept[:, :6].any()
    assert kept[:, 6:].all()
    tiny, wide = Zone("dot", ((0.501, 0.501), (0.505, 0.505))), Zone("all", ((0.0, 0.0), (1.0, 1.0)))
    masks = zone_masks([wide, tiny], 10, 10)
    assert masks[1].sum() == 1
    assert masks[1][5, 5]


def test_a_picture_is_cut_to_what_its_regions_span() -> None:
    assert field_of(_recipe(_RIM), 200, 100) == Box(50, 25, 100, 50)
    mask = Zone("print", ((0.0, 0.0), (0.5, 0.5)), kind=ZoneKind.IGNORE)
    assert field_of(_recipe(mask), 200, 100) == Box(0, 0, 200, 100)
    old = replace(_recipe(), region_of_interest=Box(50, 25, 100, 50))
    assert field_of(old, 200, 100) == field_of(_recipe(_RIM), 200, 100)


def test_a_zone_moves_its_limits_to_those_of_all_and_keeps_the_order() -> None:
    zone = replace(_RIM, ease=log_odds(0.5) - log_odds(0.2), knee=log_odds(0.5), stretch=3.0)
    assert on_scale(zone, 0.2) == pytest.approx(0.5)
    scores = [on_scale(zone, value) for value in (0.0, 0.1, 0.2, 0.3, 0.9, 1.0)]
    assert scores == sorted(scores)
    assert (scores[0], scores[-1]) == (pytest.approx(0.0, abs=1e-6), pytest.approx(1.0))
    assert log_odds(scores[3]) == pytest.approx(3.0 * (log_odds(0.3) - log_odds(0.2)))
    assert on_scale(_RIM, 0.123456789) == 0.123456789
