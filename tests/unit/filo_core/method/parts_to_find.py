"""Pictures of a made-up part at a known place, for what finds it."""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime
from functools import lru_cache

import cv2
import numpy as np

from filo_core.fixture import Fixture, Placement
from filo_core.method.fixture_teaching import taught
from filo_core.types import SourceImage
from filo_core.zones import FixtureSearch, Zone, ZoneKind

Picture = np.ndarray
SIZE = (480, 360)
_FINER = 4
SHAPE = Zone("bracket", ((0.3, 0.25), (0.7, 0.75)), kind=ZoneKind.FIXTURE, search=FixtureSearch(180.0))
BODY = Zone("body", ((0.32, 0.28), (0.68, 0.72)))


def picture(
    angle: float = 0.0,
    moved: tuple[float, float] = (0.0, 0.0),
    scale: float = 1.0,
    *,
    seed: int = 0,
    light: float = 1.0,
    part: bool = True,
    hidden: float = 0.0,
    zoom: int = 1,
) -> Picture:
    """A bracket with a hole and a notch on grey ground, ``(H, W, 3)`` uint8, turned about its middle, then moved."""
    width, height = SIZE[0] * zoom, SIZE[1] * zoom
    # Drawn larger and made smaller, so that an outline lies where it should to a fraction of a pixel.
    large = np.full((_FINER * height, _FINER * width), 90, np.uint8)
    if part:
        _draw(large, angle, moved, scale, _FINER * zoom)
    canvas = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    if hidden:
        canvas[:, : int(width * hidden)] = 90
    noisy = canvas * light + np.random.default_rng(seed).normal(0.0, 3.0, canvas.shape)
    return np.repeat(np.clip(noisy, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def image(pixels: Picture, name: str) -> SourceImage:
    """A picture as it comes from a file."""
    encoded = cv2.imencode(".png", pixels[..., ::-1])[1].tobytes()
    return SourceImage(name, encoded, hashlib.sha256(encoded).hexdigest(), pixels, datetime(2026, 11, 30, tzinfo=UTC))


def _draw(canvas: Picture, angle: float, moved: tuple[float, float], scale: float, zoom: int) -> None:
    corners = [(-90, -80), (90, -80), (90, -20), (40, -20), (40, 80), (-90, 80)]
    _fill(canvas, corners, 200, angle, moved, scale, zoom)
    _fill(canvas, [(-70, -60), (-30, -60), (-30, -30), (-70, -30)], 60, angle, moved, scale, zoom)
    _fill(
        canvas,
        [(-50 + 22 * math.cos(t / 6), 40 + 22 * math.sin(t / 6)) for t in range(38)],
        40,
        angle,
        moved,
        scale,
        zoom,
    )


def _fill(
    canvas: Picture,
    corners: list[tuple[float, float]],
    grey: int,
    angle: float,
    moved: tuple[float, float],
    scale: float,
    zoom: int,
) -> None:
    placed = [place(x + SIZE[0] / 2, y + SIZE[1] / 2, angle, moved, scale) for x, y in corners]
    whole = np.round((np.array(placed) * zoom - 0.5) * 256).astype(np.int32)
    cv2.fillPoly(canvas, [whole], grey, shift=8)


def place(x: float, y: float, angle: float, moved: tuple[float, float], scale: float = 1.0) -> tuple[float, float]:
    """Where a point of the part that lies still goes."""
    turn = math.radians(angle)
    x, y = x - SIZE[0] / 2, y - SIZE[1] / 2
    cos, sin = math.cos(turn) * scale, math.sin(turn) * scale
    return SIZE[0] / 2 + moved[0] + cos * x - sin * y, SIZE[1] / 2 + moved[1] + sin * x + cos * y


@lru_cache
def fixture(search: FixtureSearch | None = None, others: int = 3) -> Fixture:
    """Taught on the part that lies still, and on some that do not."""
    zone = SHAPE if search is None else Zone(SHAPE.name, SHAPE.points, SHAPE.shape, SHAPE.kind, search=search)
    some = [(f"{n}.png", picture(4.0 * n, (6.0 * n, -5.0 * n), seed=n)) for n in range(1, others + 1)]
    return taught(zone, picture(), "0" * 64, some)


def farthest(found: Placement, angle: float, moved: tuple[float, float], scale: float = 1.0) -> float:
    """How far the corner of the shape that is placed worst lies from where it is, in pixels."""
    left, top, right, bottom = 144.0, 90.0, 336.0, 270.0
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return max(math.dist(found.point(x, y), place(x, y, angle, moved, scale)) for x, y in corners)
