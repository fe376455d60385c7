"""Where an inspection found something, as masks of the size of its image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.types import Box, InspectionRecord
from workflows.reporting.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


def anomaly_mask(history: History, record: InspectionRecord) -> NDArray[np.bool_]:
    """Pixels of the anomaly map above the recipe's region limit, ``(H, W)`` of the image.

    Raises:
        StorageError: if the map is missing or was altered.
    """
    above = (history.anomaly_map(record) > record.limits.region).astype(np.uint8)
    # As regions are cut at the map's resolution, a smoother enlargement would move their edges.
    enlarged = cv2.resize(above, (record.width, record.height), interpolation=cv2.INTER_NEAREST)
    mask: NDArray[np.bool_] = enlarged > 0
    return mask


def within(mask: NDArray[np.bool_], box: Box) -> NDArray[np.bool_]:
    """The part of a mask that lies in a box."""
    part = np.zeros_like(mask)
    part[box.y : box.y + box.height, box.x : box.x + box.width] = mask[
        box.y : box.y + box.height, box.x : box.x + box.width
    ]
    return part
