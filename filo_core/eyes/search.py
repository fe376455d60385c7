"""The nearest of many stored patches: every one is looked at while they are few, likely ones when they are many.

Among many, patches are filed under some of themselves, the *heads*, each under the one it is most like. A patch of a
picture is compared with what lies under the heads it is most like; the patches that stand out most after that, which
decide the image score, are then compared with everything. So what is found is never nearer than the nearest, and
exactly it for what stands out. (An inverted file, as in Jégou, Douze and Schmid: Product Quantization for Nearest
Neighbor Search, PAMI 2011, without the quantisation.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Numbers = NDArray[np.int64]

FEW = 600_000
"""Numbers of stored patches up to which all are looked at: of wide ones fewer, since their products cost more."""
PROBES = 8
"""Heads a patch of a picture looks under."""
EXACT_SHARE = 1 / 32
"""Highest share of a picture's patches that is compared with everything."""
MOST_EXACT = 384
"""And at most so many: a large picture's score is of few places, too."""
_BLOCK = 512
"""Patches of a picture a matrix product."""
_STEP = (math.sqrt(5) - 1) / 2
"""Heads are so far apart in units of all, time and again from the start: spread over every part and place."""
_NONE = -2.0
"""Less than any cosine."""


class PatchSearch:
    """Finds the nearest of stored patches.

    Args:
        stored: ``(N, C)`` of unit length, a part each; one or more patches in all.
    """

    def __init__(self, stored: Sequence[Floats]) -> None:
        self._parts = tuple(stored)
        self._is_filed = sum(part.size for part in stored) > FEW
        if self._is_filed:
            self._file(np.concatenate(self._parts))

    def nearest(self, patches: Floats) -> tuple[Floats, Numbers]:
        """``1 - cosine`` of each of ``(N, C)`` unit patches to the nearest stored one, in [0, 2], and which it is.

        The index counts through the parts in their order.
        """
        if not self._is_filed:
            best, index = _best_of_all(patches, self._parts)
        else:
            best, place = self._best_of_likely(patches)
            apart = min(max(1, int(len(patches) * EXACT_SHARE)), MOST_EXACT)
            rows = np.argpartition(best, apart - 1)[:apart]
            best[rows], place[rows] = _best_of_all(patches[rows], [self._filed])
            index = self._order[place]
        # Rounding can push the similarity of equal patches past 1.
        return np.asarray(np.maximum(np.float32(1.0) - best, np.float32(0.0)), np.float32), index

    def _file(self, patches: Floats) -> None:
        """Sort all patches by their heads."""
        heads = round(2 * math.sqrt(len(patches)))
        # An odd step of whole patches: the same heads on every machine.
        step = int(len(patches) * _STEP) | 1
        spread = patches[np.arange(heads) * step % len(patches)]
        nearest = np.concatenate([(block @ spread.T).argmax(axis=1) for block in _blocks(patches)])
        # Of heads that are alike to the bit, as on an empty background, one has it all; nobody may look under others.
        used, head = np.unique(nearest, return_inverse=True)
        self._heads = spread[used]
        self._order = np.argsort(head, kind="stable")
        self._filed = patches[self._order]
        self._bounds = np.searchsorted(head[self._order], np.arange(len(used) + 1))

    def _best_of_likely(self, patches: Floats) -> tuple[Floats, Numbers]:
        """Highest cosine under the likeliest heads, and where that is among the filed patches."""
        heads = len(self._heads)
        probes = min(PROBES, heads)
        likely = [np.argpartition(b @ self._heads.T, heads - probes, axis=1)[:, -probes:] for b in _blocks(patches)]
        asked = np.concatenate(likely).ravel()
        by_head = np.argsort(asked, kind="stable")
        ends = np.searchsorted(asked[by_head], np.arange(heads + 1))
        best, place = np.full(len(patches), _NONE, np.float32), np.zeros(len(patches), np.int64)
        for head in range(heads):
            rows = by_head[ends[head] : ends[head + 1]] // probes
            if len(rows):
                first, end = self._bounds[head], self._bounds[head + 1]
                _take_nearer(best, place, rows, patches[rows] @ self._filed[first:end].T, first)
        return best, place


def _best_of_all(patches: Floats, parts: Sequence[Floats]) -> tuple[Floats, Numbers]:
    """Highest cosine of each patch, and which of all stored patches that is."""
    best, index = np.full(len(patches), _NONE, np.float32), np.zeros(len(patches), np.int64)
    first = 0
    for part in parts:
        for start in range(0, len(patches), _BLOCK):
            rows = np.arange(start, min(start + _BLOCK, len(patches)))
            _take_nearer(best, index, rows, patches[rows] @ part.T, first)
        first += len(part)
    return best, index


def _take_nearer(best: Floats, index: Numbers, rows: Numbers, similar: Floats, first: int) -> None:
    """Put what is nearer than the best so far in its place.

    Args:
        best: highest cosine so far of every patch; changed.
        index: which that is; changed.
        rows: patches that were compared, each once.
        similar: ``(len(rows), n)`` cosines.
        first: number of the first of those n.
    """
    at = similar.argmax(axis=1)
    found = similar[np.arange(len(at)), at]
    nearer = found > best[rows]
    better = rows[nearer]
    best[better], index[better] = found[nearer], at[nearer] + first


def _blocks(patches: Floats) -> list[Floats]:
    return [patches[start : start + _BLOCK] for start in range(0, len(patches), _BLOCK)]
