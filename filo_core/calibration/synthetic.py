"""Synthetic anomalies, drawn on a good picture at a given size and contrast. They are a yardstick, no real defects.

Not those of :mod:`filo_core.learning`: those come in chance sizes and teach the model, and an examination should not
ask what was learnt by heart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from filo_core.types import AnomalyType

    Pixels = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

LARGEST_SHARE = 0.5
"""Largest size as a share of the picture's shorter side."""
_SCRATCH_SLENDERNESS = 25
"""Length of a scratch over its width."""
_PART_SHARE = (0.03, 0.97)
"""A part found to cover less or more of the picture than this was not found."""


class SyntheticKind(StrEnum):
    """What can be drawn."""

    SCRATCH = "scratch"
    SPOT = "spot"
    STAIN = "stain"
    MISSING_PATCH = "missing patch"

    @property
    def graded(self) -> bool:
        """Whether it comes in contrasts; a patch is missing or not."""
        return self is not SyntheticKind.MISSING_PATCH


_WORDS = {
    SyntheticKind.SCRATCH: ("scratch", "crack", "cut", "line", "hair", "fibre", "fiber", "thread", "scuff", "abrasion"),
    SyntheticKind.STAIN: (
        "stain",
        "discolo",
        "contaminat",
        "smear",
        "oil",
        "rust",
        "burn",
        "water mark",
        "fingerprint",
    ),
    SyntheticKind.SPOT: ("spot", "dot", "hole", "pit", "dent", "particle", "dust", "speck", "bubble", "print", "dirt"),
    SyntheticKind.MISSING_PATCH: ("missing", "broken", "chip", "tear", "torn", "absent", "incomplete"),
}
# At the start of a word: "oil" is a stain, "foil" is not.
_PATTERNS = {kind: re.compile(rf"\b(?:{'|'.join(words)})", re.IGNORECASE) for kind, words in _WORDS.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A picture with an anomaly drawn on it, and where."""

    pixels: NDArray[np.uint8]
    """``(H, W, 3)`` uint8 RGB."""
    mask: NDArray[np.bool_]
    """``(H, W)``, True where the anomaly was drawn."""


@dataclass(frozen=True, slots=True)
class KindsOfTypes:
    """Which kinds stand for a recipe's anomaly types."""

    kinds: tuple[SyntheticKind, ...]
    not_drawn: tuple[str, ...]
    """Enabled anomaly types that no kind stands for; nothing is said about them."""


def kinds_of(anomaly_types: Iterable[AnomalyType]) -> KindsOfTypes:
    """The kinds that the words of the enabled anomaly types call for, in the order of :class:`SyntheticKind`."""
    found: set[SyntheticKind] = set()
    not_drawn = []
    for anomaly in anomaly_types:
        if not anomaly.enabled:
            continue
        kinds = {kind for kind, pattern in _PATTERNS.items() if pattern.search(anomaly.name)}
        # "missing print" is missing, whatever it is that is missing.
        if SyntheticKind.MISSING_PATCH in kinds:
            kinds = {SyntheticKind.MISSING_PATCH}
        found |= kinds
        if not kinds:
            not_drawn.append(anomaly.name)
    return KindsOfTypes(tuple(kind for kind in SyntheticKind if kind in found), tuple(not_drawn))


def likely_part(pixels: Pixels) -> Mask:
    """``(H, W)`` True where an object is likely, on a background that fills the picture's border.

    The whole picture where no such background is found.
    """
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    apart = np.abs(pixels.astype(np.int16) - np.median(border, axis=0).astype(np.int16)).max(axis=2).astype(np.uint8)
    _, found = cv2.threshold(cv2.GaussianBlur(apart, (5, 5), 0), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    mask = np.asarray(found) > 0
    least, most = _PART_SHARE
    return mask if least <= float(mask.mean()) <= most else np.ones_like(mask)


def draw(
    pixels: Pixels,
    kind: SyntheticKind,
    size_px: int,
    contrast: float,
    rng: np.random.Generator,
    where: Mask | None = None,
) -> Drawn:
    """Draw one anomaly at a random place.

    Args:
        pixels: ``(H, W, 3)`` uint8 RGB, left as it is.
        kind: what to draw.
        size_px: its longest extent in pixels of this picture.
        contrast: change of the grey levels in (0, 1], darker on bright ground, brighter on dark. Without effect on
            kinds that are not graded.
        rng: where, at which angle and how bent. An equal state draws at the same place in any size, as
            far as it fits there.
        where: ``(H, W)``, True where its centre may lie; anywhere without one.

    Raises:
        EvidenceError: if it does not fit into the picture.
        ValueError: if the contrast is out of range.
    """
    if not 0.0 < contrast <= 1.0:
        raise ValueError(f"the contrast lies in (0, 1], {contrast} does not")
    height, width = pixels.shape[:2]
    if not 1 <= size_px <= LARGEST_SHARE * min(height, width):
        raise EvidenceError(
            "An anomaly of {size_px} px does not fit into a picture of {width} x {height} px. Draw "
            "sizes from 1 to {largest_share} px.",
            size_px=size_px,
            width=width,
            height=height,
            largest_share=int(LARGEST_SHARE * min(height, width)),
        )
    centre = _centre(height, width, size_px, rng, where)
    shape = _SHAPES[kind](height, width, centre, size_px, rng)
    # A thin line between two rows of pixels is shared out among them; the contrast is promised for its darkest pixel.
    shape = shape / shape.max()
    mask = shape > 0.5
    if kind is SyntheticKind.MISSING_PATCH:
        filled = cv2.inpaint(np.ascontiguousarray(pixels), mask.astype(np.uint8), 3, cv2.INPAINT_TELEA)
        return Drawn(np.asarray(filled, np.uint8), mask)
    sign = -1.0 if float(pixels[mask].mean()) > 127.5 else 1.0
    changed = pixels + sign * 255.0 * contrast * shape[..., None]
    return Drawn(np.clip(np.rint(changed), 0, 255).astype(np.uint8), mask)


def _centre(height: int, width: int, size_px: int, rng: np.random.Generator, where: Mask | None) -> tuple[float, float]:
    half = (size_px + 1) // 2
    rows, columns = np.nonzero(where) if where is not None else (np.empty(0, int), np.empty(0, int))
    pick = float(rng.random()), float(rng.random())
    if len(rows):
        index = int(pick[0] * len(rows))
        y, x = float(rows[index]), float(columns[index])
    else:
        y, x = pick[0] * (height - 1), pick[1] * (width - 1)
    return min(max(x, half), width - 1 - half), min(max(y, half), height - 1 - half)


def _scratch(
    height: int, width: int, centre: tuple[float, float], size_px: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    angle = float(rng.uniform(0.0, np.pi))
    bend = float(rng.uniform(-0.15, 0.15))
    along = np.linspace(-0.5, 0.5, 17)
    across = bend * (0.25 - along**2) * 2.0
    x = centre[0] + size_px * (along * np.cos(angle) - across * np.sin(angle))
    y = centre[1] + size_px * (along * np.sin(angle) + across * np.cos(angle))
    # Sixteenths of a pixel: a line of a few pixels would otherwise lose its angle.
    points = np.rint(np.stack([x, y], axis=1) * 16.0).astype(np.int32)
    canvas = np.zeros((height, width), np.uint8)
    thickness = max(1, round(size_px / _SCRATCH_SLENDERNESS))
    cv2.polylines(canvas, [points[:, None]], False, 255, thickness, cv2.LINE_AA, 4)
    return canvas.astype(np.float32) / 255.0


def _distances(height: int, width: int, centre: tuple[float, float]) -> NDArray[np.float32]:
    rows, columns = np.ogrid[:height, :width]
    return np.hypot(columns - centre[0], rows - centre[1]).astype(np.float32)


def _spot(
    height: int, width: int, centre: tuple[float, float], size_px: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    del rng
    # One pixel of slope instead of stairs; the nearest pixel is always hit.
    distances = _distances(height, width, centre)
    spot: NDArray[np.float32] = np.clip(size_px / 2.0 + 0.5 - (distances - distances.min()), 0.0, 1.0)
    return spot


def _stain(
    height: int, width: int, centre: tuple[float, float], size_px: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    rows, columns = np.mgrid[:height, :width]
    angles = np.arctan2(rows - centre[1], columns - centre[0])
    waves = sum(
        float(rng.uniform(0.0, 0.12)) * np.cos(lobes * angles + float(rng.uniform(0.0, 2.0 * np.pi)))
        for lobes in (2, 3, 5)
    )
    radius = size_px / 2.0 * (1.0 + waves) / 1.36
    stain: NDArray[np.float32] = np.exp(-np.log(2.0) * (_distances(height, width, centre) / radius) ** 4)
    return stain.astype(np.float32)


def _patch(
    height: int, width: int, centre: tuple[float, float], size_px: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    # Inside the circle of its size, so that it is never longer than what is claimed.
    half = size_px / (2.0 * np.sqrt(2.0))
    angle = float(rng.uniform(0.0, np.pi / 2.0))
    corners = angle + np.pi * (0.25 + 0.5 * np.arange(4))
    radius = half * np.sqrt(2.0)
    x, y = centre[0] + radius * np.cos(corners), centre[1] + radius * np.sin(corners)
    canvas = np.zeros((height, width), np.uint8)
    cv2.fillPoly(canvas, [np.rint(np.stack([x, y], axis=1)).astype(np.int32)], 255)
    return canvas.astype(np.float32) / 255.0


_SHAPES = {
    SyntheticKind.SCRATCH: _scratch,
    SyntheticKind.SPOT: _spot,
    SyntheticKind.STAIN: _stain,
    SyntheticKind.MISSING_PATCH: _patch,
}
