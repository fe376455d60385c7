"""Regions: connected parts of the thresholded anomaly map, placed and named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from filo_core.method.positions import position_of
from filo_core.types import Box, Position

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_REGIONS = 32
"""More parts than this say that the whole image differs; the largest peaks are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class RegionShape:
    """A region before it has a name: ``mask`` is ``(h, w)`` bool at map resolution."""

    mask: NDArray[np.bool_]
    box: Box
    area_px: int
    score: float
    position: Position


def find_regions(
    anomaly_map: NDArray[np.float32], limit: float, image_width: int, image_height: int
) -> tuple[RegionShape, ...]:
    """8-connected parts of ``anomaly_map > limit``, highest peak first.

    Args:
        anomaly_map: ``(h, w)`` float32 over the whole image.
        limit: in the map's unit.
        image_width: of the original image in pixels; boxes and areas are in its pixels.
        image_height: the same.
    """
    above = (anomaly_map > limit).astype(np.uint8)
    count, labels, stats, centroids = cv2.connectedComponentsWithStats(above, connectivity=8)
    height, width = anomaly_map.shape
    scale_x, scale_y = image_width / width, image_height / height
    shapes = []
    # The peaks alone say which parts are kept: only those get a mask of the whole map.
    peaks = {label: _peak(anomaly_map, labels, stats, label) for label in range(1, count)}
    for label in sorted(peaks, key=peaks.__getitem__, reverse=True)[:MAX_REGIONS]:
        left, top, columns, rows, area = (int(value) for value in stats[label])
        x, y = int(left * scale_x), int(top * scale_y)
        shapes.append(
            RegionShape(
                mask=labels == label,
                box=Box(
                    x,
                    y,
                    max(1, round((left + columns) * scale_x) - x),
                    max(1, round((top + rows) * scale_y) - y),
                ),
                area_px=max(1, round(area * scale_x * scale_y)),
                score=peaks[label],
                position=position_of((centroids[label][0] + 0.5) / width, (centroids[label][1] + 0.5) / height),
            )
        )
    return tuple(shapes)


def _peak(anomaly_map: NDArray[np.float32], labels: NDArray[Any], stats: NDArray[Any], label: int) -> float:
    """Largest value of one part, looked for in its box."""
    left, top, columns, rows = (int(value) for value in stats[label][:4])
    box = np.s_[top : top + rows, left : left + columns]
    return float(anomaly_map[box][labels[box] == label].max())
