"""Plain nearest-patch matching on the light trunk: what the profile's own formulas and its deep trunk must beat.

PatchCore (Roth et al., 2022) without its coreset and without the reweighting of the image score: with a few good parts
there is nothing to thin out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.errors import RecipeError
from filo_core.eyes.frames import on_picture
from filo_core.eyes.search import PatchSearch
from filo_core.types import Prediction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from filo_core.eyes.features import Eye

_FARTHEST = 2.0
"""Cosine distance of opposite features."""
_SIGMA_SHARE = 4 / 224
"""Of the Gaussian over the map, as a share of its side: PatchCore's 4 px of 224."""
_SIDE = 256


class PlainMatching:
    """Judges a picture by its patch that is farthest from those of the good parts.

    Args:
        eye: that looks.
        references: pictures of the good parts, ``(H, W, 3)`` uint8 RGB.

    Raises:
        RecipeError: without a good part.
    """

    def __init__(self, eye: Eye, references: Sequence[NDArray[np.uint8]]) -> None:
        if not references:
            raise RecipeError("There is no good part to compare with.")
        self._eye = eye
        self._search = PatchSearch([eye.features(picture).patches for picture in references])

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """Map and its highest value before smoothing, both in [0, 1]; no regions."""
        looked = self._eye.features(pixels)
        away = self._search.nearest(looked.patches)[0] / np.float32(_FARTHEST)
        grid = away.reshape(looked.grid.shape[:2])
        heat = on_picture(grid, looked.frame, looked.stride, _SIDE, _SIDE)
        return Prediction(float(away.max()), _smooth(heat), (), {}, trained=True)


def _smooth(heat: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(heat, (0, 0), _SIGMA_SHARE * len(heat)), np.float32)
