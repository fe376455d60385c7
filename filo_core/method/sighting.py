"""What a recipe looks at of one picture, and how places in that view and in the picture correspond.

Without a fixture the view is a rectangle of the picture. With one it is that rectangle of the picture that the fixture
was taught on, filled with what lies there in this one: the part is moved and turned to where it lay. So everything
behind it, regions, limits and memory bank, is as it is for parts that lie still.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from filo_core.errors import PartNotFoundError
from filo_core.fixture import Placed, placed
from filo_core.method.fixture_finding import finder_of
from filo_core.method.view import field_of, on_whole_image, within_view
from filo_core.method.zone_masks import INSIDE, coverage
from filo_core.types import Box
from filo_core.zones import inspected

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.fixture import Fixture, Placement
    from filo_core.types import ProductDraft, Recipe
    from filo_core.zones import Zone

    Picture = NDArray[np.uint8]

MOST_OUTSIDE = 0.02
"""Share of a region that may lie beyond the picture's border; what is not seen must not pass."""
_SAMPLED = 48


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One picture as a recipe looks at it."""

    view: Picture
    """``(h, w, 3)`` uint8 RGB: what is looked at."""
    seen: Box
    """Where that is: in the picture, with a fixture in the one that it was taught on."""
    size: tuple[int, int]
    """Width and height of the picture."""
    placement: Placement | None = None

    @property
    def area_factor(self) -> float:
        """Pixels of the picture that one pixel of the view covers."""
        return self.placement.size_factor**2 if self.placement is not None else 1.0

    def to_view(self, box: Box) -> Box:
        """A box of the picture in the pixels of the view; around it where it is turned."""
        if self.placement is not None:
            box = _around([self.placement.point_back(x, y) for x, y in _corners(box)])
        return within_view(box, self.seen)

    def to_picture(self, box: Box) -> Box:
        """A box of the view in the pixels of the picture, as far as it lies in it; around it where it is turned."""
        moved = Box(box.x + self.seen.x, box.y + self.seen.y, box.width, box.height)
        if self.placement is None:
            return moved
        turned = _around([self.placement.point(x, y) for x, y in _corners(moved)])
        left, top = min(max(turned.x, 0), self.size[0] - 1), min(max(turned.y, 0), self.size[1] - 1)
        right = max(min(turned.x + turned.width, self.size[0]), left + 1)
        bottom = max(min(turned.y + turned.height, self.size[1]), top + 1)
        return Box(left, top, right - left, bottom - top)

    def map_on_picture(self, view_map: NDArray[np.float32]) -> NDArray[np.float32]:
        """The map of the view, ``(S, S)``, over the whole picture; zero where nothing was looked at."""
        width, height = self.size
        if self.placement is None:
            return on_whole_image(view_map, self.seen, width, height)
        side = len(view_map)
        onto_view = np.array([[side / self.seen.width, 0, 0], [0, side / self.seen.height, 0], [0, 0, 1]])
        onto_view[:2, 2] = -0.5 - onto_view[0, 0] * self.seen.x, -0.5 - onto_view[1, 1] * self.seen.y
        cells = np.array([[width / side, 0, 0.5 * width / side], [0, height / side, 0.5 * height / side], [0, 0, 1]])
        whole = onto_view @ np.linalg.inv(_square(self.placement)) @ cells
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(view_map, whole[:2], (side, side), flags=flags), np.float32)

    def mask_in_view(self, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """What a mask of the picture, ``(H, W)``, covers of the view: 0 to 1 at each of its pixels."""
        return _cut(mask.astype(np.float32), self.seen, self.placement, cv2.BORDER_CONSTANT)


def sighting_of(setup: Recipe | ProductDraft, pixels: Picture, placement: Placement | None = None) -> Sighting:
    """How a recipe looks at a picture, ``(H, W, 3)`` uint8 RGB.

    Args:
        setup: what says where.
        pixels: the picture.
        placement: where the part lies in it, as far as that is known already.

    Raises:
        PartNotFoundError: if its fixture was not found, or a region lies partly beyond the border.
    """
    height, width = pixels.shape[:2]
    fixture = setup.fixture
    if fixture is None:
        box = field_of(setup, width, height)
        return Sighting(pixels[box.y : box.y + box.height, box.x : box.x + box.width], box, (width, height))
    if placement is None:
        placement = finder_of(fixture).locate(pixels)
    _check_inside(setup.zones, placement, (fixture.width, fixture.height), (width, height))
    box = field_of(setup, fixture.width, fixture.height)
    # The border is repeated: an invented edge would look like an anomaly.
    return Sighting(_cut(pixels, box, placement, cv2.BORDER_REPLICATE), box, (width, height), placement)


def whole_as_taught(pixels: Picture, fixture: Fixture, placement: Placement) -> Picture:
    """A picture with its part moved to where it lay in the one that the fixture was taught on, as large as that one."""
    return _cut(pixels, Box(0, 0, fixture.width, fixture.height), placement, cv2.BORDER_CONSTANT)


def located(setup: Recipe | ProductDraft, pixels: Picture) -> Placed:
    """Where the zones of a recipe lie in a picture, ``(H, W, 3)`` uint8 RGB.

    Raises:
        PartNotFoundError: if its fixture was not found.
    """
    height, width = pixels.shape[:2]
    placement = finder_of(setup.fixture).locate(pixels) if setup.fixture is not None else None
    return placed(setup.zones, setup.fixture, placement, width, height)


def seen_of(setup: Recipe | ProductDraft, pixels: Picture, placement: Placement | None = None) -> Picture:
    """What a recipe looks at of a picture; arguments and errors as for :func:`sighting_of`."""
    return sighting_of(setup, pixels, placement).view


def _cut(values: NDArray[Any], box: Box, placement: Placement | None, border: int) -> NDArray[Any]:
    if placement is None:
        return values[box.y : box.y + box.height, box.x : box.x + box.width]
    # Pixels are counted from their middles here, and from the picture's corner in a placement.
    matrix = _square(placement)
    matrix[:2, 2] = matrix[:2, :2] @ (box.x + 0.5, box.y + 0.5) + matrix[:2, 2] - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(values, matrix[:2], (box.width, box.height), flags=flags, borderMode=border))


def _check_inside(
    zones: tuple[Zone, ...], placement: Placement, taught: tuple[int, int], size: tuple[int, int]
) -> None:
    for name, places in _samples(zones):
        matrix = _square(placement)[:2]
        moved = places * taught @ matrix[:, :2].T + matrix[:, 2]
        outside = float(((moved < 0.0) | (moved > size)).any(axis=1).mean())
        if outside > MOST_OUTSIDE:
            raise PartNotFoundError(
                "The part lies so that {outside:.0f} % of region {region} are beyond the picture's border. Move the "
                "part or the camera.",
                outside=100.0 * outside,
                region=name,
            )


@lru_cache(maxsize=8)
def _samples(zones: tuple[Zone, ...]) -> list[tuple[str, NDArray[np.float64]]]:
    """Points within each inspected zone, ``(N, 2)`` in fractions of the picture."""
    found = []
    for zone in inspected(zones):
        across, down = zip(*zone.outline, strict=True)
        bounds = min(across), min(down), max(across), max(down)
        covered = coverage(zone, bounds, _SAMPLED, _SAMPLED)
        rows, columns = np.nonzero(covered >= min(INSIDE, float(covered.max())))
        fractions = np.column_stack(((columns + 0.5) / _SAMPLED, (rows + 0.5) / _SAMPLED))
        size = (bounds[2] - bounds[0], bounds[3] - bounds[1])
        found.append((zone.name, fractions * size + bounds[:2]))
    return found


def _square(placement: Placement) -> NDArray[np.float64]:
    return np.array([placement.matrix[:3], placement.matrix[3:], (0.0, 0.0, 1.0)])


def _corners(box: Box) -> list[tuple[float, float]]:
    right, bottom = box.x + box.width, box.y + box.height
    return [(box.x, box.y), (right, box.y), (right, bottom), (box.x, bottom)]


def _around(points: list[tuple[float, float]]) -> Box:
    across, down = zip(*points, strict=True)
    left, top = round(min(across)), round(min(down))
    return Box(left, top, max(round(max(across)) - left, 1), max(round(max(down)) - top, 1))
