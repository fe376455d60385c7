"""Counts as scores: which number is the right one, where items begin, and what a count promises."""

from __future__ import annotations

import numpy as np
import pytest

from filo_core.calibration.counting import RIGHT_COUNT, Turns, count_score, least_likeness
from filo_core.calibration.known_parts import ScoredParts
from filo_core.calibration.zone_limits import calibrated_parts
from filo_core.proof import JudgedPart
from filo_core.types import Box, ItemPlace, ItemsFound, Verdict, ZoneScore
from filo_core.zones import ItemCount, ItemExample, Zone, ZoneKind, on_scale

_EXAMPLE = ItemExample("a" * 64, ((0.1, 0.1), (0.2, 0.2)))
_COUNT = Zone("board", ((0, 0), (1, 1)), kind=ZoneKind.COUNT, count=ItemCount("screws", 2, (_EXAMPLE,)))
_FACE = Zone("face", ((0, 0), (0.5, 0.5)))


@pytest.mark.parametrize(
    ("likenesses", "right"), [((0.9, 0.8, 0.3), True), ((0.9, 0.6), False), ((0.9, 0.8, 0.75), False)]
)
def test_a_count_is_ok_where_as_many_places_as_expected_are_like_an_item(
    likenesses: tuple[float, ...], right: bool
) -> None:
    assert (count_score(likenesses, 2, 0.7) <= RIGHT_COUNT) is right


def test_a_part_without_any_place_is_as_wrong_as_a_score_can_be() -> None:
    assert 0.99 < count_score((), 1, 0.7) < 1.0


def test_a_wrong_count_that_is_right_on_the_border_is_wrong() -> None:
    assert count_score((0.9, 0.7), 1, 0.7) > RIGHT_COUNT


def test_items_begin_near_those_of_good_parts_until_a_bad_part_shows_what_lies_between() -> None:
    good = [Turns(0.9, 0.3), Turns(0.86, 0.4)]
    alone = least_likeness(good)
    assert 0.7 < alone < 0.86
    assert least_likeness(good, [Turns(0.6, 0.3)]) == pytest.approx((0.86 + 0.6) / 2)
    # One that lacks nothing says nothing of it.
    assert least_likeness(good, [Turns(0.85, 0.3)]) == alone


def _places(*likenesses: float) -> ZoneScore:
    places = tuple(ItemPlace(Box(n, 0, 1, 1), likeness) for n, likeness in enumerate(likenesses))
    return ZoneScore("board", count_score(likenesses, 2, 0.7), 0.0, ItemsFound("board", "screws", 2, 0.7, places))


def _scored(good: list[tuple[float, ...]], bad: list[tuple[float, ...]], faces: bool = False) -> ScoredParts:
    parts = [JudgedPart(f"{n}", f"{n}", 0.0) for n in range(len(good) + len(bad))]
    zones = {
        part.image_hash: ((ZoneScore("face", 0.1 + 0.01 * n, 0.1),) if faces else ()) + (_places(*likenesses),)
        for n, (part, likenesses) in enumerate(zip(parts, [*good, *bad], strict=True))
    }
    references = tuple(parts[: len(good)])
    return ScoredParts(references, (0.1,) * len(good), (), tuple(parts[len(good) :]), zones=zones)


_GOOD = [(0.95, 0.9 - 0.01 * n, 0.3 - 0.01 * n) for n in range(8)]


def test_a_wrong_count_is_ng_and_a_right_one_ok() -> None:
    found = calibrated_parts(_scored(_GOOD, []), (_COUNT,), 0.01, model_hash="", trained=True)
    assert found.limits.ok == found.limits.ng == RIGHT_COUNT
    assert found.refused_as is Verdict.NG
    assert "another number was found in 0 of 8 good images" in found.sentence
    assert "at most 22.2 % of good parts are called NG" in found.sentence


def test_bad_parts_that_lack_an_item_move_where_items_begin_and_the_recipe_keeps_it() -> None:
    found = calibrated_parts(_scored(_GOOD, [(0.95, 0.75, 0.3)]), (_COUNT,), 0.01, model_hash="", trained=True)
    count = found.zones[0].count
    assert count is not None
    assert count.least == pytest.approx((0.83 + 0.75) / 2)
    assert found.proof.counts.missed == 0
    # Without itself it is counted as a good one: that is what has to be expected of the next one.
    assert found.proof.missed_unseen == 1


def test_a_good_part_that_is_counted_wrong_is_doubted_and_not_called_ng() -> None:
    odd = [*_GOOD[:7], (0.95, 0.2, 0.1)]
    found = calibrated_parts(_scored(odd, []), (_COUNT,), 0.01, model_hash="", trained=True)
    assert found.limits.ng > found.limits.ok
    assert "Mark another item" in found.sentence


def test_where_likenesses_overlap_more_good_parts_are_called_ng_than_one_share_says_and_no_more_than_two() -> None:
    rng, parts, called = np.random.default_rng(1), 8, 0
    for _ in range(600):
        places = np.sort(rng.normal((0.3, 0.21), 0.03, (parts + 1, 2)))[:, ::-1]
        least = least_likeness([Turns(last, following) for last, following in places[:parts]])
        *good, new = (count_score(list(place), 1, least) for place in places)
        called += new > max(RIGHT_COUNT, *good)
    assert 1 / (parts + 1) < called / 600 <= 2 / (parts + 1)


def test_a_count_shares_the_promise_with_regions_and_its_limit_their_scale() -> None:
    found = calibrated_parts(_scored(_GOOD, [], faces=True), (_FACE, _COUNT), 0.01, model_hash="", trained=True)
    assert found.promise == pytest.approx(3 / 9), "too few and too many are two ways to be wrong"
    face, board = found.zones
    assert on_scale(board, RIGHT_COUNT) == pytest.approx(found.limits.ok)
    assert found.limits.verdict(on_scale(face, 0.1)) is Verdict.OK
    assert found.limits.verdict(on_scale(board, 0.99)) is Verdict.NG
