"""The field's figures of merit, of which the paper reports the two AUROCs (IV-B).

Every one is in [0, 1], and None where it is not defined; NaN never leaves here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.errors import ShapeMismatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_BINS = 1 << 16
_ROUNDING = 1e-5
"""How far outside [0, 1] the rounding of float32 sums may put a map value."""


def image_auroc(scores: Sequence[float], anomalous: Sequence[bool]) -> float | None:
    """Area under the ROC curve of image scores; None with images of one side only."""
    # scikit-learn takes a second to import, and the window opens without it.
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(anomalous, scores)) if _comparable(scores, anomalous) else None


def average_precision(scores: Sequence[float], anomalous: Sequence[bool]) -> float | None:
    """Mean precision over the recalls that the scores reach; None with images of one side only."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(anomalous, scores)) if _comparable(scores, anomalous) else None


def f1_max(scores: Sequence[float], anomalous: Sequence[bool]) -> float | None:
    """Largest F1 that any one threshold reaches, chosen knowing the answers; None with images of one side only."""
    from sklearn.metrics import precision_recall_curve

    if not _comparable(scores, anomalous):
        return None
    precision, recall, _ = precision_recall_curve(anomalous, scores)
    both = precision + recall
    f1 = np.divide(2.0 * precision * recall, both, out=np.zeros_like(both), where=both > 0.0)
    return float(f1.max())


def auroc_interval(auroc: float, good: int, anomalous: int, z: float = 1.96) -> tuple[float, float]:
    """Interval of an AUROC that was measured on so many images; 95 % with the default ``z``.

    Newcombe (2006), method 5: the values whose own standard error reaches ``auroc``. Unlike a bootstrap it keeps a
    width at 1.0, where a few images prove little.

    Raises:
        ValueError: if ``auroc`` is not in [0, 1] or a side has no images.
    """
    if not 0.0 <= auroc <= 1.0 or good < 1 or anomalous < 1:
        raise ValueError(f"no interval for an AUROC of {auroc} on {good} good and {anomalous} anomalous images")
    surplus = (good + anomalous) / 2.0 - 1.0

    def too_far(value: float) -> bool:
        spread = 1.0 + surplus * ((1.0 - value) / (2.0 - value) + value / (1.0 + value))
        return abs(auroc - value) > z * math.sqrt(value * (1.0 - value) * spread / (good * anomalous))

    return _edge(too_far, auroc, 0.0), _edge(too_far, auroc, 1.0)


class PixelMetrics:
    """Pixel AUROC, AUPRO, average precision and F1-max over any number of maps, in constant memory.

    Three histograms of 65,536 bins are all it keeps: normal pixels, anomalous pixels, and anomalous pixels that each
    count as one over the area of their region. The third, cumulated, is the sum over all regions of their overlap at
    each threshold, so the regions need no histogram of their own. Values closer than 1/65535 count as equal: AUROC
    is off the exact figure by at most half the share of pairs that fall into one bin.
    """

    def __init__(self) -> None:
        self._normal = np.zeros(_BINS, np.int64)
        self._anomalous = np.zeros(_BINS, np.int64)
        self._overlap = np.zeros(_BINS, np.float64)
        self._regions = 0

    def add(self, anomaly_map: NDArray[np.floating], mask: NDArray[np.bool_]) -> None:
        """Count the pixels of one image.

        Args:
            anomaly_map: ``(H, W)`` in [0, 1].
            mask: ``(H, W)``, True where the image is anomalous. Its 8-connected parts are the regions of AUPRO.

        Raises:
            ShapeMismatchError: if the two differ in shape, or are not two-dimensional.
            ValueError: if the map holds NaN or leaves [0, 1].
        """
        if anomaly_map.shape != mask.shape or mask.ndim != 2:
            raise ShapeMismatchError(
                "map {map} and mask {mask} must be the same (H, W)", map=anomaly_map.shape, mask=mask.shape
            )
        if not mask.size:
            return
        low, high = float(anomaly_map.min()), float(anomaly_map.max())
        # Written so that NaN, which compares false with everything, is refused too.
        if not (low >= -_ROUNDING and high <= 1.0 + _ROUNDING):
            raise ValueError(f"an anomaly map must stay in [0, 1], this one spans {low} to {high}")
        bins = np.rint(np.clip(anomaly_map, 0.0, 1.0) * (_BINS - 1)).astype(np.intp)
        self._normal += np.bincount(bins[~mask], minlength=_BINS)
        if mask.any():
            self._add_regions(bins, mask)

    def auroc(self) -> float | None:
        """Area under the ROC curve over all pixels; None unless there are both normal and anomalous ones."""
        pairs = int(self._normal.sum()) * int(self._anomalous.sum())
        if not pairs:
            return None
        above = self._anomalous.sum() - np.cumsum(self._anomalous)
        ranked = np.dot(self._normal.astype(np.float64), above + 0.5 * self._anomalous)
        return float(ranked / pairs)

    def average_precision(self) -> float | None:
        """Mean precision over the recalls that the bins reach; None unless there are pixels of both sides."""
        if not (self._normal.sum() and self._anomalous.sum()):
            return None
        precision, recall = self._precision_and_recall()
        return float(np.dot(np.diff(recall, prepend=0.0), precision))

    def f1_max(self) -> float | None:
        """Largest F1 over the pixels that any one threshold reaches; None unless there are pixels of both sides."""
        if not (self._normal.sum() and self._anomalous.sum()):
            return None
        precision, recall = self._precision_and_recall()
        both = precision + recall
        f1 = np.divide(2.0 * precision * recall, both, out=np.zeros_like(both), where=both > 0.0)
        return float(f1.max())

    def _precision_and_recall(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """At or above each bin, from the top."""
        hits, false = _from_above(self._anomalous)[1:], _from_above(self._normal)[1:]
        found = hits + false
        return np.divide(hits, found, out=np.ones_like(found), where=found > 0.0), hits / hits[-1]

    def aupro(self, limit: float = 0.3) -> float | None:
        """Area under the curve of the mean overlap per region against the false-positive rate, up to ``limit``.

        Bergmann et al., MVTec AD: large and small regions count the same; the area is divided by ``limit``. None
        unless there are both normal pixels and regions.

        Raises:
            ValueError: if ``limit`` is not in (0, 1].
        """
        if not 0.0 < limit <= 1.0:
            raise ValueError(f"the limit of AUPRO must be in (0, 1], got {limit}")
        normal = int(self._normal.sum())
        if not normal or not self._regions:
            return None
        false_positives = _from_above(self._normal) / normal
        overlap = _from_above(self._overlap) / self._regions
        inside = int(np.searchsorted(false_positives, limit, side="right"))
        at_limit = np.interp(limit, false_positives, overlap)
        x = np.append(false_positives[:inside], limit)
        y = np.append(overlap[:inside], at_limit)
        area = float(np.dot(np.diff(x), (y[1:] + y[:-1]) / 2.0)) / limit
        return min(area, 1.0)

    def _add_regions(self, bins: NDArray[np.intp], mask: NDArray[np.bool_]) -> None:
        labelled, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
        values, owners = bins[mask], labels[mask]
        areas = np.bincount(owners, minlength=labelled)
        self._anomalous += np.bincount(values, minlength=_BINS)
        self._overlap += np.bincount(values, weights=1.0 / areas[owners], minlength=_BINS)
        self._regions += labelled - 1  # label 0 is the background


def _comparable(scores: Sequence[float], anomalous: Sequence[bool]) -> bool:
    if len(scores) != len(anomalous):
        raise ShapeMismatchError("{scores} scores for {images} images", scores=len(scores), images=len(anomalous))
    return any(anomalous) and not all(anomalous)


def _from_above(histogram: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum at or above each bin, from nothing at the top to everything at the bottom."""
    return np.concatenate(([0.0], np.cumsum(histogram[::-1])))


def _edge(too_far: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where ``too_far`` turns true on the way from ``inside`` to ``outside``, by halving."""
    if not too_far(outside):
        return outside
    for _ in range(60):
        middle = (inside + outside) / 2.0
        inside, outside = (inside, middle) if too_far(middle) else (middle, outside)
    return inside
