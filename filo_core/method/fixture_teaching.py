"""Teaching a fixture: a shape's edges from one good picture, and how much of them the others show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.errors import RecipeError
from filo_core.fixture import Fixture
from filo_core.method.fixture_edges import edge_field, edges_within, packed, reduced, working_grey, working_side
from filo_core.method.fixture_finding import FixtureFinder, Spot
from filo_core.sentence import Joined
from filo_core.zones import FixtureSearch, Zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_FINE_POINTS = 150
_COARSE_POINTS = 80
_FEWEST_POINTS = 24
_COARSE_SIDE = 28.0
"""Side in pixels of a shape at the size at which it is searched for."""
_LONGEST_COARSE = 90.0
"""Of the whole picture at that size, so that the search stays within milliseconds."""
_SMALLEST_SHARE = 1 / 14
"""Side of the smallest shape as a share of the picture's longer side."""
_AMBIGUOUS = 0.75
"""A second place that fits so well, as a share of the best, in the very picture that it was taught on."""
_STIFFEST = 0.04
"""Share of an edge's hold across its weaker direction, below which it could slide along."""
_NAMED = 3
"""Pictures that a sentence names at the most."""
LEAST_FIT = 0.4
"""Fit that is needed at the least: anything fits as well somewhere."""
_LEAST_GAP = 0.08
"""Between how well it fits elsewhere and how well the part fits, below which they are not told apart."""
_SHARE_OF_GAP = 0.4
"""Where between chance and the worst good picture the least fit lies."""


def taught(
    zone: Zone, picture: NDArray[np.uint8], image_hash: str, others: Sequence[tuple[str, NDArray[np.uint8]]]
) -> Fixture:
    """A fixture from a shape that was drawn on a good picture.

    How well it has to fit lies between how well it fits elsewhere in good pictures and how well the part itself does
    at its worst. That no good picture lies below it is what bounds how often it refuses good parts.

    Args:
        zone: as drawn.
        picture: ``(H, W, 3)`` uint8 RGB that it was drawn on.
        image_hash: of that.
        others: name and pixels of each other good picture.

    Raises:
        RecipeError: if there is nothing to hold on to, it looks the same turned, it stands there twice, or another
            good picture does not show it.
    """
    fixture = _shape(zone, picture, image_hash, zone.search or FixtureSearch())
    finder = FixtureFinder(fixture)
    chance, fits = _own_chance(finder, fixture, picture, zone.name), {}
    for name, pixels in others:
        places = finder.places(pixels)
        fits[name] = places[0].fit if places else 0.0
        chance = max([chance, *(place.fit for place in places[1:])])
    lost = [name for name, fit in fits.items() if fit < max(LEAST_FIT, chance + _LEAST_GAP)]
    if lost:
        raise RecipeError(
            "Fixture {fixture} is not told from its surroundings in {pictures}. Draw it around something that every "
            "good part shows alike, or remove those pictures.",
            fixture=zone.name,
            pictures=Joined([*lost[:_NAMED], "…"] if len(lost) > _NAMED else lost),
        )
    worst = min(fits.values(), default=1.0)
    least = max(chance + _SHARE_OF_GAP * (worst - chance), LEAST_FIT)
    return replace(
        fixture, least=round(least, 4), worst=round(worst, 4), chance=round(chance, 4), taught_on=1 + len(others)
    )


def _shape(zone: Zone, picture: NDArray[np.uint8], image_hash: str, search: FixtureSearch) -> Fixture:
    height, width = picture.shape[:2]
    side = working_side(width, height)
    grey, factor = working_grey(picture, side), max(width, height) / side
    outline = np.array(zone.outline, np.float64) * (grey.shape[1], grey.shape[0])
    extent = outline.max(axis=0) - outline.min(axis=0)
    if min(extent) < 8.0 or math.sqrt(extent[0] * extent[1]) < _SMALLEST_SHARE * side:
        raise RecipeError(
            "Fixture {fixture} is too small to be found for sure. Draw it larger: a tenth of the picture's longer side "
            "or more.",
            fixture=zone.name,
        )
    fine = _edges(grey, outline, 1.0, _FINE_POINTS)
    coarse_factor = max(math.sqrt(extent[0] * extent[1]) / _COARSE_SIDE, side / _LONGEST_COARSE, 1.0)
    coarse = _edges(reduced(grey, coarse_factor), outline, coarse_factor, _COARSE_POINTS)
    if len(fine) < _FEWEST_POINTS or len(coarse) < _FEWEST_POINTS // 2:
        raise RecipeError(
            "Fixture {fixture} has too few edges to hold on to. Draw it around something with clear edges.",
            fixture=zone.name,
        )
    _check_hold(fine, zone.name)
    centre = (outline.max(axis=0) + outline.min(axis=0)) / 2.0
    return Fixture(
        picture=image_hash,
        width=width,
        height=height,
        centre=(round(float(centre[0]) * factor, 3), round(float(centre[1]) * factor, 3)),
        turn=search.turn,
        scale=search.scale,
        coarse=packed(_around(coarse, centre / coarse_factor), coarse_factor),
        fine=packed(_around(fine, centre), 1.0),
        least=LEAST_FIT,
    )


def _edges(grey: NDArray[np.uint8], outline: NDArray[np.float64], factor: float, most: int) -> Floats:
    mask = np.zeros(grey.shape, np.uint8)
    cv2.fillPoly(mask, [np.round((outline / factor - 0.5) * 16).astype(np.int32)], 1, shift=4)
    # What the border of the picture ends is no edge of the part.
    mask[:1], mask[-1:], mask[:, :1], mask[:, -1:] = 0, 0, 0, 0
    return edges_within(edge_field(grey), mask.astype(np.bool_), most)


def _around(points: Floats, centre: NDArray[np.float64]) -> Floats:
    """Points from a centre whose coordinates count from the picture's corner, not from a pixel's middle."""
    moved = points.copy()
    moved[:, :2] -= (centre - 0.5).astype(np.float32)
    return moved


def _check_hold(points: Floats, name: str) -> None:
    """Whether edges point in more than one direction."""
    normals = np.column_stack((np.cos(points[:, 2]), np.sin(points[:, 2])))
    weaker = float(np.linalg.eigvalsh(normals.T @ normals / len(points))[0])
    if weaker < _STIFFEST:
        raise RecipeError(
            "Fixture {fixture} has edges in one direction alone, so the part could slide along them. Draw it around a "
            "corner as well.",
            fixture=name,
        )


def _own_chance(finder: FixtureFinder, fixture: Fixture, picture: NDArray[np.uint8], name: str) -> float:
    """How well it fits elsewhere at the most, in the picture that it was taught on."""
    places = finder.places(picture)
    home = next((place for place in places if _is_home(place, finder, fixture)), None)
    if home is None:
        raise RecipeError(
            "Fixture {fixture} is not found again where it was drawn. Draw it around clearer edges.", fixture=name
        )
    others = [place for place in places if place is not home]
    if others and others[0].fit >= _AMBIGUOUS * home.fit:
        angle = abs(math.degrees(others[0].angle))
        apart = math.hypot(others[0].across - home.across, others[0].down - home.down)
        if apart < finder.reach:
            raise RecipeError(
                "Fixture {fixture} looks the same turned by {angle:.0f}°, so how a part lies would be a guess. Add "
                "something that tells, or allow turns below {half:.0f}°.",
                fixture=name,
                angle=angle,
                half=max(angle / 2, 1.0),
            )
        raise RecipeError(
            "Fixture {fixture} is seen twice in its picture, so which is the part would be a guess. Draw it around "
            "something that is there once.",
            fixture=name,
        )
    return others[0].fit if others else 0.0


def _is_home(place: Spot, finder: FixtureFinder, fixture: Fixture) -> bool:
    found = finder.placement(place, max(fixture.width, fixture.height))
    return math.hypot(*found.moved) < 0.02 * max(fixture.width, fixture.height) and abs(found.turned) < 3.0
