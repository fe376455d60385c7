"""The limits of a recipe from good parts alone. What they promise is in :mod:`filo_core.calibration.conformal`."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from filo_core.calibration.conformal import lowest_promise, parts_needed, promise_sentence
from filo_core.types import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filo_core.calibration.conformal import ConformalLimit

__all__ = ["limits_at", "lowest_promise", "parts_needed", "promise_sentence", "review_band", "starting_limits"]

REVIEW_BAND_DEVIATIONS = 2.0
"""Width of the REVIEW band in standard deviations of the good parts' scores."""
LEAST_REVIEW_BAND = 0.10
"""Its least width as a share of the OK limit: few parts understate their own spread."""


def review_band(image_scores: Sequence[float], ok: float) -> float:
    """Width of the REVIEW band above the OK limit, in units of the image score.

    NG starts where a score lies farther out than the good parts' own spread explains; before it a person decides.
    """
    spread = statistics.stdev(image_scores) if len(image_scores) > 1 else 0.0
    return max(REVIEW_BAND_DEVIATIONS * spread, LEAST_REVIEW_BAND * ok)


def starting_limits(image_scores: Sequence[float], map_peaks: Sequence[float]) -> Limits:
    """Limits from one leave-one-out image score and one map peak a good part.

    OK ends at the largest score, the conformal quantile at the lowest promise.

    Raises:
        RecipeError: without a good part.
    """
    lowest_promise(len(image_scores))
    ok = max(image_scores)
    return Limits(ok=ok, ng=ok + review_band(image_scores, ok), region=max(map_peaks))


def limits_at(limit: ConformalLimit, image_scores: Sequence[float], region: float) -> Limits:
    """Limits whose OK limit is a promised one.

    Args:
        limit: the promised limit.
        image_scores: the scores it was found from.
        region: region limit, in units of the anomaly map.
    """
    return Limits(ok=limit.limit, ng=limit.limit + review_band(image_scores, limit.limit), region=region)
