"""Where a picture is looked at: regions and ignore masks that a person draws, each by its outline.

Code calls them zones: a *region* is what was found in one picture. Coordinates are fractions of the picture's width
and height, so that they hold for a camera of another resolution. What outlines cover is in
:mod:`filo_core.method.zone_masks`, what may be drawn in :mod:`filo_core.method.zone_rules`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

Point = tuple[float, float]
"""Across and down, each in [0, 1]."""

LONGEST_ZONE_NAME = 60
LARGEST_SCALE = 0.25
_ELLIPSE_POINTS = 64
_LEAST_SCORE = 1e-9
_LATER: dict[str, Any] = {"search": None, "count": None, "anomalies": (), "code": None}
"""Fields of a zone that the first recipes with zones did not have, and what they are without a wish: those recipes keep
their hash."""


class ZoneKind(StrEnum):
    """What a zone is there for."""

    INSPECT = "inspect"
    IGNORE = "ignore"
    """What lies in it counts nowhere: not in a score, not as a region, not for a limit."""
    FIXTURE = "fixture"
    """A shape that is found in each picture; the other zones move with it, and it is no place that is looked at."""
    COUNT = "count"
    """How many of an item are there decides, and nothing else of what it shows."""
    WHOLE = "whole"
    """How much it has of each kind of patch decides, wherever they lie: what is missing, too many or swapped."""
    CODE = "code"
    """A code that says which part it is; what it looks like is compared with nothing."""


_SCORED = frozenset({ZoneKind.INSPECT, ZoneKind.COUNT, ZoneKind.WHOLE})


class ZoneShape(StrEnum):
    """How the points of a zone are read."""

    RECTANGLE = "rectangle"
    """Two opposite corners."""
    ELLIPSE = "ellipse"
    """Two opposite corners of the rectangle around it."""
    POLYGON = "polygon"
    """Its corners one after the other."""


@dataclass(frozen=True, slots=True)
class FixtureSearch:
    """How a fixture's shape may lie in a picture."""

    turn: float = 180.0
    """Degrees either way, in [0, 180]."""
    scale: float = 0.0
    """Share either way by which it may seem larger or smaller, in [0, :data:`LARGEST_SCALE`]."""
    picture: str = ""
    """SHA-256 of the good image that it, and with it every zone, was drawn on; empty for the first one."""


@dataclass(frozen=True, slots=True)
class ItemExample:
    """One item, as a person marked it on a good picture."""

    picture: str
    """Hash of that picture; in a file its name as well."""
    points: tuple[Point, Point]
    """Two opposite corners of the box around it where it lies there, in fractions of the picture."""


@dataclass(frozen=True, slots=True)
class ItemCount:
    """What is counted in a zone, and how many there have to be."""

    what: str
    """As a sentence calls it: "screws"."""
    expected: int
    examples: tuple[ItemExample, ...]
    least: float | None = None
    """Likeness from which on a place is an item, in (0, 1), where bad parts said so; None: as good images say."""


class Unreadable(StrEnum):
    """What becomes of an OK part whose code cannot be read."""

    REVIEW = "REVIEW"
    NG = "NG"


@dataclass(frozen=True, slots=True)
class CodeRead:
    """What the code in a zone is read for."""

    field: str = "serial"
    """Of the identity that it names."""
    unreadable: Unreadable = Unreadable.REVIEW
    """The same where there are several in the zone, or what it says cannot be kept."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A place that is looked at with a limit of its own, or not at all."""

    name: str
    points: tuple[Point, ...]
    shape: ZoneShape = ZoneShape.RECTANGLE
    kind: ZoneKind = ZoneKind.INSPECT
    limit: float | None = None
    """Score up to which it is OK, in (0, 1), where a person set it; None: found from the good parts."""
    ease: float = 0.0
    """Added to the log-odds of its scores and its map, so that its limit for OK lies where those of the others do."""
    knee: float = 0.0
    """Where that is, in log-odds;"""
    stretch: float = 1.0
    """what lies beyond it counts so many times, so that NG begins where it does for the others."""
    search: FixtureSearch | None = None
    """Of a fixture alone."""
    count: ItemCount | None = None
    """Of a zone in which items are counted."""
    anomalies: tuple[str, ...] = ()
    """Names of the product's anomaly list that regions found in it may have; empty for all of them."""
    code: CodeRead | None = None
    """Of a zone in which a code is read."""

    @property
    def has_map(self) -> bool:
        """Whether its places are compared with those of good parts."""
        return self.kind is ZoneKind.INSPECT

    @property
    def outline(self) -> tuple[Point, ...]:
        """Its corners; of an ellipse as many as are seen as round."""
        if self.shape is ZoneShape.POLYGON:
            return self.points
        (left, top), (right, bottom) = self.points
        if self.shape is ZoneShape.RECTANGLE:
            return (left, top), (right, top), (right, bottom), (left, bottom)
        middle, half = ((left + right) / 2, (top + bottom) / 2), ((right - left) / 2, (bottom - top) / 2)
        angles = (2.0 * math.pi * step / _ELLIPSE_POINTS for step in range(_ELLIPSE_POINTS))
        return tuple((middle[0] + half[0] * math.cos(a), middle[1] + half[1] * math.sin(a)) for a in angles)


def inspected(zones: Sequence[Zone]) -> tuple[Zone, ...]:
    """Those that have a score, of whatever kind; empty where the whole picture has one."""
    return tuple(zone for zone in zones if zone.kind in _SCORED)


def without_map(zones: Sequence[Zone]) -> bool:
    """Whether no place is compared with good parts: there are zones that have a score, and none of them has a map."""
    drawn = inspected(zones)
    return bool(drawn) and not any(zone.has_map for zone in drawn)


def with_whole_part(zones: Sequence[Zone], name: str, picture: str) -> tuple[Zone, ...]:
    """The zones with one more, which looks at all that they span as a whole; as they are where one does already.

    Args:
        zones: as drawn.
        name: of the new one.
        picture: name of a zone over everything, which is added where nothing was inspected: the map stays.
    """
    if any(zone.kind is ZoneKind.WHOLE for zone in zones):
        return tuple(zones)
    left, top, right, bottom = bounds_of(zones)
    corners = (left, top), (right, bottom)
    mapped = () if inspected(zones) else (Zone(picture, corners),)
    return (*zones, *mapped, Zone(name, corners, kind=ZoneKind.WHOLE))


def without_whole_part(zones: Sequence[Zone], picture: str) -> tuple[Zone, ...]:
    """The zones without those that are looked at as a whole, and without what :func:`with_whole_part` added besides."""
    left = tuple(zone for zone in zones if zone.kind is not ZoneKind.WHOLE)
    plain = Zone(picture, ((0.0, 0.0), (1.0, 1.0)))
    drawn = without_ease(inspected(left))
    return tuple(zone for zone in left if zone.kind is not ZoneKind.INSPECT) if drawn == (plain,) else left


def fixture_of(zones: Sequence[Zone]) -> Zone | None:
    """The one that the others move with."""
    return next((zone for zone in zones if zone.kind is ZoneKind.FIXTURE), None)


def as_hashed(zone: dict[str, Any]) -> dict[str, Any]:
    """A zone's fields as they count in a recipe's hash: those that came later are left out at their defaults."""
    return {name: value for name, value in zone.items() if name not in _LATER or value != _LATER[name]}


def without_ease(zones: Sequence[Zone]) -> tuple[Zone, ...]:
    """The zones as drawn, before any limit was found."""
    return tuple(
        replace(zone, ease=0.0, knee=0.0, stretch=1.0, count=zone.count and replace(zone.count, least=None))
        for zone in zones
    )


def without_names(zones: Sequence[Zone]) -> tuple[Zone, ...]:
    """The zones without anomaly lists of their own, on which no score rests."""
    return tuple(replace(zone, anomalies=()) for zone in zones)


def bounds_of(zones: Sequence[Zone]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of everything that is looked at; the whole picture without an inspected zone."""
    points = [point for zone in inspected(zones) for point in zone.points]
    if not points:
        return 0.0, 0.0, 1.0, 1.0
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across), max(down)


def contains(outline: Sequence[Point], point: Point) -> bool:
    """Whether a point lies in a polygon."""
    x, y = point
    inside = False
    for number, (ax, ay) in enumerate(outline):
        bx, by = outline[number - 1]
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    return inside


def on_scale(zone: Zone, score: float) -> float:
    """A score of a zone, in [0, 1], on the scale that all zones share; the very same where nothing moves it."""
    if zone.ease == 0.0 and zone.stretch == 1.0:
        return score
    odds = log_odds(score) + zone.ease
    if odds > zone.knee:
        odds = zone.knee + zone.stretch * (odds - zone.knee)
    return 1.0 / (1.0 + math.exp(-odds))


def log_odds(score: float) -> float:
    """Of a score in [0, 1]; finite at its ends as well."""
    inside = min(max(score, _LEAST_SCORE), 1.0 - _LEAST_SCORE)
    return math.log(inside / (1.0 - inside))
