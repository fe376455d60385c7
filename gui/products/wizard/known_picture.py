"""A known part small enough to be kept: its picture, and where it stands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage

from filo_core.rendering import render_heat_map
from gui.canvas.pictures import to_qimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.events import PartJudged
    from filo_core.types import Limits

PICTURE_PX = 320
"""About as long as the longer side is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class KnownPicture:
    """``pixels`` is ``(h, w, 3)`` uint8 RGB, ``anomaly_map`` ``(h', w')`` over the same picture; both are small."""

    image_hash: str
    name: str
    bad: bool
    pixels: NDArray[np.uint8]
    anomaly_map: NDArray[np.float32]
    score: float = 0.0
    apart: bool = False
    """A good part of another session."""

    def shown(self, limits: Limits | None) -> QImage:
        """With its heat map, once there are limits to scale it by."""
        if limits is None:
            return to_qimage(self.pixels)
        return to_qimage(render_heat_map(self.pixels, self.anomaly_map, limits))


def picture_of(event: PartJudged) -> KnownPicture:
    """Make a part that was judged small."""
    pixels, heat = event.image.pixels, event.prediction.anomaly_map
    small = np.ascontiguousarray(pixels[:: _step(pixels.shape), :: _step(pixels.shape)])
    coarse = np.ascontiguousarray(heat[:: _step(heat.shape), :: _step(heat.shape)])
    score = event.prediction.image_score
    return KnownPicture(event.image.image_hash, event.image.name, event.bad, small, coarse, score, event.apart)


def _step(shape: tuple[int, ...]) -> int:
    return max(1, max(shape[:2]) // PICTURE_PX)
