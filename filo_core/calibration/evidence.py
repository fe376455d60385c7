"""From scores of good parts to limits: which theorem stands behind them, and what is missing for the goal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from filo_core.calibration.bad_parts import bad_parts_sentence, prove, stopping_limits
from filo_core.calibration.conformal import (
    COMMON_RATES,
    ConformalLimit,
    GoodParts,
    lowest_promise,
    parts_needed,
    promise_sentence,
    promise_words,
    split_limit,
)
from filo_core.calibration.limits import GUESSED, doubting_limits, guessed_limits, limits_at, starting_limits
from filo_core.calibration.session_span import SessionSpan, span_sentence, spanning
from filo_core.events import Calibrated
from filo_core.proof import JudgedPart
from filo_core.sentence import CLAUSES, Joined, Sentence, sentences
from filo_core.statistics.rates import percent
from filo_core.types import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from filo_core.proof import Proof
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
    image_hash: str = ""
    session: str = ""
    """Name of the day or shift that a person says it is of, where it is another one than the others'."""


def calibrated(
    scores: Sequence[float],
    peaks: Sequence[float],
    confirmed: Sequence[float],
    alpha: float,
    *,
    model_hash: str,
    trained: bool,
    good: Sequence[JudgedPart] = (),
    bad: Sequence[JudgedPart] = (),
    sessions: Mapping[str, Sequence[float]] | None = None,
) -> Calibrated:
    """Limits that promise ``alpha`` where the parts carry it, else the lowest promise they do carry.

    Too few parts for ``alpha`` promise how many good parts are called NG; OK ends earlier, where a part is unlike
    them, and what lies between is REVIEW: a limit that refuses no good part lets most bad ones pass.

    With neither a reference nor two confirmed parts the limits are a place to start from, see :func:`guessed_limits`.

    Args:
        scores: a leave-one-out image score a reference; none where the profile needs no picture.
        peaks: a map peak a reference, for the region limit.
        confirmed: image scores of good parts outside the memory bank, taken as they came.
        alpha: false-reject rate to promise, in (0, 1).
        model_hash: model the scores are from.
        trained: whether its weights are.
        good: the same good parts with their names.
        bad: bad parts that were shown.
        sessions: image scores of good parts of other sessions, by the session's name; the promise holds for each.

    Raises:
        EvidenceError: if ``alpha`` is no rate, or several parts all have the very same score.
    """
    parts = GoodParts(tuple(scores), tuple(confirmed))
    limit = promised_limit(parts, alpha) if parts.count > 1 else None
    found, kind = limits_found(limit, parts, peaks, alpha)
    sessions = sessions or {}
    span = spanning(found, limit, sessions, alpha)
    judged = tuple(good) or tuple(JudgedPart("", "", score) for score in (*scores, *confirmed))
    promised = span.limits.ng if span.promised_at is None else span.promised_at
    limits = stopping_limits(span.limits, [part.score for part in judged], [part.score for part in bad], promised)
    proof = prove(limits, judged, bad, span.limits)
    told = _told(parts, limit, kind, (sessions, span), proof, alpha)
    all_confirmed = (*confirmed, *(score for scores in sessions.values() for score in scores))
    return replace(told, model_hash=model_hash, trained=trained, confirmed_scores=all_confirmed)


def _told(
    parts: GoodParts,
    limit: ConformalLimit | None,
    kind: Sequence[float],
    spanned: tuple[Mapping[str, Sequence[float]], SessionSpan],
    proof: Proof,
    alpha: float,
) -> Calibrated:
    """What the limits of a proof promise, without the model; ``spanned`` are other sessions and what they ask for."""
    sessions, span = spanned
    limits, found = proof.limits, span.limits
    about_ng = bool(parts.needed(alpha)) or span.about_ng or limits.ok < found.ok
    told = (
        _sentence(limit, parts, alpha, kind, proof, found),
        span_sentence(sessions, span.promise, about_ng=about_ng),
        bad_parts_sentence(proof, found),
    )
    return Calibrated(
        limits=limits,
        scores=parts.references,
        lowest_promise=lowest_promise(parts.count) if parts.count else 1.0,
        sentence=sentences(*told),
        model_hash="",
        trained=False,
        alpha=alpha,
        promise=span.promise,
        needed_for_alpha=parts.needed(alpha),
        guarantee=limit.guarantee.value if limit else "",
        promised_at=span.promised_at,
        refused_as=Verdict.NG if about_ng else Verdict.REVIEW,
        proof=proof,
    )


def limits_found(
    limit: ConformalLimit | None, parts: GoodParts, peaks: Sequence[float], alpha: float, regions: int = 1
) -> tuple[Limits, tuple[float, ...]]:
    """Limits from good parts alone, and the scores they were found from.

    Args:
        limit: what the parts promise; None where there is one part alone.
        parts: the good parts.
        peaks: a map peak a reference.
        alpha: false-reject rate that was asked for.
        regions: how many are judged side by side, each by limits of its own.
    """
    if limit is None and not parts.references:
        return guessed_limits(), parts.confirmed
    # Confirmed parts come with their scores alone: where there is no reference, regions begin where they always do.
    peaks = peaks or (guessed_limits().region,)
    if limit is None:
        # One part and its own variations: limits to start with, and no promise.
        return starting_limits(parts.references, peaks), parts.references
    of_confirmed = limit.good_parts == len(parts.confirmed) and limit.guarantee.is_split
    of_kind = parts.confirmed if of_confirmed else parts.references
    if not parts.needed(alpha):
        return limits_at(limit, of_kind, max(peaks)), of_kind
    return doubting_limits(limit, of_kind, peaks, regions), of_kind


def promised_limit(parts: GoodParts, alpha: float) -> ConformalLimit:
    """The limit that promises ``alpha``; the lowest promise of two parts or more where they cannot carry it.

    Raises:
        EvidenceError: if ``alpha`` is no rate, or all parts have the very same score.
    """
    if not parts.needed(alpha):
        return parts.limit(alpha)
    if len(parts.confirmed) >= len(parts.references):
        # Equal promise; these parts say it at their own level instead of in the worst case.
        return split_limit(parts.confirmed, lowest_promise(len(parts.confirmed)))
    return parts.limit()


def _sentence(
    limit: ConformalLimit | None,
    parts: GoodParts,
    alpha: float,
    kind: Sequence[float],
    proof: Proof,
    found: Limits,
) -> str:
    if limit is None and not parts.references:
        return GUESSED
    if limit is None:
        return promise_sentence(1)
    first = promise_words(parts.count)
    if parts.needed(alpha) and alpha not in COMMON_RATES:
        more = parts_needed(alpha) - parts.count
        first = Joined([first, Sentence("{count} more for {rate}", count=more, rate=percent(alpha))], CLAUSES)
    about_ng = bool(parts.needed(alpha)) or proof.limits.ok < found.ok
    held = {"promise": percent(limit.promise), "guarantee": limit.guarantee.value, "good_parts": limit.good_parts}
    worst = not limit.guarantee.is_split
    promise = sentences(Sentence("{first}.", first=first), _promise(held, about_ng=about_ng, worst=worst))
    if not about_ng:
        return promise
    return sentences(promise, _doubt_sentence(sum(score > proof.limits.ok for score in kind), len(kind)))


def _promise(held: Mapping[str, object], *, about_ng: bool, worst: bool) -> Sentence:
    if about_ng and worst:
        return Sentence(
            "These limits promise that at most {promise} of good parts are called NG in the worst case "
            "({guarantee}, {good_parts} good parts).",
            **held,
        )
    if about_ng:
        return Sentence(
            "These limits promise that at most {promise} of good parts are called NG "
            "({guarantee}, {good_parts} good parts).",
            **held,
        )
    if worst:
        return Sentence(
            "These limits promise that at most {promise} of good parts are refused in the worst case "
            "({guarantee}, {good_parts} good parts).",
            **held,
        )
    return Sentence(
        "These limits promise that at most {promise} of good parts are refused ({guarantee}, {good_parts} good parts).",
        **held,
    )


def _doubt_sentence(doubtful: int, count: int) -> str:
    """How many parts like these come to review."""
    share = (doubtful + 1) / (count + 1)
    return Sentence(
        "{doubtful} of these {count} would be doubtful: expect up to {share} of good parts for review.",
        doubtful=doubtful,
        count=count,
        share=percent(share),
    )
