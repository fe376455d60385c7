"""Initial localisation and what it suppresses (III-C1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from filo_core.method.interfaces import GroundingBox


class WholeImageLocalizer:
    """Names no box, so nothing is suppressed: right for a texture, and for a profile without a localizer."""

    def locate(self, pixels: NDArray[np.uint8], phrases: Sequence[str]) -> tuple[GroundingBox, ...]:
        """Always empty."""
        del pixels, phrases
        return ()


def suppress_outside(anomaly_map: Tensor, boxes: Sequence[GroundingBox], factor: float) -> Tensor:
    """``(H, W)`` map with everything outside the union of the boxes multiplied by λ (III-C1).

    Without a box λ is 1: a localizer that found nothing must not quieten the whole image.
    """
    if not boxes:
        return anomaly_map
    height, width = anomaly_map.shape
    inside = torch.zeros_like(anomaly_map, dtype=torch.bool)
    for box in boxes:
        top, bottom = int(box.top * height), max(int(box.top * height) + 1, round(box.bottom * height))
        left, right = int(box.left * width), max(int(box.left * width) + 1, round(box.right * width))
        inside[top:bottom, left:right] = True
    return torch.where(inside, anomaly_map, anomaly_map * factor)
