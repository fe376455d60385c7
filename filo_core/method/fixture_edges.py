"""Edges of a picture as unit vectors, and those of a shape as points: what a fixture is made of.

At each pixel ``u = g / sqrt(|g|^2 + c^2)`` with the grey level's gradient ``g`` and a level ``c`` of the picture's own,
so that neither brightness nor contrast counts, and a place without an edge says nothing.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.errors import RecipeError
from filo_core.fixture import WORKING_PX, Fixture, ShapeEdges
from filo_core.zones import LARGEST_SCALE, Zone, fixture_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_LEAST_LEVEL = 4.0
"""Grey levels a pixel below which a gradient is noise."""
_EDGE = 0.6
"""Length of the unit vector from which a place is an edge that is taught."""
_LARGEST_SIDE = 100_000
_MOST_POINTS = 1000
_POSITION = 16.0
_ANGLE = 100.0


def working_side(width: int, height: int) -> int:
    """Longer side of a picture at working size; a small one stays as it is."""
    return min(max(width, height), WORKING_PX)


def working_grey(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """``(H, W, 3)`` uint8 RGB as grey levels whose longer side is ``side``."""
    height, width = pixels.shape[:2]
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    factor = max(width, height) / side
    if factor != 1.0:
        size = (max(1, round(width / factor)), max(1, round(height / factor)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if factor > 1.0 else cv2.INTER_LINEAR)
    return np.asarray(grey, np.uint8)


def reduced(grey: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """A picture made smaller by a factor of 1 or more."""
    if factor <= 1.0:
        return grey
    height, width = grey.shape
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def edge_field(grey: NDArray[np.uint8]) -> Floats:
    """``(H, W, 2)``: at each pixel a vector of length below 1, from dark to bright across an edge."""
    soft = cv2.GaussianBlur(grey, (3, 3), 0.8)
    across, down = (cv2.Scharr(soft, cv2.CV_32F, dx, dy, scale=1 / 32) for dx, dy in ((1, 0), (0, 1)))
    length = cv2.magnitude(across, down)
    level = max(_LEAST_LEVEL, float(cv2.mean(length)[0]))
    cv2.multiply(length, length, dst=length)
    length = np.sqrt(length + np.float32(level * level))
    cv2.divide(across, length, dst=across)
    cv2.divide(down, length, dst=down)
    return np.asarray(cv2.merge((across, down)), np.float32)


def edges_within(field: Floats, mask: NDArray[np.bool_], most: int) -> Floats:
    """Edge points under a mask: ``(N, 3)`` across, down and direction in radians, at most so many, spread evenly."""
    length = np.sqrt((field * field).sum(axis=2))
    rows, columns = np.nonzero(mask & (length >= _EDGE))
    if not len(rows):
        return np.zeros((0, 3), np.float32)
    unit = field[rows, columns] / length[rows, columns, None]
    here = length[rows, columns]
    before, after = (_at(length, columns + way * unit[:, 0], rows + way * unit[:, 1]) for way in (-1.0, 1.0))
    ridge = (here >= before) & (here > after)
    bend = 2.0 * here - before - after
    beside = np.clip(0.5 * (after - before) / np.maximum(bend, 1e-6), -0.5, 0.5)
    found = np.column_stack(
        (columns + beside * unit[:, 0], rows + beside * unit[:, 1], np.arctan2(unit[:, 1], unit[:, 0]))
    )[ridge]
    return _spread(found.astype(np.float32), here[ridge], most)


def _spread(points: Floats, strength: Floats, most: int) -> Floats:
    """The strongest of each cell of a grid that is as fine as leaves no more than ``most``."""
    points = points[np.argsort(-strength, kind="stable")]
    cell = 1.0
    while True:
        cells = np.floor(points[:, :2] / cell).astype(np.int64)
        _, first = np.unique(cells[:, 0] * 65536 + cells[:, 1], return_index=True)
        if len(first) <= most:
            return points[np.sort(first)]
        cell *= 1.15


def _at(values: Floats, across: Floats, down: Floats) -> Floats:
    """Values between pixels; OpenCV takes no more than 32,767 places in a column."""
    count = len(across)
    rows = -(-count // 1024)
    at = np.zeros((2, rows * 1024), np.float32)
    at[:, :count] = across, down
    placed = at.reshape(2, rows, 1024)
    return np.asarray(cv2.remap(values, placed[0], placed[1], cv2.INTER_LINEAR), np.float32).reshape(-1)[:count]


def packed(points: Floats, factor: float) -> ShapeEdges:
    """Edge points around a shape's centre as a recipe keeps them; points as for :func:`edges_within`."""
    whole = np.column_stack((points[:, :2] * _POSITION, np.degrees(points[:, 2:]) * _ANGLE))
    return ShapeEdges(factor, base64.b64encode(np.round(whole).astype("<i2").tobytes()).decode("ascii"), len(points))


def unpacked(edges: ShapeEdges) -> Floats:
    """What :func:`packed` kept.

    Raises:
        ValueError: if it did not.
    """
    whole = np.frombuffer(base64.b64decode(edges.points, validate=True), "<i2").reshape(edges.count, 3)
    radians = whole[:, 2:].astype(np.float32) * np.float32(math.pi / 180.0 / _ANGLE)
    return np.column_stack((whole[:, :2].astype(np.float32) / np.float32(_POSITION), radians))


def check_fixture(fixture: Fixture | None, zones: Sequence[Zone], product: str) -> None:
    """Whether a fixture that comes from a file can be what a zone was taught as.

    Raises:
        RecipeError: if not.
    """
    drawn = fixture_of(zones)
    if (drawn is None) != (fixture is None):
        raise RecipeError("The fixture of {product} was not taught. Export the product again.", product=product)
    if fixture is None or drawn is None:
        return
    try:
        points = [unpacked(edges) for edges in (fixture.coarse, fixture.fine)]
    except (ValueError, TypeError) as error:
        raise RecipeError(
            "The fixture of {product} cannot be read. Export the product again.", product=product
        ) from error
    numbers = (*fixture.centre, fixture.turn, fixture.scale, fixture.least, fixture.coarse.factor, fixture.fine.factor)
    sane = (
        all(math.isfinite(value) for value in numbers)
        and min(fixture.width, fixture.height) >= 1
        and max(fixture.width, fixture.height) <= _LARGEST_SIDE
        and 0.0 <= fixture.turn <= 180.0
        and 0.0 <= fixture.scale <= LARGEST_SCALE
        and 0.0 < fixture.least < 1.0
        and all(1.0 <= edges.factor <= WORKING_PX for edges in (fixture.coarse, fixture.fine))
        and all(1 <= len(one) <= _MOST_POINTS for one in points)
    )
    if not sane:
        raise RecipeError(
            "The fixture of {product} holds numbers that none has. Export the product again.", product=product
        )
