"""A fixture finds its part wherever it lies, and refuses where that would be a guess."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from filo_core.errors import PartNotFoundError, RecipeError
from filo_core.method.fixture_edges import check_fixture
from filo_core.method.fixture_finding import FixtureFinder
from filo_core.method.fixture_teaching import taught
from filo_core.zones import FixtureSearch, Zone, ZoneKind, ZoneShape
from tests.unit.filo_core.method import parts_to_find as parts

_HASH = "0" * 64


def _zone(points: tuple[tuple[float, float], ...], search: FixtureSearch | None = None) -> Zone:
    return Zone("shape", points, ZoneShape.RECTANGLE, ZoneKind.FIXTURE, search=search)


@pytest.mark.parametrize(
    ("angle", "moved"), [(0.0, (0.0, 0.0)), (7.3, (21.4, -13.2)), (-94.0, (-40.5, 8.0)), (178.0, (12.0, 30.5))]
)
def test_a_part_is_found_to_a_fraction_of_a_pixel_wherever_it_lies(angle: float, moved: tuple[float, float]) -> None:
    found = FixtureFinder(parts.fixture()).locate(parts.picture(angle, moved, seed=9, light=0.7))
    assert parts.farthest(found, angle, moved) < 0.5
    assert found.turned == pytest.approx(angle, abs=0.2)
    assert found.moved == pytest.approx(moved, abs=0.4)
    assert found.residual_px < 0.6
    assert "residual" in found.words


def test_a_scale_is_found_where_it_was_wished_and_refused_where_it_was_not() -> None:
    picture = parts.picture(15.0, (10.0, 5.0), 1.15, seed=4)
    found = FixtureFinder(parts.fixture(FixtureSearch(45.0, 0.2))).locate(picture)
    assert found.scale == pytest.approx(1.15, abs=0.005)
    assert parts.farthest(found, 15.0, (10.0, 5.0), 1.15) < 0.8
    with pytest.raises(PartNotFoundError):
        FixtureFinder(parts.fixture(FixtureSearch(45.0, 0.0))).locate(parts.picture(15.0, (10.0, 5.0), 1.22, seed=4))


def test_a_turn_beyond_what_was_allowed_is_refused() -> None:
    finder = FixtureFinder(parts.fixture(FixtureSearch(20.0)))
    assert finder.locate(parts.picture(18.0)).turned == pytest.approx(18.0, abs=0.3)
    with pytest.raises(PartNotFoundError, match="not found"):
        finder.locate(parts.picture(60.0))


def test_a_picture_of_another_resolution_has_the_part_at_the_same_place() -> None:
    found = FixtureFinder(parts.fixture()).locate(parts.picture(10.0, (8.0, 4.0), zoom=3))
    x, y = parts.place(200.0, 150.0, 10.0, (8.0, 4.0))
    assert found.point(200.0, 150.0) == pytest.approx((3 * x, 3 * y), abs=1.5)
    assert found.scale == pytest.approx(1.0, abs=0.001)
    assert found.point_back(*found.point(31.0, 77.0)) == pytest.approx((31.0, 77.0))


@pytest.mark.parametrize("seed", range(4))
def test_a_part_that_is_not_there_is_refused(seed: int) -> None:
    finder = FixtureFinder(parts.fixture())
    with pytest.raises(PartNotFoundError, match="was not found"):
        finder.locate(parts.picture(part=False, seed=seed))
    noise = np.random.default_rng(seed).integers(0, 256, (360, 480, 3), dtype=np.uint8)
    with pytest.raises(PartNotFoundError, match="was not found"):
        finder.locate(noise)


def test_a_quarter_of_the_part_may_be_hidden() -> None:
    found = FixtureFinder(parts.fixture()).locate(parts.picture(5.0, (3.0, 2.0), hidden=0.37))
    assert parts.farthest(found, 5.0, (3.0, 2.0)) < 2.0


def test_a_part_that_lies_half_beyond_the_border_is_refused() -> None:
    with pytest.raises(PartNotFoundError):
        FixtureFinder(parts.fixture()).locate(parts.picture(moved=(-235.0, 0.0)))


def test_two_parts_are_refused_as_a_guess() -> None:
    two = np.hstack((parts.picture(0.0, (0.0, 0.0)), parts.picture(20.0, (0.0, 0.0), seed=2)))
    one = np.hstack((parts.picture(0.0, (0.0, 0.0)), parts.picture(part=False, seed=2)))
    zone = _zone(((0.15, 0.2), (0.36, 0.8)))
    fixture = taught(zone, one, _HASH, [("b.png", one)])
    with pytest.raises(PartNotFoundError, match="two places alike"):
        FixtureFinder(fixture).locate(two)


def test_the_least_fit_lies_between_chance_and_the_worst_good_picture_and_says_what_it_promises() -> None:
    fixture = parts.fixture(others=3)
    assert fixture.chance < fixture.least < fixture.worst
    assert fixture.taught_on == 4
    assert "At most 25 % of good parts are refused" in fixture.words
    assert "cannot be said" in parts.fixture(others=0).words


def test_a_flat_patch_teaches_nothing() -> None:
    with pytest.raises(RecipeError, match="too few edges"):
        taught(_zone(((0.02, 0.02), (0.2, 0.2))), parts.picture(), _HASH, [])


def test_a_straight_edge_alone_is_refused_since_it_could_slide() -> None:
    edge = np.full((360, 480, 3), 60, np.uint8)
    edge[:, 240:] = 200
    with pytest.raises(RecipeError, match="one direction"):
        taught(_zone(((0.3, 0.2), (0.7, 0.8))), edge, _HASH, [])


def test_a_shape_that_looks_the_same_turned_is_refused_with_the_turn_that_it_allows() -> None:
    square = np.full((360, 480, 3), 60, np.uint8)
    square[90:270, 150:330] = 200
    zone = _zone(((0.25, 0.2), (0.75, 0.8)))
    with pytest.raises(RecipeError, match=r"looks the same turned by \d+°, .* allow turns below \d+°"):
        taught(replace(zone, search=FixtureSearch(180.0)), square, _HASH, [])
    assert taught(replace(zone, search=FixtureSearch(30.0)), square, _HASH, []).turn == 30.0


def test_a_shape_that_stands_twice_in_its_picture_is_refused() -> None:
    twice = np.full((360, 480, 3), 60, np.uint8)
    for left in (60, 300):
        twice[120:200, left : left + 90] = 200
        twice[150:240, left : left + 30] = 140
    with pytest.raises(RecipeError, match="seen twice"):
        taught(_zone(((0.1, 0.28), (0.35, 0.7)), FixtureSearch(10.0)), twice, _HASH, [])


def test_a_shape_that_another_good_picture_does_not_show_is_refused_by_the_pictures_name() -> None:
    with pytest.raises(RecipeError, match=r"not told from its surroundings in empty\.png"):
        taught(parts.SHAPE, parts.picture(), _HASH, [("empty.png", parts.picture(part=False))])


def test_a_tiny_shape_is_refused() -> None:
    with pytest.raises(RecipeError, match="too small"):
        taught(_zone(((0.3, 0.3), (0.33, 0.33))), parts.picture(), _HASH, [])


def test_a_fixture_from_a_file_is_checked() -> None:
    good = parts.fixture(others=1)
    check_fixture(good, (parts.SHAPE, parts.BODY), "nut")
    for bad, zones in (
        (good, (parts.BODY,)),
        (None, (parts.SHAPE, parts.BODY)),
        (replace(good, least=float("nan")), (parts.SHAPE, parts.BODY)),
        (replace(good, coarse=replace(good.coarse, points="AAAA")), (parts.SHAPE, parts.BODY)),
        (replace(good, width=0), (parts.SHAPE, parts.BODY)),
    ):
        with pytest.raises(RecipeError, match="fixture of nut"):
            check_fixture(bad, zones, "nut")
