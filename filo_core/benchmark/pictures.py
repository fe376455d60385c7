"""Pictures as in Fig. 5: image, mask and heat map side by side, one file a test image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from filo_core.benchmark.datasets import read_mask
from filo_core.errors import FolderError
from filo_core.imaging import read_image
from filo_core.rendering import render_heat_map
from filo_core.types import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from filo_core.benchmark.categories import LabelledImage
    from filo_core.types import Prediction

PANEL_PX = 256
_GAP = 8
_PAPER = 255
_UNKNOWN = 160
"""Grey of an anomalous image that nobody has outlined: not black, which would say "no anomaly"."""


def picture_of(pixels: NDArray[np.uint8], mask: NDArray[np.bool_] | None, prediction: Prediction) -> NDArray[np.uint8]:
    """``(PANEL_PX, 3·PANEL_PX + gaps, 3)`` uint8 RGB: image, mask, heat map.

    The heat map's colours span this picture's own values, so that every one shows something: two pictures do not
    compare by colour.

    Args:
        pixels: ``(H, W, 3)`` uint8 RGB.
        mask: ``(H, W)``, None where it is not known.
        prediction: of that image.
    """
    side = (PANEL_PX, PANEL_PX)
    image = np.asarray(cv2.resize(pixels, side, interpolation=cv2.INTER_AREA), np.uint8)
    outlined = np.full((*side, 3), _UNKNOWN, np.uint8)
    if mask is not None:
        white = cv2.resize(mask.astype(np.uint8), side, interpolation=cv2.INTER_NEAREST_EXACT) * 255
        outlined = np.repeat(white[..., None], 3, axis=2)
    peak = max(float(prediction.anomaly_map.max()), 1e-6)
    heat = render_heat_map(image, prediction.anomaly_map, Limits(ok=1.0, ng=1.0, region=peak / 2.0))
    gap = np.full((PANEL_PX, _GAP, 3), _PAPER, np.uint8)
    return np.hstack([image, gap, outlined, gap, heat])


class PictureFolder:
    """Writes the picture of every judged image at once and keeps none.

    Args:
        folder: made if it is not there; gets ``<category>/<defect>_<name>.png``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, category: str, test: LabelledImage, prediction: Prediction) -> None:
        """Write one picture.

        Raises:
            FolderError: if the folder cannot be written.
        """
        image = read_image(test.path)
        known = test.mask is not None or not test.anomalous
        mask = read_mask(test.mask, image.size) if test.mask else np.zeros(image.pixels.shape[:2], bool)
        path = self._folder / category / f"{test.defect}_{test.path.stem}.png"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture_of(image.pixels, mask if known else None, prediction)).save(path)
        except OSError as error:
            raise FolderError(
                "{path} cannot be written: {reason}. Choose another folder.", path=path, reason=error.strerror or error
            ) from error
