"""What a head sees of a region: its patches, the good parts' patches they resemble and lie at, and its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.naming.region_features import TrunkLook

    Floats = NDArray[np.float32]

PARTS = ("inside", "nearest", "place", "around", "peak", "peak_nearest")
"""Vectors of a look, in the order in which :attr:`RegionLook.vector` joins them."""
SHAPES = (
    "log_area",
    "log_width",
    "elongation",
    "solidity",
    "extent",
    "pieces",
    "mean_distance",
    "largest_distance",
    "inside_place",
    "inside_around",
    "nearest_around",
    "place_around",
    "nearest_place",
    "touches_edge",
)
CHANNELS = 152
"""Of the light trunk that every size of it is read with: blocks 2 and 4. They come last."""
_RING = 2
"""Cells around a region that are its surroundings."""


def look_at(mask: NDArray[np.bool_], seen: TrunkLook, place: Floats | None) -> Floats:
    """What a head sees of one region.

    Args:
        mask: ``(h, w)`` over the whole of what is looked at; True somewhere.
        seen: the light trunk's patches, and the stored ones nearest to them.
        place: ``(rows, columns, C)`` what good parts show at the same place, in the mean; None where their grids are of
            other sizes, then the nearest stored patch stands in for it.

    Returns:
        ``(len(PARTS) * CHANNELS + len(SHAPES),)`` float32, whatever the trunk's size.
    """
    rows, columns = seen.patches.shape[:2]
    weights = np.asarray(cv2.resize(mask.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
    ys, xs = np.nonzero(weights > 0.0)
    weight = weights[ys, xs]
    share = weight / weight.sum()
    own, near = _shared(seen.patches[ys, xs]), _shared(seen.nearest.at(ys * columns + xs))
    there = near if place is None else _shared(place[ys, xs])
    distances = 1.0 - np.einsum("nd,nd->n", own, near)
    # A cell that the region barely touches shows its surroundings.
    peak = int((distances * np.minimum(1.0, weight / weight.max() + 0.2)).argmax())
    inside, nearest, at_place, around = share @ own, share @ near, share @ there, _shared(_ring(weights, seen.patches))
    numbers = [
        *_shape(mask, rows),
        float(share @ distances),
        float(distances.max()),
        _cosine(inside, at_place),
        _cosine(inside, around),
        _cosine(nearest, around),
        _cosine(at_place, around),
        _cosine(nearest, at_place),
        float(ys.min() == 0 or xs.min() == 0 or ys.max() == rows - 1 or xs.max() == columns - 1),
    ]
    vectors = [inside, nearest, at_place, around, own[peak], near[peak]]
    return np.concatenate([*vectors, np.array(numbers, np.float32)]).astype(np.float32)


def _ring(weights: Floats, grid: Floats) -> Floats:
    """Mean feature of the surroundings; of everything where a region leaves none."""
    side = 2 * _RING + 1
    ys, xs = np.nonzero(weights > 0.0)
    top, left = max(int(ys.min()) - _RING, 0), max(int(xs.min()) - _RING, 0)
    window = np.s_[top : int(ys.max()) + _RING + 1, left : int(xs.max()) + _RING + 1]
    under = (weights[window] > 0.0).astype(np.uint8)
    ring = cv2.dilate(under, np.ones((side, side), np.uint8)) > under
    found = grid[window][ring] if ring.any() else grid.reshape(-1, grid.shape[-1])
    return np.asarray(found.mean(axis=0), np.float32)


def _shape(mask: NDArray[np.bool_], rows: int) -> list[float]:
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    cut = np.ascontiguousarray(mask[top : top + height, left : left + width]).view(np.uint8)
    moments = cv2.moments(cut, binaryImage=True)
    area = moments["m00"]
    # A cell is a square, not a point: its own moment keeps a line of single cells from being endlessly thin.
    across, down, along = (moments[name] / area for name in ("mu20", "mu02", "mu11"))
    spread = np.linalg.eigvalsh(np.array([[across + 1 / 12, along], [along, down + 1 / 12]]))
    outlines, _ = cv2.findContours(cut, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.convexHull(np.concatenate(outlines))
    filled = max(float(cv2.contourArea(hull)) + 0.5 * float(cv2.arcLength(hull, closed=True)) + 1.0, area)
    pieces, _ = cv2.connectedComponents(cut, connectivity=8)
    # Twice the mean distance to the outline is half a line's width and a third of a disc's.
    padded = cv2.copyMakeBorder(cut, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    inside = cv2.distanceTransform(padded, cv2.DIST_L2, 3)
    thickness = float(inside.sum()) / area * rows / mask.shape[0]
    return [
        float(np.log(area / mask.size)),
        float(np.log(thickness)),
        float(0.5 * np.log(spread[1] / spread[0])),
        area / filled,
        area / cut.size,
        float(np.log(pieces - 1)),
    ]


def _shared(patches: Floats) -> Floats:
    """What all sizes have in common, in the same unit: each block that is read has the same length."""
    kept = patches[..., -CHANNELS:]
    length = np.maximum(np.linalg.norm(kept, axis=-1, keepdims=True), np.float32(1e-6))
    return np.asarray(kept / length, np.float32)


def _cosine(one: Floats, other: Floats) -> float:
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / max(length, 1e-6)
