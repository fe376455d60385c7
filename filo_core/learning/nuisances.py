"""What happens between two pictures of good parts: pose, light, focus, sensor noise and compression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.learning.surface_anomalies import smooth_noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


STEADY_TURN_DEG = 8.0
"""Lines that turn their parts no further keep every part near its place."""


@dataclass(frozen=True, slots=True)
class CameraSetting:
    """How steady one production line is; drawn once a product, so that all its views share it."""

    turn_deg: float
    shift_px: float
    scale: float
    light: float
    blur_px: float
    noise: float
    jpeg: bool
    gradient: float
    coarse: float
    """How many pixels of the view one pixel of the camera covers: small pictures are enlarged before inspection."""


def random_line(rng: np.random.Generator, margin: int) -> CameraSetting:
    """Half of the lines hold their parts in a fixture, most of the others loosely, a few not at all."""
    pose = rng.random()
    if pose < 0.5:
        turn, shift, scale = 1.5, 0.12 * margin, 0.01
    elif pose < 0.9:
        turn, shift, scale = STEADY_TURN_DEG, 0.6 * margin, 0.04
    else:
        turn, shift, scale = 180.0, 0.6 * margin, 0.06
    return CameraSetting(
        turn_deg=turn,
        shift_px=shift,
        scale=scale,
        light=float(rng.choice([0.03, 0.1, 0.25])),
        blur_px=float(rng.choice([0.0, 0.6, 1.2])),
        noise=float(rng.choice([0.5, 2.0, 6.0])),
        jpeg=bool(rng.random() < 0.4),
        gradient=float(rng.choice([0.0, 10.0, 30.0])),
        coarse=float(rng.uniform(1.3, 2.5)) if rng.random() < 0.25 else 1.0,
    )


def photograph(
    pixels: NDArray[np.uint8], mask: NDArray[np.bool_], side: int, line: CameraSetting, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """One view of a piece under the line's nuisances, and its mask in the same pose.

    Args:
        pixels: ``(H, W, 3)`` uint8 RGB, larger than the view so that it may shift.
        mask: ``(H, W)`` of what is anomalous on it.
        side: of the view, in pixels.
        line: how much may change.
        rng: what does change.

    Returns:
        ``(side, side, 3)`` uint8 RGB and ``(side, side)`` bool.
    """
    view, turned = photograph_all(pixels, [mask], side, line, rng)
    return view, turned[0]


def photograph_all(
    pixels: NDArray[np.uint8],
    masks: Sequence[NDArray[np.bool_]],
    side: int,
    line: CameraSetting,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], list[NDArray[np.bool_]]]:
    """:func:`photograph` of a piece with any number of masks."""
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D(
        (width / 2, height / 2), rng.uniform(-1, 1) * line.turn_deg, 1.0 + rng.uniform(-1, 1) * line.scale
    )
    matrix[0, 2] += (side - width) / 2 + rng.uniform(-1, 1) * line.shift_px
    matrix[1, 2] += (side - height) / 2 + rng.uniform(-1, 1) * line.shift_px
    warped = cv2.warpAffine(pixels, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    view = np.asarray(warped, np.uint8)
    turned = [
        cv2.warpAffine(mask.astype(np.uint8) * 255, matrix, (side, side), borderMode=cv2.BORDER_CONSTANT) > 127
        for mask in masks
    ]
    return _expose(view, line, rng), turned


def _expose(view: NDArray[np.uint8], line: CameraSetting, rng: np.random.Generator) -> NDArray[np.uint8]:
    whole = view.shape[0]
    side = round(whole / line.coarse)
    if side < whole:
        view = np.asarray(cv2.resize(view, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    light = view.astype(np.float32)
    light *= (1.0 + rng.normal(0.0, line.light * 0.5) + rng.normal(0.0, line.light * 0.15, 3)).astype(np.float32)
    light += np.float32(rng.normal(0.0, line.light * 40.0))
    if line.gradient:
        # Broad shade and gloss belong to good parts too.
        light += smooth_noise((side, side), side / 2.0, rng)[..., None] * np.float32(line.gradient * rng.random())
    if line.blur_px and rng.random() < 0.5:
        soft = cv2.GaussianBlur(light, (0, 0), max(0.3, line.blur_px * rng.uniform(0.3, 1.0)))
        light = np.asarray(soft, np.float32)
    # One field of noise, rolled, costs a third of three fields and is as unpredictable to the network.
    noise = rng.standard_normal((side, side), dtype=np.float32) * np.float32(line.noise * rng.uniform(0.4, 1.0))
    light += np.stack([noise, np.roll(noise, side // 3, axis=0), np.roll(noise, side // 3, axis=1)], axis=2)
    exposed = np.clip(light, 0, 255).astype(np.uint8)
    if line.jpeg:
        _, encoded = cv2.imencode(".jpg", exposed, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 96))])
        exposed = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    if side < whole:
        exposed = np.asarray(cv2.resize(exposed, (whole, whole), interpolation=cv2.INTER_CUBIC), np.uint8)
    return exposed
