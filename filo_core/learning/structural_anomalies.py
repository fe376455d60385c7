"""Painters of structural anomalies: something is missing, moved, swapped, turned, bent or broken off.

Same contract as the painters in :mod:`filo_core.learning.surface_anomalies`. The pieces come from the picture itself,
so that each of them alone looks normal and only its place or its surroundings give it away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.learning.surface_anomalies import blend, blob_at, smooth_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]

_CANDIDATES = 12
_INPAINT_RADIUS_PX = 3


def _grey(pixels: Pixels) -> Pixels:
    return np.asarray(pixels.mean(axis=2), np.float32)


def _busy_place(pixels: Pixels, rng: np.random.Generator, half: int) -> tuple[int, int]:
    """Centre ``(x, y)`` of the most detailed of a few random windows of side ``2 * half``: likely a part."""
    height, width = pixels.shape[:2]
    grey = _grey(pixels)
    best, place = -1.0, (width // 2, height // 2)
    for _ in range(_CANDIDATES):
        x = int(rng.integers(half + 1, max(width - half - 1, half + 2)))
        y = int(rng.integers(half + 1, max(height - half - 1, half + 2)))
        detail = float(grey[y - half : y + half : 2, x - half : x + half : 2].std())
        if detail > best:
            best, place = detail, (x, y)
    return place


def _half(pixels: Pixels, rng: np.random.Generator) -> int:
    """Half the side of a piece, in pixels."""
    return max(4, round(float(min(pixels.shape[:2]) * 0.05 * (0.15 / 0.05) ** rng.random())))


def _piece_alpha(pixels: Pixels, rng: np.random.Generator, centre: tuple[int, int], half: int) -> Pixels:
    """Outline of a piece: a rectangle or a blob."""
    shape = (pixels.shape[0], pixels.shape[1])
    if rng.random() < 0.5:
        return blob_at(shape, rng, centre, 1.1 * half, 0.8)
    alpha = np.zeros(shape, np.float32)
    wide, high = (max(3, round(half * rng.uniform(0.6, 1.0))) for _ in range(2))
    cv2.rectangle(alpha, (centre[0] - wide, centre[1] - high), (centre[0] + wide, centre[1] + high), 1.0, -1)
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), 0.7), np.float32)


def _fill(pixels: Pixels, alpha: Pixels, rng: np.random.Generator) -> Pixels:
    """``pixels`` with the piece under ``alpha`` replaced by what its surroundings suggest."""
    hidden = (cv2.dilate(alpha, np.ones((3, 3), np.uint8)) > 0.05).astype(np.uint8)
    source = np.clip(pixels, 0, 255).astype(np.uint8)
    filled = np.asarray(cv2.inpaint(source, hidden, _INPAINT_RADIUS_PX, cv2.INPAINT_TELEA), np.float32)
    # Inpainting is smooth; the ground's grain is put back so that smoothness alone does not give it away.
    ring = cv2.dilate(hidden, np.ones((9, 9), np.uint8)) > hidden
    residue = pixels - cv2.GaussianBlur(pixels, (0, 0), 1.5)
    grain = float(residue[ring].std()) if ring.any() else 0.0
    noise = smooth_noise((pixels.shape[0], pixels.shape[1]), 1.5, rng)[..., None] * grain
    soft = np.maximum(alpha, np.asarray(cv2.GaussianBlur(hidden.astype(np.float32), (0, 0), 0.8), np.float32))
    return blend(pixels, filled + noise, soft)


def _moved(pixels: Pixels, alpha: Pixels, dx: int, dy: int) -> tuple[Pixels, Pixels]:
    """Picture and alpha shifted; what leaves at one side comes in at the other, where alpha is zero."""
    return np.roll(pixels, (dy, dx), axis=(0, 1)), np.roll(alpha, (dy, dx), axis=(0, 1))


def _shift(pixels: Pixels, rng: np.random.Generator, centre: tuple[int, int], half: int) -> tuple[int, int]:
    """A shift that keeps the piece inside the picture."""
    height, width = pixels.shape[:2]
    for _ in range(_CANDIDATES):
        dx, dy = (int(rng.integers(-5 * half, 5 * half + 1)) for _ in range(2))
        far_enough = max(abs(dx), abs(dy)) >= max(4, half // 2)
        inside = half < centre[0] + dx < width - half and half < centre[1] + dy < height - half
        if far_enough and inside:
            return dx, dy
    return (width // 2 - centre[0]) or half, (height // 2 - centre[1]) or half


def missing_part(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A piece is gone; its surroundings close over it."""
    del donor
    half = _half(pixels, rng)
    alpha = _piece_alpha(pixels, rng, _busy_place(pixels, rng, half), half)
    return _fill(pixels, alpha, rng), alpha


def misplaced_part(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A piece has moved: its old place is filled, it covers something else."""
    del donor
    half = _half(pixels, rng)
    centre = _busy_place(pixels, rng, half)
    alpha = _piece_alpha(pixels, rng, centre, half)
    shifted, target = _moved(pixels, alpha, *_shift(pixels, rng, centre, half))
    return blend(_fill(pixels, alpha, rng), shifted, target), np.maximum(alpha, target)


def swapped_part(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """Two pieces have changed places."""
    del donor
    half = _half(pixels, rng)
    centre = _busy_place(pixels, rng, half)
    alpha = _piece_alpha(pixels, rng, centre, half)
    dx, dy = _shift(pixels, rng, centre, half)
    there, target = _moved(pixels, alpha, dx, dy)
    back, _ = _moved(pixels, alpha, -dx, -dy)
    return blend(blend(pixels, there, target), back, alpha), np.maximum(alpha, target)


def extra_part(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A second copy of a piece lies where none belongs."""
    del donor
    half = _half(pixels, rng)
    centre = _busy_place(pixels, rng, half)
    alpha = _piece_alpha(pixels, rng, centre, half)
    shifted, target = _moved(pixels, alpha, *_shift(pixels, rng, centre, half))
    return blend(pixels, shifted, target), target


def rotated_part(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A piece is turned or mirrored in its place."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    half = max(5, _half(pixels, rng))
    x, y = _busy_place(pixels, rng, half)
    alpha = blob_at(shape, rng, (x, y), half, 0.8)
    angle = float(rng.choice([90.0, 180.0, 270.0])) if rng.random() < 0.6 else float(rng.uniform(25.0, 335.0))
    matrix = cv2.getRotationMatrix2D((float(x), float(y)), angle, 1.0)
    if rng.random() < 0.3:
        matrix = np.array([[-1.0, 0.0, 2.0 * x], [0.0, 1.0, 0.0]])
    turned = cv2.warpAffine(pixels, matrix, (shape[1], shape[0]), borderMode=cv2.BORDER_REFLECT)
    return blend(pixels, np.asarray(turned, np.float32), alpha), alpha


def deformation(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A piece is bent: its pixels are pushed to one side, most in the middle."""
    del donor
    height, width = pixels.shape[:2]
    half = _half(pixels, rng)
    x, y = _busy_place(pixels, rng, half)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    fall = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (0.8 * half) ** 2))
    angle, push = rng.uniform(0.0, 2.0 * np.pi), half * rng.uniform(0.35, 0.8)
    bent = cv2.remap(
        pixels,
        (columns + push * np.cos(angle) * fall).astype(np.float32),
        (rows + push * np.sin(angle) * fall).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(bent, np.float32), (fall > 0.2).astype(np.float32)


def _edge_place(pixels: Pixels, rng: np.random.Generator) -> tuple[int, int]:
    """A point ``(x, y)`` on one of the strongest contours."""
    soft = cv2.GaussianBlur(_grey(pixels), (0, 0), 2.0)
    strength = np.hypot(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    margin = max(4, min(strength.shape) // 10)
    inner = strength[margin:-margin, margin:-margin]
    rows, columns = np.nonzero(inner >= np.quantile(inner[::2, ::2], 0.97))
    pick = int(rng.integers(len(rows)))
    return int(columns[pick]) + margin, int(rows[pick]) + margin


def broken_edge(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A bite out of a contour, filled with what lies beyond it."""
    return _over_the_edge(pixels, rng, donor, outward=False)


def burr(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """Material that sticks out over a contour."""
    return _over_the_edge(pixels, rng, donor, outward=True)


def _over_the_edge(pixels: Pixels, rng: np.random.Generator, donor: Pixels, *, outward: bool) -> tuple[Pixels, Pixels]:
    """Draw the material of one side of a contour over the other side; the side nearer the middle counts as inner."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    x, y = _edge_place(pixels, rng)
    soft = cv2.GaussianBlur(_grey(pixels), (0, 0), 2.0)
    normal = np.array(
        [soft[y, min(x + 2, shape[1] - 1)] - soft[y, x - 2], soft[min(y + 2, shape[0] - 1), x] - soft[y - 2, x]]
    )
    normal = normal / max(float(np.hypot(*normal)), 1e-6)
    to_middle = np.array([shape[1] / 2 - x, shape[0] / 2 - y])
    inward = normal if float(normal @ to_middle) >= 0 else -normal
    radius = max(3.0, min(shape) * rng.uniform(0.025, 0.08 if outward else 0.12))
    direction = -inward if outward else inward
    alpha = blob_at(shape, rng, (x + direction[0] * radius * 0.4, y + direction[1] * radius * 0.4), radius, 0.7)
    reach = direction * radius * 1.6
    material, _ = _moved(pixels, alpha, round(float(reach[0])), round(float(reach[1])))
    return blend(pixels, material, alpha), alpha
