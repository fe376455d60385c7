"""Initial localisation without a language model: the piece that lies on a plain ground (III-C1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.method.interfaces import GroundingBox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SIDE = 96
_BORDER = 4
"""Pixels at :data:`_SIDE` whose colours are taken for the ground's."""
_PLAIN = 10.0
"""Largest robust spread of the border's colours, in units of CIE Lab, that still counts as one ground."""
_LEAST_CONTRAST = 9.0
_SPREADS = 3.5
_LEAST_SHARE, _LARGEST_SHARE = 0.02, 0.85
_LEAST_PIECE = 0.004
_MARGIN = 0.03
PHRASE = "foreground"


class ForegroundLocalizer:
    """Boxes around what differs in colour from the border of the picture.

    A texture and a cluttered ground have no plain border, or nothing that stands out from it: then there is no box,
    and nothing is suppressed. That is the safe answer, since a wrong box would quieten true anomalies.
    """

    def locate(self, pixels: NDArray[np.uint8], phrases: Sequence[str]) -> tuple[GroundingBox, ...]:
        """Boxes for ``(H, W, 3)`` uint8 RGB; the anomaly names do not matter here."""
        del phrases
        mask = foreground_mask(pixels)
        if mask is None:
            return ()
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
        least = _LEAST_PIECE * mask.size
        return tuple(_box(stats[label]) for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] >= least)


def foreground_mask(pixels: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """``(96, 96)``: what stands out from a plain border; None where the border is not plain or nothing does."""
    small = cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    colours = cv2.cvtColor(small.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)
    border = np.concatenate(
        [
            colours[:_BORDER].reshape(-1, 3),
            colours[-_BORDER:].reshape(-1, 3),
            colours[:, :_BORDER].reshape(-1, 3),
            colours[:, -_BORDER:].reshape(-1, 3),
        ]
    )
    ground = np.median(border, axis=0)
    # The piece may touch the border here and there, so the spread is a median too.
    spread = float(np.median(np.linalg.norm(border - ground, axis=1)))
    if spread > _PLAIN:
        return None
    away = np.linalg.norm(colours - ground, axis=2)
    mask = (away > max(_LEAST_CONTRAST, _SPREADS * spread)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    share = float(mask.mean())
    return mask.astype(bool) if _LEAST_SHARE <= share <= _LARGEST_SHARE else None


def _box(stats: NDArray[np.int32]) -> GroundingBox:
    left, top, width, height = (float(value) / _SIDE for value in stats[:4])
    return GroundingBox(
        left=max(0.0, left - _MARGIN),
        top=max(0.0, top - _MARGIN),
        right=min(1.0, left + width + _MARGIN),
        bottom=min(1.0, top + height + _MARGIN),
        score=1.0,
        phrase=PHRASE,
    )
