"""Lights and photographs a modelled part: shapes and materials in, a picture as a line camera takes it out.

Lengths and heights are in pixels of the finished picture, colours are linear RGB in [0, 1]. Everything is computed on
a finer grid and averaged down, as a sensor does it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Field = NDArray[np.floating]
"""``(H, W)`` on the fine grid."""

SIDE = 320
"""Width and height of the finished picture."""

FINE = 3
"""Samples per pixel in each direction."""

LIGHT = np.array([-0.46, -0.56, 0.62]) / np.linalg.norm([-0.46, -0.56, 0.62])
"""Towards the soft box: from above, left of and behind the part."""

_SHADOW_REACH_PX = 22.0
_STRAY_LIGHT = 0.003
"""What reaches the sensor from everywhere: nothing is quite black in a photograph."""


@dataclass(frozen=True, slots=True)
class Pose:
    """How a part lies under the camera, and how bright the picture comes out."""

    shift_x: float = 0.0
    shift_y: float = 0.0
    angle_deg: float = 0.0
    gain: float = 1.0


@dataclass(frozen=True, slots=True)
class Material:
    """A surface: its colour, how much of it is bare metal, and how strongly it shines otherwise."""

    colour: tuple[float, float, float]
    metal: float = 0.0
    gloss: float = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Height and material of everything under the camera, built up layer by layer."""

    pose: Pose
    x: Field
    """To the right of the picture's centre."""
    y: Field
    """Below the picture's centre."""
    u: Field
    """Across the part, from its centre to the right."""
    v: Field
    """Down the part, from its centre."""
    height: Field
    colour: NDArray[np.floating]
    metal: Field
    gloss: Field
    sheen: Field
    """Factor on what metal mirrors: streaks of brushing, rings of turning."""

    @classmethod
    def empty(cls, pose: Pose) -> Scene:
        """Nothing yet, and where a part in ``pose`` will lie."""
        centres = (np.arange(SIDE * FINE, dtype=np.float32) + 0.5) / FINE - SIDE / 2
        x, y = np.meshgrid(centres, centres)
        cos, sin = _turn(pose)
        moved_x, moved_y = x - pose.shift_x, y - pose.shift_y
        return cls(
            pose=pose,
            x=x,
            y=y,
            u=(cos * moved_x + sin * moved_y).astype(np.float32),
            v=(cos * moved_y - sin * moved_x).astype(np.float32),
            height=np.zeros_like(x),
            colour=np.zeros((*x.shape, 3), np.float32),
            metal=np.zeros_like(x),
            gloss=np.zeros_like(x),
            sheen=np.ones_like(x),
        )

    def around(self, u: float, v: float, radius: float) -> Scene:
        """The square piece around a place of the part. What is laid there lies in the whole scene."""
        cos, sin = _turn(self.pose)
        centre_x = cos * u - sin * v + self.pose.shift_x + SIDE / 2
        centre_y = sin * u + cos * v + self.pose.shift_y + SIDE / 2
        rows, columns = (
            slice(max(0, round((centre - radius) * FINE)), max(0, round((centre + radius) * FINE)))
            for centre in (centre_y, centre_x)
        )
        pieces = {
            field.name: getattr(self, field.name)[rows, columns] for field in fields(self) if field.name != "pose"
        }
        return Scene(pose=self.pose, **pieces)

    def cover(self, share: Field, material: Material) -> None:
        """Lay a material over the share in [0, 1] of each sample."""
        _blend(self.colour, share[..., None], np.array(material.colour, np.float32))
        _blend(self.metal, share, material.metal)
        _blend(self.gloss, share, material.gloss)

    def tint(self, share: Field, factor: tuple[float, float, float], metal: float) -> None:
        """Multiply the colour by ``factor`` and the mirroring by ``metal`` over the share of each sample."""
        _blend(self.colour, share[..., None], self.colour * np.array(factor, np.float32))
        _blend(self.metal, share, self.metal * metal)

    def paint(self, share: Field, colours: NDArray[np.floating]) -> None:
        """Lay colours of its own, ``(H, W, 3)``, over the share of each sample, matt."""
        _blend(self.colour, share[..., None], colours)
        _blend(self.metal, share, 0.0)
        _blend(self.gloss, share, 0.03)

    def polish(self, share: Field, sheen: Field | float) -> None:
        """Set the sheen over the share of each sample."""
        _blend(self.sheen, share, sheen)

    def lift(self, share: Field, height: Field | float) -> None:
        """Set the height to ``height`` over the share of each sample."""
        _blend(self.height, share, height)


def inside(distance: Field, soft_px: float = 1.0 / FINE) -> Field:
    """Share of each sample inside a shape, from the signed distance to its edge, negative inside."""
    return np.asarray(np.clip(0.5 - distance / soft_px, 0.0, 1.0), np.float32)


def smooth(value: Field) -> Field:
    """From 0 to 1 without a kink, for values from 0 to 1; clamped outside."""
    clamped = np.clip(value, 0.0, 1.0)
    return clamped * clamped * (3.0 - 2.0 * clamped)


def box_distance(u: Field, v: Field, half: tuple[float, float], radius: float = 0.0) -> Field:
    """Signed distance to a box around the origin with rounded corners."""
    across, down = np.abs(u) - (half[0] - radius), np.abs(v) - (half[1] - radius)
    outside = np.hypot(np.maximum(across, 0.0), np.maximum(down, 0.0))
    return outside + np.minimum(np.maximum(across, down), 0.0) - radius


def path_distance(u: Field, v: Field, points: Sequence[tuple[float, float]]) -> tuple[Field, Field]:
    """Distance to a path of straight pieces, and how far along it in [0, 1] the nearest point lies."""
    lengths = [math.dist(start, end) for start, end in pairwise(points)]
    nearest, along, walked = np.full_like(u, np.inf), np.zeros_like(u), 0.0
    for (start, end), length in zip(pairwise(points), lengths, strict=True):
        step_u, step_v = (end[0] - start[0]) / length, (end[1] - start[1]) / length
        way = np.clip((u - start[0]) * step_u + (v - start[1]) * step_v, 0.0, length)
        distance = np.hypot(u - start[0] - way * step_u, v - start[1] - way * step_v)
        closer = distance < nearest
        nearest = np.where(closer, distance, nearest)
        along = np.where(closer, (walked + way) / sum(lengths), along)
        walked += length
    return nearest, along


def noise(random: np.random.RandomState, shape: tuple[int, int], blur: tuple[float, float]) -> Field:
    """Gaussian noise of unit deviation, smoothed by ``blur`` samples across and down."""
    # What is smooth is made small and enlarged: the same look for a hundredth of the work.
    shrink_x, shrink_y = max(1.0, blur[0] / 2.0), max(1.0, blur[1] / 2.0)
    small = (math.ceil(shape[0] / shrink_y) + 4, math.ceil(shape[1] / shrink_x) + 4)
    raw = random.standard_normal(small).astype(np.float32)
    blurred = cv2.GaussianBlur(raw, (0, 0), sigmaX=blur[0] / shrink_x, sigmaY=blur[1] / shrink_y)
    large = np.asarray(cv2.resize(blurred, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)
    return np.asarray((large - large.mean()) / large.std(), np.float32)


def photograph(scene: Scene, random: np.random.RandomState) -> NDArray[np.uint8]:
    """The scene under its light through the camera, ``(320, 320, 3)`` uint8 RGB."""
    light = _shade(scene)
    pixels = cv2.resize(light, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    # A lens draws no edge sharper than this, and darkens towards the corners.
    pixels = cv2.GaussianBlur(pixels, (0, 0), 0.55)
    edge = np.linspace(-1.0, 1.0, SIDE, dtype=np.float32) ** 2
    pixels = pixels * (1.0 - 0.11 * (edge[:, None, None] + edge[None, :, None])) + _STRAY_LIGHT
    # Shot noise grows with the root of the light, read noise is always there; colour noise is the smaller part.
    deviation = np.sqrt(1.2e-4 * np.maximum(pixels, 0.0) + 4e-6)
    grain = 0.8 * random.standard_normal((SIDE, SIDE, 1)) + 0.6 * random.standard_normal((SIDE, SIDE, 3))
    pixels = np.clip(pixels + deviation * grain, 0.0, None)
    # The camera's tone curve: a shoulder instead of burnt-out highlights, then sRGB's gamma.
    toned = np.where(pixels < 0.5, pixels, 0.5 + 0.5 * (1.0 - np.exp(-2.0 * (pixels - 0.5))))
    shown = scene.pose.gain * np.clip(toned, 0.0, 1.0) ** (1.0 / 2.2)
    return np.rint(255.0 * np.clip(shown, 0.0, 1.0)).astype(np.uint8)


def mask_of(share: Field) -> NDArray[np.uint8]:
    """Mask of a shape given on the fine grid, ``(320, 320)`` uint8: 255 where it covers half a pixel or more."""
    covered = cv2.resize(share, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.where(covered >= 0.5, 255, 0).astype(np.uint8)


def _turn(pose: Pose) -> tuple[float, float]:
    angle = math.radians(pose.angle_deg)
    return math.cos(angle), math.sin(angle)


def _blend(target: NDArray[np.floating], share: NDArray[np.floating], value: NDArray[np.floating] | float) -> None:
    target += share * (value - target)


def _shade(scene: Scene) -> NDArray[np.floating]:
    rounded = np.asarray(cv2.GaussianBlur(scene.height, (0, 0), 0.9), np.float32)
    slope_y, slope_x = np.gradient(rounded, 1.0 / FINE)
    steep = np.sqrt(1.0 + slope_x**2 + slope_y**2)
    normal_x, normal_y, normal_z = -slope_x / steep, -slope_y / steep, 1.0 / steep
    lit = 1.0 - 0.88 * _shadow(rounded)
    open_sky = _openness(rounded)
    # The soft box hangs near: its light falls off across the table.
    fall_off = 1.0 - 0.0026 * (LIGHT[0] * -scene.x + LIGHT[1] * -scene.y)
    facing = np.maximum(normal_x * LIGHT[0] + normal_y * LIGHT[1] + normal_z * LIGHT[2], 0.0)
    diffuse = 1.5 * facing * lit * fall_off + 0.25 * open_sky
    # What a flat mirror sees there moves with the place, since lamp and lens are near.
    seen_x = 2.0 * normal_z * normal_x + 0.0024 * scene.x
    seen_y = 2.0 * normal_z * normal_y + 0.0024 * scene.y
    lamp = np.exp(-((seen_x + 0.42) ** 2) / 0.30 - ((seen_y + 0.46) ** 2) / 0.46)
    window = np.exp(-((seen_x - 0.75) ** 2) / 0.12 - ((seen_y - 0.1) ** 2) / 0.5)
    mirrored = (0.14 * open_sky + 1.1 * lamp * (0.25 + 0.75 * lit) * fall_off + 0.16 * window * open_sky) * scene.sheen
    shine = np.exp(-((seen_x + 0.5) ** 2 + (seen_y + 0.55) ** 2) / 0.06) * lit
    matt = scene.colour * diffuse[..., None]
    metallic = scene.colour * mirrored[..., None]
    mixed = matt + scene.metal[..., None] * (metallic - matt) + (scene.gloss * shine)[..., None]
    return np.asarray(mixed, np.float32)


def _shadow(height: Field) -> Field:
    """Share of the soft box that is hidden from each sample, marching towards the light."""
    flat = float(np.hypot(LIGHT[0], LIGHT[1]))
    climb = float(LIGHT[2]) / flat
    # Half the samples will do for what is blurred by nature.
    size = (height.shape[1] // 2, height.shape[0] // 2)
    coarse = cv2.resize(height, size, interpolation=cv2.INTER_AREA)
    hidden = np.zeros(coarse.shape, np.float32)
    for distance in np.arange(0.6, _SHADOW_REACH_PX, 0.7):
        step = FINE / 2 * distance / flat
        shift = np.array([[1.0, 0.0, -step * LIGHT[0]], [0.0, 1.0, -step * LIGHT[1]]])
        towards = cv2.warpAffine(coarse, shift, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        # The further away the edge, the wider its half-shadow.
        hides = (towards - coarse - distance * climb) / (0.5 + 0.35 * distance) + 0.5
        hidden = np.maximum(hidden, hides.astype(np.float32))
    return np.asarray(cv2.resize(smooth(hidden), height.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _openness(height: Field) -> Field:
    """How much of the sky each sample sees, in (0, 1]: less in corners and holes."""
    closed = np.zeros_like(height)
    for reach_px in (2.0, 6.0, 14.0):
        around = cv2.blur(height, (2 * int(reach_px * FINE) + 1,) * 2)
        closed += np.maximum(around - height, 0.0) / reach_px
    return np.asarray(np.exp(-0.75 * closed), np.float32)
