"""From scores of good parts to limits: which theorem stands behind them, and what is missing for the goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from filo_core.calibration.conformal import (
    COMMON_RATES,
    ConformalLimit,
    GoodParts,
    lowest_promise,
    parts_needed,
    promise_sentence,
    split_limit,
)
from filo_core.calibration.limits import doubting_limits, limits_at, starting_limits
from filo_core.events import Calibrated
from filo_core.statistics.rates import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filo_core.types import Limits, SourceImage

GOAL = 0.01
"""False-reject rate that is aimed for unless another one is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class ConfirmedPart:
    """A good part outside the memory bank: its score where it is known under this set-up, else its image."""

    name: str
    image: SourceImage | None = None
    score: float = 0.0
    """Only where there is no image to score."""


def calibrated(
    scores: Sequence[float],
    peaks: Sequence[float],
    confirmed: Sequence[float],
    alpha: float,
    *,
    model_hash: str,
    trained: bool,
) -> Calibrated:
    """Limits that promise ``alpha`` where the parts carry it, else the lowest promise they do carry.

    Too few parts for ``alpha`` promise how many good parts are called NG; OK ends earlier, where a part is unlike
    them, and what lies between is REVIEW: a limit that refuses no good part lets most bad ones pass.

    Args:
        scores: a leave-one-out image score a reference.
        peaks: a map peak a reference, for the region limit.
        confirmed: image scores of good parts outside the memory bank, taken as they came.
        alpha: false-reject rate to promise, in (0, 1).
        model_hash: model the scores are from.
        trained: whether its weights are.

    Raises:
        EvidenceError: if ``alpha`` is no rate, or several parts all have the very same score.
    """
    parts = GoodParts(tuple(scores), tuple(confirmed))
    limit = None if parts.count == 1 else _limit(parts, alpha)
    limits, sentence = _limits_and_sentence(limit, parts, peaks, alpha)
    return Calibrated(
        limits=limits,
        scores=tuple(scores),
        lowest_promise=lowest_promise(parts.count),
        sentence=sentence,
        model_hash=model_hash,
        trained=trained,
        alpha=alpha,
        promise=limit.promise if limit else None,
        needed_for_alpha=parts.needed(alpha),
        guarantee=limit.guarantee.value if limit else "",
        confirmed_scores=tuple(confirmed),
    )


def _limits_and_sentence(
    limit: ConformalLimit | None, parts: GoodParts, peaks: Sequence[float], alpha: float
) -> tuple[Limits, str]:
    if limit is None:
        # One part and its own variations: limits to start with, and no promise.
        return starting_limits(parts.references, peaks), promise_sentence(1)
    of_confirmed = limit.good_parts == len(parts.confirmed) and limit.guarantee.is_split
    of_kind = parts.confirmed if of_confirmed else parts.references
    sentence = _sentence(limit, parts, alpha)
    if not parts.needed(alpha):
        return limits_at(limit, of_kind, max(peaks)), sentence
    limits = doubting_limits(limit, of_kind, peaks)
    doubtful = sum(score > limits.ok for score in of_kind)
    return limits, sentence + _doubt_sentence(doubtful, len(of_kind))


def _limit(parts: GoodParts, alpha: float) -> ConformalLimit:
    if not parts.needed(alpha):
        return parts.limit(alpha)
    if len(parts.confirmed) >= len(parts.references):
        # Equal promise; these parts say it at their own level instead of in the worst case.
        return split_limit(parts.confirmed, lowest_promise(len(parts.confirmed)))
    return parts.limit()


def _sentence(limit: ConformalLimit, parts: GoodParts, alpha: float) -> str:
    first = promise_sentence(parts.count).removesuffix(".")
    goal = ""
    if parts.needed(alpha) and alpha not in COMMON_RATES:
        goal = f"; {parts_needed(alpha) - parts.count} more for {percent(alpha)}"
    worst = "" if limit.guarantee.is_split else " in the worst case"
    refused = "called NG" if parts.needed(alpha) else "refused"
    return (
        f"{first}{goal}. These limits promise that at most {percent(limit.promise)} of good parts are {refused}{worst} "
        f"({limit.guarantee}, {limit.good_parts} good parts)."
    )


def _doubt_sentence(doubtful: int, count: int) -> str:
    """How many parts like these come to review."""
    share = (doubtful + 1) / (count + 1)
    return f" {doubtful} of these {count} would be doubtful: expect up to {percent(share)} of good parts for review."
