"""Bad parts as the second half of the evidence: they move the limits, and say what the set-up misses.

The good parts' promise comes first. It is about what is called NG, so NG is never called at a score that the promise
does not carry; OK may end earlier, at the price of good parts that a person has to look at. OK ends below the lowest
bad part for which at most half of the good parts pay that price. A bad part below that cannot be told from them.

What bad parts like these have to expect is said from each of them under limits that were placed without it
(leave-one-out), since those that the limits were placed by prove nothing about them. The bound on the share that passes
is the upper end of the interval of Clopper and Pearson (1934) for that count. Where no limit was moved it is the exact
bound; where one was, the part that it was moved for counts as missed, and the bound for one part more holds for the
order statistic below which OK ends (Wilks 1941): ``tests/unit/filo_core/calibration/test_bad_parts.py`` measures it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from filo_core.proof import Counts, JudgedPart, Proof, Standing, parts_in_words
from filo_core.sentence import Sentence
from filo_core.statistics.rates import CONFIDENCE, percent
from filo_core.types import Limits, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_DOUBTFUL = 0.5
"""Share of the good parts that may come to review so that a bad part is stopped."""
GOALS = (0.5, 0.2, 0.1)
"""Shares of missed bad parts that sentences name as goals."""


def stopping_limits(limits: Limits, good: Sequence[float], bad: Sequence[float], promised: float) -> Limits:
    """Limits that stop bad parts as far as the good parts allow it.

    Args:
        limits: found from good parts alone.
        good: image scores of the good parts, each without itself.
        bad: image scores of the bad parts.
        promised: score above which the good parts' promise lets a part be called NG.
    """
    return Limits(ok=_ok(limits.ok, good, bad), ng=_ng(limits, good, bad, promised), region=limits.region)


def prove(
    limits: Limits,
    good: Sequence[JudgedPart],
    bad: Sequence[JudgedPart],
    found: Limits | None = None,
    unseen_scores: Sequence[float] = (),
) -> Proof:
    """Hold good and bad parts against limits.

    Args:
        limits: to hold them against.
        good: the good parts.
        bad: the bad ones.
        found: limits from good parts alone, where ``limits`` were moved for the bad ones.
        unseen_scores: of each bad part had it not been shown, where scores follow from bad parts; its own without them.
    """
    if not bad:
        return Proof(limits, tuple(good))
    scores = [part.score for part in good]
    unseen = [
        score <= (_ok(found.ok, scores, _without(bad, place)) if found is not None else limits.ok)
        for place, score in enumerate(unseen_scores or [part.score for part in bad])
    ]
    missed = sum(limits.verdict(part.score) is Verdict.OK for part in bad)
    count = max(sum(unseen), missed)
    return Proof(limits, tuple(good), tuple(bad), count, most_missed(count, len(bad)))


def most_missed(missed: int, of: int) -> float:
    """Upper end of the 95 % interval (Clopper-Pearson, two-sided) of the share of bad parts that pass, in (0, 1].

    Raises:
        ValueError: if the counts contradict each other.
    """
    if not 0 <= missed <= of or of == 0:
        raise ValueError(f"{missed} of {of} bad parts cannot be missed")
    if missed == of:
        return 1.0
    # scipy takes a while to load; only those who show bad parts pay for it.
    from scipy.special import betaincinv

    return float(betaincinv(missed + 1, of - missed, (1.0 + CONFIDENCE) / 2.0))


def bad_parts_needed(share: float) -> int:
    """Bad parts that all have to be stopped before at most ``share`` in (0, 1) can be said to pass: 36 for 0.1."""
    if not 0.0 < share < 1.0:
        raise ValueError(f"a share lies between 0 and 1, got {share}")
    return math.ceil(math.log((1.0 - CONFIDENCE) / 2.0) / math.log(1.0 - share) - 1e-9)


def bad_parts_sentence(proof: Proof, found: Limits) -> str:
    """What the bad parts say, what they cost, and what they can carry; empty where none was shown.

    Args:
        proof: with limits that were placed by them.
        found: limits from good parts alone.
    """
    if proof.most_missed is None:
        return ""
    counts, shown = proof.counts, len(proof.bad)
    ng = sum(proof.limits.verdict(part.score) is Verdict.NG for part in proof.bad)
    review = shown - ng - counts.missed
    words: list[str] = [
        Sentence(
            "{shown} shown: {ng} NG, {review} for review, {missed} passed as OK.",
            shown=parts_in_words(shown, "bad"),
            ng=ng,
            review=review,
            missed=counts.missed,
        )
    ]
    if proof.limits.ok < found.ok:
        words.append(_price(proof, found))
    words.append(
        Sentence(
            "Each judged by limits placed without it: {missed_unseen} of {shown} passed. So up to "
            "{most_missed:g} of 10 bad parts like these may pass (95 % interval, Clopper-Pearson, "
            "{shown_2}){counts}.",
            missed_unseen=proof.missed_unseen,
            shown=shown,
            most_missed=tenths(proof.most_missed),
            shown_2=parts_in_words(shown, "bad"),
            counts=_next_goal(counts, proof.missed_unseen),
        )
    )
    return " ".join(words)


def of_ten(share: float) -> str:
    """A share in [0, 1] as so many of ten, never less than it is: ``"7.1"``."""
    return Sentence("{tenths:g}", tenths=tenths(share))


def tenths(share: float) -> float:
    """A share in [0, 1] as so many of ten, rounded up to one decimal."""
    return min(math.ceil(100.0 * share - 1e-9) / 10.0, 10.0)


def _price(proof: Proof, found: Limits) -> str:
    good = [part.score for part in proof.good]
    before, after = (sum(score > limit for score in good) for limit in (found.ok, proof.limits.ok))
    return Sentence(
        "For them OK ends at {ok:.3g} instead of {found_ok:.3g}: {after} instead of {before} of "
        "{good} for review ({after_2} to be expected at most).",
        ok=proof.limits.ok,
        found_ok=found.ok,
        after=after,
        before=before,
        good=parts_in_words(len(good), "good"),
        after_2=percent((after + 1) / (len(good) + 1)),
    )


def _next_goal(counts: Counts, unseen: int) -> str:
    if unseen or counts.standing is Standing.MISSES:
        return ""
    goal = next((share for share in GOALS if bad_parts_needed(share) > counts.bad), None)
    if goal is None:
        return ""
    return Sentence(
        "; {goal} more that are stopped make it {goal_2:g} of 10",
        goal=bad_parts_needed(goal) - counts.bad,
        goal_2=tenths(goal),
    )


def _ok(ok: float, good: Sequence[float], bad: Sequence[float]) -> float:
    allowed = [score for score in bad if sum(other >= score for other in good) <= MOST_DOUBTFUL * len(good)]
    lowest = min(allowed, default=math.inf)
    if lowest > ok:
        return ok
    return _between(max((other for other in good if other < lowest), default=0.0), lowest)


def _ng(limits: Limits, good: Sequence[float], bad: Sequence[float], promised: float) -> float:
    """NG may come down to what the promise carries, never below: where a good part may lie, nothing is called NG."""
    ok = _ok(limits.ok, good, bad)
    above = min((score for score in bad if score > promised), default=math.inf)
    ng = limits.ng if above > limits.ng else _between(promised, above)
    return max(ng, ok)


def _between(below: float, above: float) -> float:
    """Half way, and below the upper one whatever the rounding."""
    half = (below + above) / 2.0
    return half if half < above else below


def _without(parts: Sequence[JudgedPart], place: int) -> list[float]:
    return [part.score for number, part in enumerate(parts) if number != place]
