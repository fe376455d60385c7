"""What a region looks like to the trunks: the patches under it, what the nearest good patch lacks, its size and shape.

All of it comes from what was computed for the anomaly map anyway; a region costs a few small sums.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

EMBEDDING_SIZE = 512
"""Numbers of an embedding, however many trunks there are: 1 KiB a region as the record keeps it, in half precision."""
SPACE = 1
"""Counts up when an embedding of the same region becomes another one; see :func:`space_of`."""
_MEAN_WEIGHT = 0.5
"""Of the mean patch beside the residual, which tells types apart better: the part itself is in both."""
_LEAST_LENGTH = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class TrunkLook:
    """What one trunk sees in the view, and what of its good parts is nearest to that.

    ``patches`` is ``(rows, columns, C)`` of unit length, ``nearest`` the stored patch nearest to each, alike.
    """

    patches: Floats
    nearest: Nearest


class Nearest:
    """The stored patches nearest to the patches of a view, gathered only where they are asked for.

    Args:
        stored: ``(N, C)`` a part.
        index: ``(rows * columns,)``, counting through the parts in their order.
    """

    def __init__(self, stored: Sequence[Floats], index: NDArray[np.int64]) -> None:
        self._stored = stored
        self._index = index
        self._first = np.cumsum([0, *(len(part) for part in stored)])

    def at(self, cells: NDArray[np.int64]) -> Floats:
        """``(n, C)`` nearest to the patches of ``(n,)`` cells, row by row."""
        index = self._index[cells]
        owner = np.searchsorted(self._first, index, side="right") - 1
        found = np.empty((len(cells), self._stored[0].shape[1]), np.float32)
        for part in np.unique(owner):
            own = owner == part
            found[own] = self._stored[part][index[own] - self._first[part]]
        return found


@dataclass(frozen=True, slots=True)
class Silhouette:
    """Size and shape of a region, each a plain number that grows with what it is called after."""

    area: float
    """Share of the view, in (0, 1]."""
    elongation: float
    """Longer axis by the shorter one, of an ellipse with the same moments; 1 or more, at most 100."""
    fill: float
    """Share of its box that it covers, in (0, 1]."""
    solidity: float
    """Share of its convex hull that it covers, in (0, 1]."""
    width: float
    """Of its box, as a share of the view's."""
    height: float
    """The same, upright."""

    def as_array(self) -> Floats:
        """All of them in their order."""
        return np.array([getattr(self, one.name) for one in fields(self)], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class TrunkFeatures:
    """Of one region by one trunk, each ``(C,)``: the mean patch, and its mean difference to good ones."""

    mean: Floats
    residual: Floats


@dataclass(frozen=True, slots=True, eq=False)
class RegionFeatures:
    """All that is known of one region; the light trunk comes first."""

    trunks: tuple[TrunkFeatures, ...]
    shape: Silhouette

    def embedding(self) -> Floats:
        """``(EMBEDDING_SIZE,)`` of unit length, in which every trunk counts alike."""
        parts = []
        for trunk in self.trunks:
            parts += [np.float32(_MEAN_WEIGHT) * _unit(trunk.mean), _unit(trunk.residual)]
        return _unit(_folded(np.concatenate(parts)))


def region_features(mask: NDArray[np.bool_], looks: Sequence[TrunkLook]) -> RegionFeatures:
    """Features of the region under ``mask``.

    Args:
        mask: ``(h, w)`` over the view, true somewhere.
        looks: of each trunk at the same view.
    """
    return RegionFeatures(tuple(_of_trunk(mask, look) for look in looks), shape_of(mask))


def space_of(model_hash: str) -> str:
    """What embeddings must share to be compared: how they are made, and by which eyes."""
    return f"{SPACE}:{model_hash[:32]}" if model_hash else ""


def shape_of(mask: NDArray[np.bool_]) -> Silhouette:
    """Size and shape of what is true in ``(h, w)``; at least one cell is."""
    height, width = mask.shape
    left, top, box_width, box_height = cv2.boundingRect(mask.astype(np.uint8))
    inside = np.ascontiguousarray(mask[top : top + box_height, left : left + box_width], np.uint8)
    moments = cv2.moments(inside, binaryImage=True)
    cells = moments["m00"]
    # A cell is a square, not a point: its own moment keeps a line of single cells from being endlessly thin.
    across, down, both = moments["mu20"] / cells + 1 / 12, moments["mu02"] / cells + 1 / 12, moments["mu11"] / cells
    mean, apart = (across + down) / 2, math.hypot((across - down) / 2, both)
    return Silhouette(
        area=cells / mask.size,
        elongation=min(math.sqrt((mean + apart) / max(mean - apart, 1e-4)), 100.0),
        fill=cells / (box_height * box_width),
        solidity=min(cells / _hull_area(inside), 1.0),
        width=box_width / width,
        height=box_height / height,
    )


def _hull_area(inside: NDArray[np.uint8]) -> float:
    """Cells that the convex hull of what is not 0 covers; at least one."""
    outlines, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    points = np.concatenate(outlines).reshape(-1, 2)
    # Outlines run through the centres of cells: their corners are what is covered.
    corners = np.concatenate([points + corner for corner in ((0, 0), (1, 0), (0, 1), (1, 1))]).astype(np.int32)
    return max(float(cv2.contourArea(cv2.convexHull(corners))), 1.0)


def _of_trunk(mask: NDArray[np.bool_], look: TrunkLook) -> TrunkFeatures:
    rows, columns = look.patches.shape[:2]
    covered = cv2.resize(mask.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA).ravel()
    cells = np.flatnonzero(covered > 0)
    weights = np.asarray(covered[cells] / covered[cells].sum(), np.float32)
    own = look.patches.reshape(rows * columns, -1)[cells]
    return TrunkFeatures(weights @ own, weights @ (own - look.nearest.at(cells)))


def _folded(values: Floats) -> Floats:
    """Any number of values on :data:`EMBEDDING_SIZE`, each added to one place with one sign: angles are nearly kept.

    The places follow from plain integer arithmetic, so that they are the same on every machine and for ever.
    """
    if len(values) <= EMBEDDING_SIZE:
        return np.pad(values, (0, EMBEDDING_SIZE - len(values)))
    at = np.arange(len(values), dtype=np.uint64)
    mixed = (at + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    signs = np.where((mixed >> np.uint64(63)) == 0, 1.0, -1.0)
    folded = np.bincount((mixed % np.uint64(EMBEDDING_SIZE)).astype(np.int64), values * signs, EMBEDDING_SIZE)
    return np.asarray(folded, np.float32)


def _unit(values: Floats) -> Floats:
    return np.asarray(values / (np.float32(np.linalg.norm(values)) + np.float32(_LEAST_LENGTH)), np.float32)
