"""From distances of patches to an anomaly map and an image score. Arrays alone; every formula of the eyes is here.

Where good parts vary anyway, a distance means less (:func:`corrected`). A trunk's distance is then put in units of what
good parts show among each other: its mean and deviation, each reference held against the others. So maps of several
trunks can be averaged, and scores of several products mean the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.learned_map import MapKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

DENSITY_SHARE = 0.5
"""How much of what a stored patch is off from other parts is taken from the distance to it."""
LEAST_DEVIATION = 0.01
"""Cosine distance: parts that are alike to the pixel would make anything an anomaly."""
METHOD = 4
"""Counts up when a formula here, or what is averaged, changes.

Part of every recipe's model hash, so that no score changes in silence.
"""
_ANSWERS_FROM = 2.0
"""Deviations among good parts from which on a place is like a known defect."""
_ANSWER_WEIGHT = 0.5
_HALF = 8.0
"""Deviations that lie at one half of the scale from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Distances of the patches of good parts to other good parts, for one trunk."""

    mean: float
    deviation: float


def spread_of(distances: NDArray[np.float32]) -> Spread:
    """Spread of any number of distances; at least one."""
    return Spread(float(distances.mean(dtype=np.float64)), max(float(distances.std(dtype=np.float64)), LEAST_DEVIATION))


def corrected(distances: NDArray[np.float32], densities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Distances to the nearest stored patches, less where good parts themselves vary.

    Args:
        distances: cosine distances of patches to their nearest stored ones.
        densities: of those stored patches: how far each is from its like in the other references.
    """
    return np.asarray(distances - np.float32(DENSITY_SHARE) * densities, np.float32)


def standardised(distances: NDArray[np.float32], spread: Spread) -> NDArray[np.float32]:
    """Distances in deviations from the mean of good parts."""
    return np.asarray((distances - np.float32(spread.mean)) / np.float32(spread.deviation), np.float32)


def fused(maps: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Mean of standardised maps, one a trunk and one of the trained head, all of one shape."""
    return np.asarray(np.mean(maps, axis=0, dtype=np.float32), np.float32)


def weighed(
    kind: MapKind,
    maps: Sequence[NDArray[np.float32]],
    learned: Sequence[NDArray[np.float32]] = (),
    answers: Sequence[NDArray[np.float32]] = (),
) -> NDArray[np.float32]:
    """One map of the trunks' standardised ones, and of the trained head's, as a product learnt it.

    Args:
        kind: what it is made of; the usual one is :func:`fused`.
        maps: one a trunk, the light one first, all of one shape.
        learned: what the trained head says of what the light trunk sees, in deviations, alike; empty without a head.
        answers: to known defects, in deviations, alike; for :attr:`MapKind.KNOWN`. What is no more like one than good
            parts now and then are adds nothing.
    """
    match kind:
        case MapKind.LIGHT:
            return fused([maps[0], *learned])
        case MapKind.DEEP:
            return maps[-1]
        case MapKind.KNOWN:
            above = np.maximum(fused(answers) - np.float32(_ANSWERS_FROM), np.float32(0.0))
            return np.asarray(fused([*maps, *learned]) + np.float32(_ANSWER_WEIGHT) * above, np.float32)
    return fused([*maps, *learned])


def kept_on_part(standard: NDArray[np.float32], weights: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """A map with what stands out times how much of each cell lies on the part; as it is without weights."""
    if weights is None:
        return standard
    return np.asarray(np.where(standard > 0, standard * weights, standard), np.float32)


def peak_of(standard_map: NDArray[np.float32], share: float, sigma: float) -> float:
    """Mean of the highest ``share`` of a map that was smoothed a little, at least of one value: the image score.

    Args:
        standard_map: ``(h, w)`` in deviations.
        share: of its values, in (0, 1].
        sigma: of the Gaussian, in cells.
    """
    values = smoothed(standard_map, sigma).ravel()
    count = max(1, int(len(values) * share))
    return float(np.partition(values, -count)[-count:].mean(dtype=np.float64))


def smoothed(standard_map: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """The map after a Gaussian of ``sigma`` cells; as it is for 0."""
    if not sigma:
        return standard_map
    return np.asarray(cv2.GaussianBlur(standard_map, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32)


def squashed(deviations: NDArray[np.float32]) -> NDArray[np.float32]:
    """Deviations on the scale from 0 to 1: fixed, rising everywhere, never quite 1.

    ``s / (s + 8)`` where s is the deviations as far as they are above 0, smoothly, so that what is below keeps its
    order. The log-odds of a score are then the logarithm of s but for a constant, which limits reckon with. The same
    for every product, so that scores and maps can be compared.
    """
    above = np.logaddexp(np.float32(0.0), np.asarray(deviations, np.float32))
    return np.asarray(above / (above + np.float32(_HALF)), np.float32)


def squashed_score(deviations: float) -> float:
    """:func:`squashed` of one number, in double precision."""
    above = float(np.logaddexp(0.0, deviations))
    return above / (above + _HALF)


def deviations_at(score: float) -> float:
    """The deviations that :func:`squashed_score` puts at ``score``, which is in (0, 1)."""
    above = _HALF * score / (1.0 - score)
    return above + math.log(-math.expm1(-above))
