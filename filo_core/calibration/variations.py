"""Gentle variations of a good image: what the line itself does to a part that is still good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHIFT = 0.01
_TURN_DEG = 1.0
_LIGHT = 0.04


def gentle_variations(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    """The image itself, two small shifts with a turn, one lighter and one darker; all ``(H, W, 3)`` uint8 RGB."""
    height, width = pixels.shape[:2]
    moved = []
    for sign in (1.0, -1.0):
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), sign * _TURN_DEG, 1.0)
        matrix[:, 2] += (sign * _SHIFT * width, sign * _SHIFT * height)
        # The border is repeated: an invented edge would look like an anomaly.
        moved.append(cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE))
    lit = [np.clip(pixels * (1.0 + sign * _LIGHT), 0, 255).astype(np.uint8) for sign in (1.0, -1.0)]
    return (pixels, *moved, *lit)
