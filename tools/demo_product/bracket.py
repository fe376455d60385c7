"""The demo product: a bent steel bracket with screws, holes, a rubber grommet and a label, and what can go wrong."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tools.demo_product.label import LABEL_HALF, LABEL_SCALE, Misprint, print_label
from tools.demo_product.lighting import (
    LIGHT,
    Field,
    Material,
    Scene,
    box_distance,
    inside,
    noise,
    path_distance,
    smooth,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Random = np.random.RandomState

_MAT = Material((0.026, 0.030, 0.038), gloss=0.008)
_STEEL = Material((0.80, 0.81, 0.83), metal=1.0)
_ZINC = Material((0.72, 0.71, 0.65), metal=1.0)
_SCREW = Material((0.24, 0.24, 0.26), metal=1.0)
_RUBBER = Material((0.014, 0.014, 0.016), gloss=0.20)
_DEEP = Material((0.010, 0.010, 0.012), gloss=0.0)

_PLATE_HEIGHT = 7.0
_PLATE_HALF = (122.0, 100.0)
_PLATE_MIDDLE = 2.0
_BEND_LINE = -66.0
_SCREWS = ((-90.0, -36.0), (90.0, -36.0), (-90.0, 74.0), (90.0, 74.0))
_WASHER_RADIUS = 16.0
_HOLES = ((-36.0, -36.0), (14.0, -36.0))
_HOLE_RADIUS = 11.0
_GROMMET = (56.0, 24.0)
_GROMMET_RADIUS = 24.0
_LABEL = (-24.0, 24.0)


def lay_bracket(scene: Scene, random: Random, defect: str = "", variant: int = 0) -> Field:
    """Put a mat and a bracket into an empty scene.

    Args:
        scene: where to.
        random: decides what differs from part to part.
        defect: one of :data:`DEFECTS`, or empty for a good part.
        variant: which of the defect's forms; any number.

    Returns:
        Share of each sample that is anomalous, nothing for a good part.
    """
    _lay_mat(scene)
    bend = _BENT_CORNERS[variant % len(_BENT_CORNERS)] if defect == "bent_corner" else None
    anomalous = _lay_plate(scene, random, bend)
    if defect in _ON_THE_SURFACE:
        on_plate = _ON_THE_SURFACE[defect](scene, random, variant)
        anomalous = np.maximum(anomalous, on_plate * (1.0 - _fitted(scene)))
    _lay_grommet(scene)
    missing = _MISSING_SCREWS[variant % len(_MISSING_SCREWS)] if defect == "missing_screw" else None
    for index, place in enumerate(_SCREWS):
        if index == missing:
            _lay_empty_hole(scene, place)
            anomalous = inside(np.hypot(scene.u - place[0], scene.v - place[1]) - _WASHER_RADIUS)
        else:
            _lay_screw(scene, random, place)
    misprint = _MISPRINTS[variant % len(_MISPRINTS)] if defect == "misprint" else Misprint.NONE
    return np.maximum(anomalous, _lay_label(scene, random, misprint))


def _lay_mat(scene: Scene) -> None:
    height, shade = _mat(scene.height.shape)
    everywhere = np.ones_like(scene.height)
    scene.cover(everywhere, _MAT)
    scene.tint(shade, (0.0, 0.0, 0.0), metal=1.0)
    scene.lift(everywhere, height)


@cache
def _mat(shape: tuple[int, int]) -> tuple[Field, Field]:
    """Height of the mat, and by how much it is darker in places. The bench stays: the same in every picture."""
    random = np.random.RandomState(7)
    grain, worn, cloud = (noise(random, shape, (blur, blur)) for blur in (1.6, 5.0, 60.0))
    return 0.10 * grain + 0.05 * worn, 0.10 * cloud + 0.06 * worn


def _plate_distance(scene: Scene) -> Field:
    u, v = scene.u, scene.v
    plate = box_distance(u, v - _PLATE_MIDDLE, _PLATE_HALF, radius=7.0)
    for hole_u, hole_v in _HOLES:
        plate = np.maximum(plate, _HOLE_RADIUS - np.hypot(u - hole_u, v - hole_v))
    # Relief notches where sheet is bent keep it from tearing.
    for side in (-1.0, 1.0):
        notch = box_distance(u - side * (_PLATE_HALF[0] + 1.0), v - _BEND_LINE, (9.0, 3.2), radius=3.2)
        plate = np.maximum(plate, -notch)
    return plate


def _lay_plate(scene: Scene, random: Random, bend: tuple[float, float, float] | None) -> Field:
    u, v = scene.u, scene.v
    distance = whole = _plate_distance(scene)
    height = _PLATE_HEIGHT * np.sqrt(smooth(-distance / 1.8 + 0.1))
    # The flange rises behind the bend line, around a radius.
    behind = np.maximum(_BEND_LINE - v + 3.0, 0.0)
    height = height + 0.42 * np.minimum(behind**2 / 12.0, np.maximum(behind - 3.0, 0.0))
    anomalous = np.zeros_like(height)
    if bend:
        corner_u, corner_v, slope = bend
        # How far beyond a crease across the corner, 27 pixels from its tip.
        beyond = (corner_u * u + corner_v * (v - _PLATE_MIDDLE) - sum(_PLATE_HALF)) / math.sqrt(2.0) + 27.0
        over = np.maximum(beyond, 0.0)
        # Seen from above a raised corner is foreshortened.
        distance = np.maximum(whole, beyond - 22.0 + 3.5 * slope)
        height = height + slope * np.minimum(over**2 / 8.0, np.maximum(over - 2.0, 0.0))
        anomalous = inside(whole) * inside(-beyond)
    share = inside(distance)
    scene.lift(share, height)
    scene.cover(share, _STEEL)
    scene.polish(share, _brushed(scene, random))
    return np.asarray(anomalous, np.float32)


def _brushed(scene: Scene, random: Random) -> Field:
    """Sheen of steel that was ground along the part: streaks that end, in bands that vary."""
    shape = scene.height.shape
    streaks = 0.075 * noise(random, shape, (70.0, 1.1)) + 0.055 * noise(random, shape, (25.0, 0.6))
    bands = 0.035 * noise(random, shape, (200.0, 12.0)) + 0.02 * noise(random, shape, (30.0, 30.0))
    centre = shape[1] / 2.0
    turn = cv2.getRotationMatrix2D((centre, centre), -scene.pose.angle_deg, 1.0)
    turned = cv2.warpAffine(streaks + bands, turn, (shape[1], shape[0]), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(1.0 + turned, np.float32)


def _turned(scene: Scene, u: Field, v: Field, radius: Field) -> Field:
    """Sheen of a face cut on a lathe: fine rings, and the bow-tie of light they throw."""
    away = np.arctan2(v, u) + math.radians(scene.pose.angle_deg) - math.atan2(LIGHT[1], LIGHT[0])
    return np.asarray(0.62 + 0.75 * np.cos(away) ** 4 + 0.07 * np.sin(6.5 * radius), np.float32)


def _fitted(scene: Scene) -> Field:
    """Share of each sample where screws, grommet and label will hide the plate."""
    hidden = box_distance(scene.u - _LABEL[0], scene.v - _LABEL[1], LABEL_HALF, radius=3.0)
    for (u, v), radius in (*((place, _WASHER_RADIUS) for place in _SCREWS), (_GROMMET, _GROMMET_RADIUS)):
        hidden = np.minimum(hidden, np.hypot(scene.u - u, scene.v - v) - radius)
    return inside(hidden)


def _lay_screw(scene: Scene, random: Random, place: tuple[float, float]) -> None:
    scene = scene.around(*place, 18.0)
    u, v = scene.u - place[0], scene.v - place[1]
    radius = np.hypot(u, v)
    turned = _turned(scene, u, v, radius)
    washer = inside(radius - _WASHER_RADIUS)
    scene.lift(washer, _PLATE_HEIGHT + 1.3 * np.sqrt(smooth((_WASHER_RADIUS - radius) / 1.2 + 0.1)))
    scene.cover(washer, _ZINC)
    scene.polish(washer, turned)
    head = inside(radius - 11.5)
    scene.lift(head, _PLATE_HEIGHT + 1.3 + 5.0 * np.sqrt(smooth((11.5 - radius) / 2.6 + 0.05)))
    scene.cover(head, _SCREW)
    scene.polish(head, turned)
    # A hexagon socket looks the same after a sixth of a turn, wherever the driver stopped.
    turn = random.uniform(0.0, math.pi / 3.0)
    sides = [np.abs(math.cos(turn + k * math.pi / 3) * u + math.sin(turn + k * math.pi / 3) * v) for k in range(3)]
    hexagon = np.maximum(np.maximum(sides[0], sides[1]), sides[2]) - 5.6
    socket = inside(hexagon)
    scene.lift(socket, _PLATE_HEIGHT + 2.6)
    scene.cover(socket, Material((0.03, 0.03, 0.033), metal=0.7))
    scene.polish(socket, 0.55)


def _lay_empty_hole(scene: Scene, place: tuple[float, float]) -> None:
    scene = scene.around(*place, 18.0)
    u, v = scene.u - place[0], scene.v - place[1]
    radius = np.hypot(u, v)
    # The washer left a bright ring where it sat.
    print_ring = inside(np.abs(radius - 13.8) - 1.9)
    scene.polish(print_ring, scene.sheen * 1.16)
    scene.lift(inside(radius - 8.4), _PLATE_HEIGHT - np.maximum(8.4 - radius, 0.0))
    thread = inside(radius - 6.6)
    scene.lift(thread, _PLATE_HEIGHT - 7.0)
    scene.cover(thread, _DEEP)
    turns = inside(np.abs(radius - 5.6) - 0.35)
    scene.cover(0.5 * turns, Material((0.2, 0.2, 0.21), metal=0.6))


def _lay_grommet(scene: Scene) -> None:
    scene = scene.around(*_GROMMET, 26.0)
    u, v = scene.u - _GROMMET[0], scene.v - _GROMMET[1]
    radius = np.hypot(u, v)
    ring = inside(radius - _GROMMET_RADIUS)
    across = np.clip((radius - 17.0) / 7.4, -1.0, 1.0)
    scene.lift(ring, _PLATE_HEIGHT + 5.5 * np.sqrt(1.0 - across**2))
    scene.cover(ring, _RUBBER)
    scene.polish(ring, 1.0)
    opening = inside(radius - 10.4)
    scene.lift(opening, 0.0)
    scene.cover(opening, _DEEP)


def _lay_label(scene: Scene, random: Random, misprint: Misprint) -> Field:
    colours, wrong = print_label(misprint)
    # Labels are put on by hand, never quite straight.
    slip_u, slip_v, turn = random.uniform(-0.7, 0.7), random.uniform(-0.7, 0.7), random.uniform(-0.012, 0.012)
    u, v = scene.u - _LABEL[0] - slip_u, scene.v - _LABEL[1] - slip_v
    u, v = u + turn * v, v - turn * u
    share = inside(box_distance(u, v, LABEL_HALF, radius=3.0))
    column, row = (
        ((half + place) * LABEL_SCALE - 0.5).astype(np.float32) for half, place in zip(LABEL_HALF, (u, v), strict=True)
    )
    print_there = cv2.remap(colours, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    scene.paint(share, np.asarray(print_there, np.float32))
    scene.lift(share, _PLATE_HEIGHT + 0.45)
    return share * cv2.remap(wrong, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def _scratch(scene: Scene, random: Random, variant: int) -> Field:
    start, end, sag = _SCRATCHES[variant % len(_SCRATCHES)]
    shift_u, shift_v = random.uniform(-4.0, 4.0), random.uniform(-3.0, 3.0)
    on_plate = inside(_plate_distance(scene) + 1.0)
    anomalous = np.zeros_like(scene.height)
    # What cut the groove had a rough edge: a thinner line runs beside the main one for a part of the way.
    for beside, first, last, width in ((0.0, 0.0, 1.0, 0.9), (2.6, 0.25, 0.8, 0.4)):
        points = []
        for way in np.linspace(first, last, 9):
            bow = sag * 4.0 * way * (1.0 - way) + random.uniform(-0.4, 0.4) + beside
            across = start[0] + way * (end[0] - start[0]) + shift_u
            points.append((across, start[1] + way * (end[1] - start[1]) + bow + shift_v))
        distance, along = path_distance(scene.u, scene.v, points)
        pressed = np.sqrt(np.maximum(1.0 - (2.0 * along - 0.8) ** 2 / 1.5, 0.0))
        pressed *= np.clip(0.85 + 0.25 * noise(random, scene.u.shape, (6.0, 6.0)), 0.3, 1.2)
        half_width = 0.25 + width * pressed
        groove = inside(distance - half_width, 0.6) * on_plate
        # Burr pushed up on both sides is dull; the groove shows raw metal.
        scene.polish(inside(distance - half_width - 0.8, 0.8) * on_plate, 0.48 * scene.sheen)
        scene.polish(groove, 1.3 + 1.0 * pressed)
        scene.lift(groove, scene.height - 0.7 * pressed * np.clip(1.0 - distance / half_width, 0.0, 1.0))
        anomalous = np.maximum(anomalous, inside(distance - half_width - 1.0) * on_plate)
    return anomalous


def _stain(scene: Scene, random: Random, variant: int) -> Field:
    centre_u, centre_v, size = _STAINS[variant % len(_STAINS)]
    u, v = scene.u - centre_u, scene.v - centre_v
    around = np.arctan2(v, u)
    edge = np.full_like(u, size)
    for order in range(2, 7):
        edge += size * random.uniform(0.05, 0.22) / order * np.cos(order * around + random.uniform(0.0, 2.0 * math.pi))
    distance = np.hypot(u, 1.25 * v) - edge
    on_plate = inside(_plate_distance(scene) + 0.5)
    wet = inside(distance, 2.2) * on_plate
    cloud = np.clip(0.72 + 0.16 * noise(random, u.shape, (14.0, 14.0)), 0.35, 1.0)
    # Oil creeps outwards as it dries and leaves a dark rim.
    rim = np.exp(-((distance + 1.6) ** 2) / 4.5) * on_plate
    scene.tint(wet * cloud, (0.60, 0.42, 0.20), metal=0.92)
    scene.tint(0.75 * rim * inside(distance, 2.2), (0.45, 0.30, 0.15), metal=0.9)
    return inside(distance) * on_plate


def _crack(scene: Scene, random: Random, variant: int) -> Field:
    start, heading, length = _CRACKS[variant % len(_CRACKS)]
    trunk = _walk(random, start, heading, length)
    fork = trunk[len(trunk) // 2]
    branch = _walk(random, fork, heading + random.choice([-0.75, 0.75]), 0.36 * length)
    on_plate = inside(_plate_distance(scene))
    anomalous = np.zeros_like(scene.height)
    for points, width in ((trunk, 1.15), (branch, 0.7)):
        distance, along = path_distance(scene.u, scene.v, points)
        half_width = np.maximum(width * (1.0 - along**1.5), 0.18)
        gap = inside(distance - half_width, 0.7) * on_plate
        scene.lift(gap, _PLATE_HEIGHT - 3.5)
        scene.cover(gap, _DEEP)
        # One lip of a crack always stands a little higher and catches the light.
        lip = inside(np.abs(distance - half_width - 0.6) - 0.35, 0.8) * on_plate
        scene.polish(lip, 1.35)
        anomalous = np.maximum(anomalous, inside(distance - half_width - 1.0) * on_plate)
    return anomalous


def _walk(random: Random, start: tuple[float, float], heading: float, length: float) -> list[tuple[float, float]]:
    points, steps = [start], max(3, round(length / 5.0))
    for _ in range(steps):
        turn = heading + random.uniform(-0.65, 0.65)
        last_u, last_v = points[-1]
        points.append((last_u + length / steps * math.cos(turn), last_v + length / steps * math.sin(turn)))
    return points


_MISSING_SCREWS: Sequence[int] = (1, 2, 3)
_MISPRINTS: Sequence[Misprint] = (Misprint.SMUDGED, Misprint.FADED, Misprint.BLANK)
_BENT_CORNERS: Sequence[tuple[float, float, float]] = ((1.0, 1.0, 0.8), (-1.0, 1.0, 0.95), (1.0, 1.0, 1.25))
_SCRATCHES = (
    ((-108.0, -4.0), (-30.0, -14.0), 5.0),
    ((6.0, 92.0), (66.0, 60.0), -4.0),
    ((36.0, -56.0), (70.0, -12.0), 4.0),
)
_STAINS = ((38.0, 76.0, 18.0), (-92.0, 20.0, 17.0), (54.0, -38.0, 14.0))
_CRACKS = (
    ((122.0, 12.0), math.pi - 0.3, 42.0),
    ((-34.0, 102.0), -math.pi / 2 - 0.35, 42.0),
    ((-28.0, -28.0), 0.45, 46.0),
)
_ON_THE_SURFACE: dict[str, Callable[[Scene, Random, int], Field]] = {
    "scratch": _scratch,
    "stain": _stain,
    "crack": _crack,
}

DEFECTS = ("bent_corner", "crack", "misprint", "missing_screw", "scratch", "stain")
"""Everything that can go wrong with a demo part, by folder name."""
