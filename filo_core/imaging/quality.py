"""Focus and light of a picture, quickly enough for every frame, and what good pictures teach about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.picture_limits import PictureLimits, PictureQuality

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LONGEST_PX = 1024
"""A larger picture is made smaller first, so that cameras compare and time does not grow."""
_FLAT = 1.0
"""Deviation of grey levels below which there is nothing to be sharp."""
LEAST_OF_FOCUS = 0.5
"""Share of the fine detail of the dullest good picture that is needed."""
LEAST_MARGIN = 0.12
"""Of full brightness, beyond the darkest and the brightest good picture."""
SPREADS = 0.5
"""The same as a share of how far those two are apart."""


def quality_of(pixels: NDArray[np.uint8]) -> PictureQuality:
    """Focus and brightness of ``(H, W, 3)`` uint8 RGB; some milliseconds at 5 megapixels.

    Focus is the mean absolute Laplacian divided by the standard deviation of the grey levels, so that neither contrast
    nor brightness moves it.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    longest = max(grey.shape)
    if longest > _LONGEST_PX:
        size = (max(1, grey.shape[1] * _LONGEST_PX // longest), max(1, grey.shape[0] * _LONGEST_PX // longest))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    deviation = float(grey.std())
    detail = float(np.abs(cv2.Laplacian(grey, cv2.CV_16S)).mean())
    return PictureQuality(detail / deviation if deviation >= _FLAT else 0.0, float(grey.mean()) / 255.0)


def limits_from(good: Sequence[PictureQuality]) -> PictureLimits:
    """Limits that pass every good picture with room to spare.

    Raises:
        ValueError: without one.
    """
    darkest, brightest = min(one.brightness for one in good), max(one.brightness for one in good)
    margin = max(LEAST_MARGIN, SPREADS * (brightest - darkest))
    return PictureLimits(
        round(LEAST_OF_FOCUS * min(one.focus for one in good), 6),
        round(max(darkest - margin, 0.0), 6),
        round(min(brightest + margin, 1.0), 6),
    )
