"""The limits of a recipe from good parts alone. What they promise is in :mod:`filo_core.calibration.conformal`."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

from filo_core.calibration.conformal import lowest_promise, parts_needed, promise_sentence
from filo_core.sentence import Sentence
from filo_core.types import Limits
from filo_core.zones import log_odds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filo_core.calibration.conformal import ConformalLimit

__all__ = [
    "GUESSED",
    "doubt_limit",
    "doubting_limits",
    "guessed_limits",
    "limits_at",
    "lowest_promise",
    "parts_needed",
    "promise_sentence",
    "review_band",
    "starting_limits",
]

REVIEW_BAND_DEVIATIONS = 2.0
"""Width of the REVIEW band in standard deviations of the good parts' scores."""
LEAST_REVIEW_BAND = 0.10
"""Its least width as a share of the OK limit: few parts understate their own spread."""

DOUBT_SPREADS = 1.5
"""The doubt limit lies this many spreads above the middle of the good parts' scores, in log-odds."""
USUAL_SPREAD = 0.2
"""Spread of good parts in log-odds that few parts are taken to have until their own scores say otherwise."""
USUAL_SPREAD_PARTS = 6
"""Good parts that :data:`USUAL_SPREAD` weighs as much as."""
GUESSED = Sentence(
    "Without good images, or two confirmed good parts, these limits are the middle of the "
    "scale and not measured on this product. They promise nothing. Move them by hand, confirm "
    "good parts as they come, or add good images."
)
"""What limits without a good part are worth."""
_GUESSED_OK, _GUESSED_NG = 0.5, 0.75
_NORMAL_QUARTILE = 0.6745
"""Median absolute deviation of a normal distribution, in standard deviations."""


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


def guessed_limits() -> Limits:
    """Limits to start with where no good part was shown.

    At 0.5 the words of the list are as probable as those of good parts, so what lies above is looked at by a person,
    and only what is clearly more is NG.
    """
    return Limits(ok=_GUESSED_OK, ng=_GUESSED_NG, region=_GUESSED_OK)


def limits_at(limit: ConformalLimit, image_scores: Sequence[float], region: float) -> Limits:
    """Limits whose OK limit is a promised one.

    Args:
        limit: the promised limit.
        image_scores: the scores it was found from.
        region: region limit, in units of the anomaly map.
    """
    return Limits(ok=limit.limit, ng=limit.limit + review_band(image_scores, limit.limit), region=region)


def doubt_limit(scores: Sequence[float], regions: int = 1) -> float:
    """Score above which a part is doubtful, in (0, 1): past what the middle of the good parts explains.

    The largest leave-one-out score overstates good parts: the bank lacks that part's like, and one odd reference
    opens the door to everything below it. So the middle and the spread are the median and the median absolute
    deviation of the log-odds, the spread drawn towards that of usual products while the parts are few.

    Args:
        scores: one image score or map peak a good part, each in [0, 1].
        regions: how many are judged side by side. Each may doubt so many times fewer good parts (of a normal
            distribution), so that all of them together doubt no more than one does.

    Raises:
        RecipeError: without a good part.
    """
    lowest_promise(len(scores))
    odds = [log_odds(score) for score in scores]
    middle = statistics.median(odds)
    own = statistics.median(abs(value - middle) for value in odds) / _NORMAL_QUARTILE
    weight = len(odds) - 1
    spread = math.sqrt((USUAL_SPREAD_PARTS * USUAL_SPREAD**2 + weight * own**2) / (USUAL_SPREAD_PARTS + weight))
    return 1.0 / (1.0 + math.exp(-middle - _spreads(regions) * spread))


def doubting_limits(
    limit: ConformalLimit, image_scores: Sequence[float], map_peaks: Sequence[float], regions: int = 1
) -> Limits:
    """Limits for few good parts: NG where they can promise it, REVIEW from where a part is unlike them.

    Args:
        limit: the promised limit; NG is not called below it.
        image_scores: the scores it was found from.
        map_peaks: a map peak a reference.
        regions: as in :func:`doubt_limit`.
    """
    ok = min(doubt_limit(image_scores, regions), limit.limit)
    ng = max(limit.limit, ok * (1.0 + LEAST_REVIEW_BAND))
    return Limits(ok=ok, ng=ng, region=min(doubt_limit(map_peaks, regions), max(map_peaks)))


def _spreads(regions: int) -> float:
    if regions == 1:
        return DOUBT_SPREADS
    normal = statistics.NormalDist()
    return -normal.inv_cdf(normal.cdf(-DOUBT_SPREADS) / regions)
