"""Starting limits from good parts alone, promising only what that many parts can carry."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

from filo_core.errors import RecipeError
from filo_core.types import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

REVIEW_BAND_DEVIATIONS = 2.0
"""Width of the REVIEW band in standard deviations of the good parts' scores."""
LEAST_REVIEW_BAND = 0.10
"""Its least width as a share of the OK limit: few parts understate their own spread."""


def lowest_promise(good_parts: int) -> float:
    """1 / (n + 1): the lowest false-reject rate that n exchangeable good parts can promise.

    Raises:
        RecipeError: without a good part.
    """
    if good_parts < 1:
        raise RecipeError("Limits need at least one good part. Add a good image first.")
    return 1.0 / (good_parts + 1)


def parts_needed(rate: float) -> int:
    """Good parts needed before a false-reject rate can be promised: 19 for 0.05, 99 for 0.01."""
    return math.ceil(1.0 / rate - 1.0 - 1e-9)


def starting_limits(image_scores: Sequence[float], map_peaks: Sequence[float]) -> Limits:
    """Limits from one leave-one-out image score and one map peak a good part.

    OK ends at the largest score, the conformal quantile at the lowest promise. NG starts where a score lies
    farther out than the good parts' own spread explains; between them a person decides.

    Raises:
        RecipeError: without a good part.
    """
    lowest_promise(len(image_scores))
    ok = max(image_scores)
    spread = statistics.stdev(image_scores) if len(image_scores) > 1 else 0.0
    band = max(REVIEW_BAND_DEVIATIONS * spread, LEAST_REVIEW_BAND * ok)
    return Limits(ok=ok, ng=ok + band, region=max(map_peaks))


def promise_sentence(good_parts: int) -> str:
    """What ``good_parts`` can promise, in words.

    With one part there is no other to leave out, so its own gentle variations are all there is to go by.
    """
    promise = f"the lowest false-reject rate they can promise is {100 * lowest_promise(good_parts):.1f} %"
    if good_parts == 1:
        return f"1 good part: {promise.replace('they', 'it')}, judged from its own variations. Add more."
    missing = [
        f"{parts_needed(rate) - good_parts} more for {100 * rate:g} %"
        for rate in (0.05, 0.01)
        if parts_needed(rate) > good_parts
    ]
    return f"{good_parts} good parts: {promise}" + (f"; {', '.join(missing)}." if missing else ".")
