"""Where a part lies in a picture: the shape of a fixture, found or refused, never guessed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import PartNotFoundError
from filo_core.fixture import Fixture, Placement
from filo_core.method.fixture_edges import edge_field, reduced, unpacked, working_grey, working_side
from filo_core.method.fixture_fit import Fitted, fitted
from filo_core.method.fixture_search import CoarseSearch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_CANDIDATES = 6
_KEPT = 4
_LAST = 2
"""So many places are looked at coarsely, laid onto the fine edges, and laid onto them to the end."""
_ALIKE = 0.85
"""A second place that fits so well, as a share of the best, makes it a guess which is the part."""
_SLACK_DEGREES = 3.0
_SLACK_SCALE = 0.02
"""Beyond what was allowed, so that a part at the end of the range is found."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where a shape may lie, in pixels of the working size."""

    across: float
    down: float
    angle: float
    """In radians, in (-pi, pi]."""
    scale: float
    fit: float
    """How well its edges fit, in [0, 1]."""
    residual: float
    """In pixels."""


class FixtureFinder:
    """Finds one fixture's shape; may be asked from several threads.

    Args:
        fixture: what was taught.
    """

    def __init__(self, fixture: Fixture) -> None:
        self._fixture = fixture
        self._side = working_side(fixture.width, fixture.height)
        self._coarse, self._fine = unpacked(fixture.coarse), unpacked(fixture.fine)
        self.reach = float(np.hypot(self._fine[:, 0], self._fine[:, 1]).max())
        self._searches: dict[tuple[int, int], CoarseSearch] = {}

    def locate(self, pixels: NDArray[np.uint8]) -> Placement:
        """Where the part lies in ``(H, W, 3)`` uint8 RGB.

        Raises:
            PartNotFoundError: if it was not found, or at two places that are as good; the sentence says which.
        """
        places = self.places(pixels)
        best = places[0] if places else None
        if best is None or best.fit < self._fixture.least:
            fit = 100.0 * best.fit if best is not None else 0.0
            raise PartNotFoundError(
                "The part was not found (the fixture fits to {fit:.0f} %, {least:.0f} % are needed). Look whether it "
                "lies in the picture, and whether it is the right one.",
                fit=fit,
                least=100.0 * self._fixture.least,
            )
        if len(places) > 1 and places[1].fit >= max(_ALIKE * best.fit, self._fixture.least):
            raise PartNotFoundError(
                "The part was found at two places alike (the fixture fits to {fit:.0f} and to {other:.0f} %), so which "
                "it is would be a guess. Look whether two parts are in the picture.",
                fit=100.0 * best.fit,
                other=100.0 * places[1].fit,
            )
        return self.placement(best, max(pixels.shape[:2]))

    def places(self, pixels: NDArray[np.uint8]) -> list[Spot]:
        """Every place that the shape may lie at, the best first, none twice."""
        grey = working_grey(pixels, self._side)
        small = edge_field(reduced(grey, self._fixture.coarse.factor))
        poses = self._search_of(small.shape[:2]).candidates(small, _CANDIDATES)
        scales = self._fixture.scale > 0.0
        if not len(poses):
            return []
        rough = fitted(small, self._coarse, poses, (2, 2), scales=scales)
        factor = (grey.shape[1] / small.shape[1], grey.shape[0] / small.shape[0])
        begun = _apart(_places(rough), self.reach / factor[0])[:_KEPT]
        starts = np.array([_larger(place, factor) for place in begun], np.float32)
        field = edge_field(grey)
        closer = fitted(field, self._fine, starts, (4, 3), scales=scales)
        best = closer.poses[np.argsort(-closer.fit, kind="stable")[:_LAST]]
        fine = fitted(field, self._fine, best, (2, 2), scales=scales)
        return _apart([place for place in _places(fine) if self._allowed(place)], self.reach)

    def _search_of(self, size: tuple[int, int]) -> CoarseSearch:
        search = self._searches.get(size)
        if search is None:
            search = CoarseSearch(self._coarse, self._fixture.turn, self._fixture.scale, size)
            # Pictures of other sizes come one after the other, as a folder has them.
            self._searches = {size: search}
        return search

    def _allowed(self, place: Spot) -> bool:
        turned = abs(math.degrees(place.angle)) <= self._fixture.turn + _SLACK_DEGREES
        return turned and abs(math.log(place.scale)) <= math.log1p(self._fixture.scale) + _SLACK_SCALE

    def placement(self, place: Spot, longest: int) -> Placement:
        """A place as what it does to pixels of the taught picture, in a picture whose longer side is ``longest``."""
        fixture, factor = self._fixture, longest / self._side
        zoom = place.scale * factor * self._side / max(fixture.width, fixture.height)
        a, b = zoom * math.cos(place.angle), zoom * math.sin(place.angle)
        x, y = (place.across + 0.5) * factor, (place.down + 0.5) * factor
        taught_x, taught_y = fixture.centre
        matrix = (a, -b, x - a * taught_x + b * taught_y, b, a, y - b * taught_x - a * taught_y)
        nominal = zoom / place.scale
        return Placement(
            matrix=matrix,
            moved=(x - nominal * taught_x, y - nominal * taught_y),
            turned=math.degrees(place.angle),
            scale=place.scale,
            fit=place.fit,
            residual_px=place.residual * factor,
        )


@lru_cache(maxsize=8)
def finder_of(fixture: Fixture) -> FixtureFinder:
    """The finder of a fixture; the last few are kept, since they take a moment to get ready."""
    return FixtureFinder(fixture)


def _places(fits: Fitted) -> list[Spot]:
    """The best first."""
    found = [
        Spot(float(x), float(y), _wrapped(float(angle)), float(scale), float(share), float(residual))
        for (x, y, angle, scale), share, residual in zip(fits.poses, fits.fit, fits.residual, strict=True)
    ]
    return sorted(found, key=lambda place: (-place.fit, place.residual))


def _apart(places: list[Spot], size: float) -> list[Spot]:
    """Of places that are much the same, the best one."""
    kept: list[Spot] = []
    for place in places:
        if not any(_same(place, other, size) for other in kept):
            kept.append(place)
    return kept


def _same(one: Spot, other: Spot, size: float) -> bool:
    near = math.hypot(one.across - other.across, one.down - other.down) < 0.25 * size
    return near and abs(_wrapped(one.angle - other.angle)) < math.radians(15.0)


def _larger(place: Spot, factor: tuple[float, float]) -> tuple[float, float, float, float]:
    """A place at the coarse size, at the working size; pixels are counted from their middles."""
    return (
        (place.across + 0.5) * factor[0] - 0.5,
        (place.down + 0.5) * factor[1] - 0.5,
        place.angle,
        place.scale,
    )


def _wrapped(angle: float) -> float:
    return math.pi - (math.pi - angle) % (2.0 * math.pi)
