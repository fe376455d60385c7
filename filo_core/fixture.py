"""What a product's regions move with: a shape that is found in each picture. Words and numbers; no search here.

What teaches one is :mod:`filo_core.method.fixture_teaching`, what finds it :mod:`filo_core.method.fixture_finding`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from filo_core.sentence import Sentence
from filo_core.zones import Zone, ZoneShape

WORKING_PX = 512
"""A picture is looked for a shape at this length of its longer side at most, whatever the camera's resolution."""


@dataclass(frozen=True, slots=True)
class ShapeEdges:
    """Where a shape has edges, at one size of its picture."""

    factor: float
    """How many pixels of the working size one of these is wide."""
    points: str
    """``(count, 3)`` int16, little-endian, base64: across and down from the shape's centre in 1/16 pixel, and the
    direction from dark to bright in 1/100 degree."""
    count: int


@dataclass(frozen=True, slots=True)
class Fixture:
    """A shape that was taught on one good picture. Part of a recipe: regions lie where it is found."""

    picture: str
    """SHA-256 of the image that it was taught on."""
    width: int
    """Of that image, in pixels;"""
    height: int
    """the same."""
    centre: tuple[float, float]
    """Of the shape, in pixels of that image."""
    turn: float
    """Degrees either way that a part may lie turned, in [0, 180]."""
    scale: float
    """Share either way that a part may seem larger or smaller, in [0, 0.3]."""
    coarse: ShapeEdges
    fine: ShapeEdges
    least: float
    """How well its edges have to fit, in (0, 1): below it the part was not found."""
    worst: float = 1.0
    """How well they fit in the other good pictures at the worst;"""
    chance: float = 0.0
    """at a place that is not the part at the best."""
    taught_on: int = 1
    """Good pictures that the numbers are from."""

    @property
    def words(self) -> str:
        """How far it is to be relied on, as a sentence."""
        numbers = {"least": 100.0 * self.least, "chance": 100.0 * self.chance}
        if self.taught_on < 2:
            return Sentence(
                "The fixture was taught from one picture: {least:.0f} % are needed, and elsewhere in it it fits to "
                "{chance:.0f} %. How many good parts it refuses cannot be said before there are more.",
                **numbers,
            )
        return Sentence(
            "The fixture fits to {worst:.0f} % or more in the other {others} good pictures; {least:.0f} % are needed, "
            "and elsewhere in them it fits to {chance:.0f} % at most. At most {refused:.0f} % of good parts are "
            "refused, in the worst case.",
            worst=100.0 * self.worst,
            others=self.taught_on - 1,
            refused=100.0 / self.taught_on,
            **numbers,
        )


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a part lies, beside where it lay in the picture that its fixture was taught on."""

    matrix: tuple[float, float, float, float, float, float]
    """From pixels of that picture to pixels of this one: ``x' = m0 x + m1 y + m2``, ``y' = m3 x + m4 y + m5``."""
    moved: tuple[float, float]
    """How far the shape's centre lies from where it would, across and down, in pixels of this picture."""
    turned: float
    """In degrees, clockwise, in (-180, 180]."""
    scale: float
    """How many times as large."""
    fit: float
    """How well the shape's edges fit, in [0, 1]."""
    residual_px: float
    """Root mean square of how far edges that were found lie from where they should, in pixels of this picture."""

    @property
    def words(self) -> str:
        """As the command line says it."""
        return Sentence(
            "moved by {across:+.1f} and {down:+.1f} px, turned by {turned:+.1f}°, {scale:.3f} times as large; fits to "
            "{fit:.0f} %, residual {residual:.2f} px",
            across=self.moved[0],
            down=self.moved[1],
            turned=self.turned,
            scale=self.scale,
            fit=100.0 * self.fit,
            residual=self.residual_px,
        )

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the picture that was taught on lies, both in pixels."""
        a, b, tx, c, d, ty = self.matrix
        return a * x + b * y + tx, c * x + d * y + ty

    def point_back(self, x: float, y: float) -> tuple[float, float]:
        """The point of the picture that was taught on that lies here, both in pixels."""
        a, b, tx, c, d, ty = self.matrix
        det = a * d - b * c
        x, y = x - tx, y - ty
        return (d * x - b * y) / det, (a * y - c * x) / det

    @property
    def size_factor(self) -> float:
        """Pixels of this picture that one pixel of the picture that was taught on is wide."""
        return math.hypot(self.matrix[0], self.matrix[3])


@dataclass(frozen=True, slots=True)
class Placed:
    """Zones where they lie in one picture."""

    zones: tuple[Zone, ...] = ()
    placement: Placement | None = None
    """None without a fixture; then the zones lie as drawn."""


NOWHERE = Placed()


def placed(
    zones: Sequence[Zone], fixture: Fixture | None, placement: Placement | None, width: int, height: int
) -> Placed:
    """Zones of a recipe in a picture of ``width`` x ``height`` pixels; none where the fixture was not found in it."""
    if fixture is None:
        return Placed(tuple(zones))
    if placement is None:
        return NOWHERE

    def moved(zone: Zone) -> Zone:
        on_picture = (placement.point(x * fixture.width, y * fixture.height) for x, y in zone.outline)
        points = tuple((x / width, y / height) for x, y in on_picture)
        return replace(zone, points=points, shape=ZoneShape.POLYGON)

    return Placed(tuple(moved(zone) for zone in zones), placement)
