"""Where the part is in its picture, so that nothing beside it decides; for parts that lie anywhere on a plain ground.

The deep trunk's features differ most, over the pictures of a part on a ground, between the two: their first principal
component tells them apart (Oquab et al.: DINOv2, 2023, section 7.5). It is used only where the good parts show clearly
two kinds of places, one of them all along the border; of a texture, or a part that fills its picture, nothing is said.
What is no ground and much smaller than any piece of a good part is no part either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.eyes.features import Features

    Floats = NDArray[np.float32]

FOREGROUND_METHOD = 1
"""Counts up when something here changes a score: part of the model hash of eyes in a free pose."""
LEAST_APART = 0.8
"""Share of the spread along the component that lies between the two kinds of places: of one bell it is 0.64."""
LEAST_BORDER = 0.95
"""Share of the border's places that are ground."""
MOST_BETWEEN = 0.12
"""Share of all places in the middle between the two."""
PART_SHARE = (0.03, 0.8)
"""A part covers so much of its picture."""
_SOFT = 0.1
"""Of the way from ground to part: as slowly the weight rises."""
_LEAST_PIECE = 0.3
"""Of the smallest piece that good parts consist of: what is smaller lies beside the part."""
_LEAST_PART = 0.6
"""Of the smallest good part: where less of a part is in the picture, what is missing shows on the ground as well."""
_SPECK = 0.05
"""Of a part's places: smaller pieces of good parts are none."""
_AROUND = np.ones((3, 3), np.uint8)
"""What is broken off a part leaves ground, right beside what is left of it."""
_LEVELS = 128


@dataclass(frozen=True, slots=True, eq=False)
class Foreground:
    """How part and ground are told apart."""

    direction: Floats
    """``(C,)``: along which the features of the part are higher."""
    cut: float
    """Where the part begins along it."""
    softness: float
    """Over how much of it the weight rises."""
    least_piece: float
    """Share of the picture that a piece of the part covers at least."""
    least_part: float
    """Share of the picture that the whole part covers at least; where less of it is seen, nothing is left out."""

    def weights(self, features: Features) -> Floats:
        """``(rows, columns)`` in [0, 1]: 1 on the part and right beside it, 0 on the ground and on what lies there.

        1 everywhere where most of the part is missing.
        """
        above = (features.grid @ self.direction - np.float32(self.cut)) / np.float32(self.softness)
        weights = np.asarray(1.0 / (1.0 + np.exp(-np.clip(above, -30.0, 30.0))), np.float32)
        sizes, pieces = _pieces(above > 0)
        kept = np.isin(pieces, np.flatnonzero(sizes >= self.least_piece * pieces.size))
        if kept.mean() < self.least_part:
            return np.ones_like(weights)
        near = cv2.dilate(kept.astype(np.uint8), _AROUND) > 0
        return np.asarray(cv2.dilate(np.where(near, weights, np.float32(0.0)), _AROUND), np.float32)

    def to_array(self) -> Floats:
        """Everything in it, as :meth:`from_array` takes it."""
        return np.array([*self.direction, self.cut, self.softness, self.least_piece, self.least_part], np.float32)

    @classmethod
    def from_array(cls, array: NDArray[np.float32]) -> Foreground:
        """From what :meth:`to_array` gave."""
        return cls(array[:-4], *(float(number) for number in array[-4:]))


def foreground_of(pictures: Sequence[Features]) -> Foreground | None:
    """What tells the part from the ground on pictures of good parts; None where it is not clear.

    Args:
        pictures: features of one or more by the deep trunk.
    """
    patches = np.concatenate([one.patches for one in pictures])
    centred = patches - patches.mean(axis=0)
    direction = np.linalg.eigh((centred.T @ centred).astype(np.float64))[1][:, -1].astype(np.float32)
    along = [one.grid @ direction for one in pictures]
    border = np.concatenate([np.concatenate([a[0], a[-1], a[:, 0], a[:, -1]]) for a in along])
    values = np.concatenate([a.ravel() for a in along])
    cut, apart = _parted(values)
    if (border > cut).mean() > 0.5:
        direction, border, values, cut = -direction, -border, -values, -cut
    part, ground = values > cut, values <= cut
    if not part.any() or not ground.any():
        return None
    low, way = float(values[ground].mean()), float(values[part].mean() - values[ground].mean())
    # Where few places lie between the two, many cuts part them alike; the middle one is surest for the next picture.
    cut = low + way / 2
    part = values > cut
    between = ((values > low + 0.3 * way) & (values < low + 0.7 * way)).mean()
    clear = apart >= LEAST_APART and (border <= cut).mean() >= LEAST_BORDER and between <= MOST_BETWEEN
    if not clear or not PART_SHARE[0] <= part.mean() <= PART_SHARE[1]:
        return None
    parts = [one.grid @ direction > cut for one in pictures]
    least_piece = _LEAST_PIECE * min(map(_smallest_piece, parts))
    least_part = _LEAST_PART * min(float(one.mean()) for one in parts)
    return Foreground(direction, float(cut), _SOFT * way, least_piece, least_part)


def _smallest_piece(part: NDArray[np.bool_]) -> float:
    """Share of the picture that the smallest piece of a part covers, specks left out."""
    sizes, _ = _pieces(part)
    whole = sizes.sum()
    return float(min((size for size in sizes if size and size >= _SPECK * whole), default=0)) / part.size


def _pieces(part: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Places of each piece of what is True, those of none as 0, and which piece each place belongs to."""
    count, pieces = cv2.connectedComponents(part.astype(np.uint8), connectivity=8)
    sizes = np.bincount(pieces.ravel(), minlength=count)
    sizes[0] = 0
    return sizes, np.asarray(pieces, np.int32)


def _parted(values: Floats) -> tuple[float, float]:
    """Where numbers fall into two kinds that differ most, and the share of their spread between them (Otsu, 1979)."""
    counts, edges = np.histogram(values, _LEVELS)
    share, centres = counts / counts.sum(), (edges[:-1] + edges[1:]) / 2
    below, mean = np.cumsum(share), np.cumsum(share * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.nan_to_num((mean[-1] * below - mean) ** 2 / (below * (1.0 - below)))[:-1]
    best = int(between.argmax())
    spread = float(((centres - mean[-1]) ** 2 * share).sum())
    return float(edges[best + 1]), float(between[best]) / max(spread, 1e-12)
