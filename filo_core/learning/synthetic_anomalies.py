"""One synthetic anomaly with a name and a mask, on any picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.learning import structural_anomalies as structure
from filo_core.learning import surface_anomalies as surface
from filo_core.learning.anomaly_lexicon import AnomalyKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from filo_core.learning.surface_anomalies import Painter

PAINTERS: dict[AnomalyKind, Painter] = {
    AnomalyKind.SCRATCH: surface.scratch,
    AnomalyKind.CRACK: surface.crack,
    AnomalyKind.CUT: surface.cut,
    AnomalyKind.HOLE: surface.hole,
    AnomalyKind.DENT: surface.dent,
    AnomalyKind.STAIN: surface.stain,
    AnomalyKind.CONTAMINATION: surface.contamination,
    AnomalyKind.FOREIGN_OBJECT: surface.foreign_object,
    AnomalyKind.THREAD: surface.thread,
    AnomalyKind.COLOR_CHANGE: surface.color_change,
    AnomalyKind.CORROSION: surface.corrosion,
    AnomalyKind.WRINKLE: surface.wrinkle,
    AnomalyKind.BURR: structure.burr,
    AnomalyKind.ABRASION: surface.abrasion,
    AnomalyKind.LIQUID: surface.liquid,
    AnomalyKind.MISPRINT: surface.misprint,
    AnomalyKind.BROKEN_EDGE: structure.broken_edge,
    AnomalyKind.DEFORMATION: structure.deformation,
    AnomalyKind.MISSING_PART: structure.missing_part,
    AnomalyKind.MISPLACED_PART: structure.misplaced_part,
    AnomalyKind.SWAPPED_PART: structure.swapped_part,
    AnomalyKind.ROTATED_PART: structure.rotated_part,
    AnomalyKind.EXTRA_PART: structure.extra_part,
}

STRUCTURAL = (
    AnomalyKind.BURR,
    AnomalyKind.BROKEN_EDGE,
    AnomalyKind.DEFORMATION,
    AnomalyKind.MISSING_PART,
    AnomalyKind.MISPLACED_PART,
    AnomalyKind.SWAPPED_PART,
    AnomalyKind.ROTATED_PART,
    AnomalyKind.EXTRA_PART,
)

_VISIBLE = 14.0
"""Smallest change of a channel, of 255, that counts as visible beside a strong anomaly."""
_FAINTEST = 5.0
_SHARE_OF_PEAK = 0.35
"""A faint anomaly is as large as the part of it that reaches this share of its largest change."""
_LEAST_PX = 12
_LARGEST_SHARE = 0.35
_TRIES = 6
_FAINT_SHARE = 0.4
"""How many blemishes are toned down; a half-present part does not exist, so structure stays as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticAnomaly:
    """A picture with one anomaly on it."""

    pixels: NDArray[np.uint8]
    """``(H, W, 3)`` RGB."""
    mask: NDArray[np.bool_]
    """``(H, W)``: what differs visibly from the picture it was painted on, small gaps closed."""
    kind: AnomalyKind


def paint_anomaly(
    pixels: NDArray[np.uint8],
    rng: np.random.Generator,
    donor: NDArray[np.uint8],
    kinds: Sequence[AnomalyKind] = tuple(AnomalyKind),
) -> SyntheticAnomaly | None:
    """Paint an anomaly of one of ``kinds`` on ``(H, W, 3)`` uint8 RGB.

    Args:
        pixels: at least 48 pixels on each side; stays as it is.
        rng: the same state gives the same anomaly.
        donor: another picture of the same size, whose material foreign objects are made of.
        kinds: drawn from with equal chances.

    Returns:
        None when chance made nothing visible, which is usual for structural kinds on a plain ground.
    """
    before, other = pixels.astype(np.float32), donor.astype(np.float32)
    for _ in range(_TRIES):
        kind = kinds[int(rng.integers(len(kinds)))]
        after, alpha = PAINTERS[kind](before, rng, other)
        if kind not in STRUCTURAL and rng.random() < _FAINT_SHARE:
            after = before + (after - before) * rng.uniform(0.2, 0.8)
        # A soft edge of the brush must not decide how large the anomaly is, so only what differs counts.
        after = np.clip(after, 0.0, 255.0)
        mask = visible_change(before, after) & (cv2.dilate(alpha, np.ones((5, 5), np.uint8)) > 0.02)
        if _LEAST_PX <= int(mask.sum()) <= _LARGEST_SHARE * mask.size:
            return SyntheticAnomaly(after.astype(np.uint8), mask, kind)
    return None


def visible_change(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.bool_]:
    """``(H, W)``: where any channel differs visibly, with gaps of up to four pixels closed."""
    # Channel by channel: numpy takes a maximum over so short an axis slowly.
    change = np.abs(after - before)
    largest = np.maximum(np.maximum(change[..., 0], change[..., 1]), change[..., 2])
    level = min(_VISIBLE, max(_FAINTEST, _SHARE_OF_PEAK * float(largest.max())))
    changed = (largest > level).astype(np.uint8)
    return cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)).astype(bool)
