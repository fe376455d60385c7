"""What drawn zones cover: which cells of a grid over a view of the picture are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.zones import Zone, ZoneKind, bounds_of, inspected

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Bounds = tuple[float, float, float, float]

_FINER = 8
"""Outlines are laid over a grid that is finer by this."""
_SHIFT = 4
"""Binary digits behind the point in OpenCV's coordinates."""
INSIDE = 0.5
"""Share of a cell that a zone covers for the cell to be in it."""
_TOUCHED = 0.15
"""Share of a cell that an ignore mask covers for the cell to count nowhere: what is there is seen in all of it."""


def coverage(zone: Zone, bounds: Bounds, rows: int, columns: int) -> NDArray[np.float32]:
    """Share of each cell of a grid that a zone covers: ``(rows, columns)`` in [0, 1].

    Args:
        zone: as drawn.
        bounds: left, top, right and bottom of what the grid lies over, in fractions of the picture.
        rows: of the grid.
        columns: of the grid.
    """
    left, top, right, bottom = bounds
    down, across = rows * _FINER, columns * _FINER
    outline = (np.array(zone.outline, np.float64) - (left, top)) / (right - left, bottom - top) * (across, down) - 0.5
    drawn = np.zeros((down, across), np.uint8)
    cv2.fillPoly(drawn, [np.round(outline * (1 << _SHIFT)).astype(np.int32)], 255, shift=_SHIFT)
    small = cv2.resize(drawn.astype(np.float32) / 255, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def zone_masks(zones: Sequence[Zone], rows: int, columns: int) -> tuple[Mask, ...]:
    """Cells of a grid over all that is looked at that each inspected zone looks at, without those that are ignored.

    One for the whole view where only ignore masks were drawn. Each has one cell or more: of a zone that is smaller
    than a cell, or ignored in each of its cells, the cell counts of which most is looked at.

    Args:
        zones: one or more.
        rows: of the grid.
        columns: of the grid.

    Returns:
        ``(rows, columns)`` bool, one an inspected zone.
    """
    bounds = bounds_of(zones)
    ignored = ignored_in(zones, bounds, rows, columns)
    drawn = [coverage(zone, bounds, rows, columns) for zone in inspected(zones)]
    masks = []
    for covered in drawn or [np.ones((rows, columns), np.float32)]:
        mask = (covered >= INSIDE) & (ignored <= _TOUCHED)
        if not mask.any():
            free = np.maximum(covered - ignored, 0.0) + covered * np.float32(1e-3)
            mask = free >= free.max()
        masks.append(mask)
    return tuple(masks)


def zone_mask(zones: Sequence[Zone], zone: Zone, rows: int, columns: int) -> Mask:
    """That of one inspected zone among :func:`zone_masks`."""
    return zone_masks(zones, rows, columns)[inspected(zones).index(zone)]


def ignored_in(zones: Sequence[Zone], bounds: Bounds, rows: int, columns: int) -> NDArray[np.float32]:
    """Share of each cell that any ignore mask covers, or a code, which differs from part to part.

    Arguments as for :func:`coverage`.
    """
    found = np.zeros((rows, columns), np.float32)
    for zone in zones:
        if zone.kind in {ZoneKind.IGNORE, ZoneKind.CODE}:
            found = np.maximum(found, coverage(zone, bounds, rows, columns))
    return found
