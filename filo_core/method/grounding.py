"""Initial localisation and what it suppresses (III-C1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from filo_core.method.interfaces import GroundingBox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    Suppress = Callable[[Tensor, Sequence[GroundingBox], float], Tensor]


class WholeImageLocalizer:
    """Names no box, so nothing is suppressed: right for a texture, and for a profile without a localizer."""

    def locate(self, pixels: NDArray[np.uint8], phrases: Sequence[str]) -> tuple[GroundingBox, ...]:
        """Always empty."""
        del pixels, phrases
        return ()


def keep_boxes(
    found: Iterable[tuple[Sequence[float], float, str]], box_threshold: float, area_limit: float
) -> tuple[GroundingBox, ...]:
    """Boxes that may hold an anomaly, best first (III-C1).

    Args:
        found: centre x, centre y, width, height in fractions of the image; score; phrase.
        box_threshold: a score must be above it.
        area_limit: a box clamped to the image must cover less than this share of it.
    """
    kept = []
    for (x, y, width, height), score, phrase in found:
        left, right = (min(max(edge, 0.0), 1.0) for edge in (x - width / 2, x + width / 2))
        top, bottom = (min(max(edge, 0.0), 1.0) for edge in (y - height / 2, y + height / 2))
        area = (right - left) * (bottom - top)
        if score > box_threshold and 0.0 < area < area_limit:
            kept.append(GroundingBox(left, top, right, bottom, score, phrase))
    return tuple(sorted(kept, key=lambda box: -box.score))


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
