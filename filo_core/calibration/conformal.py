"""Limits that carry a promise: what share of good parts they refuse, and how many good parts stand behind it.

Two variants, for two kinds of evidence:

* **split conformal** (Vovk, Gammerman and Shafer 2005; Papadopoulos et al. 2002) on good parts that are not in the
  memory bank: a new good part is refused with probability at most α.
* **jackknife+** (Barber, Candès, Ramdas and Tibshirani 2021) on the references themselves, each scored without
  itself: at most 2α in the worst case. Their proof counts, in a tournament of n + 1 parts, those that beat at least k
  others: at most 2(n - k) + 1. So at the largest leave-one-out score (k = n) the worst case is 1 / (n + 1) itself.

Jackknife+ compares a new part with reference i under the bank without i. Here one limit is laid over the score under
the whole bank. That can only refuse fewer: a patch's nearest neighbour among more references is never farther away,
so a score above the limit is above it under every smaller bank too, and the same bound holds.

That argument is about distances to the nearest patch. The compact profile corrects them by what its references show
among each other, and a larger bank may raise a score that way: there the bound is not proven but measured, by
``tools.calibration_study`` on real categories.

Both speak of exchangeable parts: the new part comes from the same process as the calibration parts. Both are
averages over calibrations: a single one depends on which good parts it got.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from filo_core.errors import EvidenceError
from filo_core.sentence import CLAUSES, Joined, Sentence
from filo_core.statistics.rates import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMON_RATES = (0.05, 0.01)
"""False-reject rates that sentences name as goals."""

_ROUNDING = 1e-9
"""So that 20 parts at 0.05 allow exactly one, whatever 20 * 0.05 is in binary."""


class Guarantee(StrEnum):
    """Which theorem stands behind a limit."""

    SPLIT = "split conformal"
    JACKKNIFE_PLUS = "jackknife+"

    @property
    def is_split(self) -> bool:
        """Whether the parts behind it lie outside the memory bank."""
        return self is Guarantee.SPLIT


@dataclass(frozen=True, slots=True)
class ConformalLimit:
    """A limit on the image score with the promise it carries: scores above it are refused."""

    limit: float
    guarantee: Guarantee
    good_parts: int
    alpha: float
    """Level the quantile was taken at, in (0, 1)."""
    rank: int
    """The limit is the ``rank``-th smallest of the good parts' scores."""
    promise: float
    """Largest probability that a new good part is refused: α for split conformal, up to 2α for jackknife+."""

    @property
    def sentence(self) -> str:
        """The promise in words."""
        if self.guarantee is Guarantee.SPLIT:
            parts = Sentence("{good_parts} good parts that are not references", good_parts=self.good_parts)
            return Sentence(
                "{parts}: at most {promise} of good parts are refused ({guarantee}).",
                parts=parts,
                promise=percent(self.promise),
                guarantee=self.guarantee,
            )
        parts = Sentence("{good_parts} good parts, each scored without itself", good_parts=self.good_parts)
        return Sentence(
            "{parts}: at most {promise} of good parts are refused in the worst case ({guarantee}).",
            parts=parts,
            promise=percent(self.promise),
            guarantee=self.guarantee,
        )


@dataclass(frozen=True, slots=True)
class GoodParts:
    """The evidence behind a limit: one score a good part. It grows as a supervisor confirms OK parts.

    The two kinds are never pooled: a reference is scored against one reference fewer than a confirmed part.
    """

    references: tuple[float, ...]
    """Leave-one-out scores of the references."""
    confirmed: tuple[float, ...] = ()
    """Scores of parts outside the memory bank that a person called good. They must be taken as they came, say all
    of one hour: taking only those that the system passed makes the limit too tight and the promise false."""

    @property
    def count(self) -> int:
        """Good parts of the kind that carries the lower promise."""
        return max(len(self.references), len(self.confirmed))

    def needed(self, rate: float) -> int:
        """Good parts still missing for a promise of ``rate``, of the kind of which fewer are missing."""
        return max(parts_needed(rate) - self.count, 0)

    def limit(self, rate: float | None = None) -> ConformalLimit:
        """The limit that promises ``rate``; without one, the lowest that can be promised.

        Confirmed parts are preferred where there are enough: theirs is the quantile at ``rate`` itself, while the
        references have to be taken at about half of it.

        Raises:
            EvidenceError: if the parts at hand cannot promise it; the sentence says how many are missing.
        """
        if rate is None:
            rate = lowest_promise(self.count)
        check_rate(rate)
        if len(self.confirmed) >= parts_needed(rate):
            return split_limit(self.confirmed, rate)
        if self.count > 1 and self.needed(rate):
            raise EvidenceError(_too_few(self.count, rate))
        _check_parts(self.references, "reference")
        count = len(self.references)
        allowed = math.floor((rate * (count + 1) + 1.0) / 2.0 + _ROUNDING)
        return jackknife_plus_limit(self.references, allowed / (count + 1))


def lowest_promise(good_parts: int) -> float:
    """1 / (n + 1): the lowest false-reject rate that n exchangeable good parts can promise.

    Raises:
        EvidenceError: without a good part.
    """
    if good_parts < 1:
        raise EvidenceError("Limits need at least one good part. Add a good image first.")
    return 1.0 / (good_parts + 1)


def parts_needed(rate: float) -> int:
    """Good parts needed before a false-reject rate in (0, 1) can be promised: 19 for 0.05, 99 for 0.01."""
    check_rate(rate)
    return max(math.ceil(1.0 / rate - 1.0 - _ROUNDING), 1)


def promise_sentence(good_parts: int) -> str:
    """What ``good_parts`` can promise, in words."""
    return Sentence("{promise}.", promise=promise_words(good_parts))


def promise_words(good_parts: int) -> str:
    """:func:`promise_sentence` without its full stop.

    With one part there is no other to leave out, so it promises nothing: its own variations are no other parts.

    Raises:
        EvidenceError: without a good part.
    """
    promise = lowest_promise(good_parts)
    missing = [
        Sentence("{count} more for {rate}", count=parts_needed(rate) - good_parts, rate=percent(rate))
        for rate in COMMON_RATES
        if parts_needed(rate) > good_parts
    ]
    if good_parts == 1:
        return Sentence(
            "1 good part: no false-reject rate can be promised, since only its own variations were "
            "there to judge from; {missing}",
            missing=Joined(missing),
        )
    first = Sentence(
        "{good_parts} good parts: the lowest false-reject rate they can promise is {promise:.1f} %",
        good_parts=good_parts,
        promise=100.0 * promise,
    )
    return Joined([first, Joined(missing)], CLAUSES) if missing else first


def split_limit(scores: Sequence[float], alpha: float) -> ConformalLimit:
    """Split-conformal limit: a new good part scores above it with probability at most ``alpha``.

    Args:
        scores: one score a good part outside the memory bank, all under the recipe the limit is for.
        alpha: false-reject rate to promise, in (0, 1).

    Raises:
        EvidenceError: if the parts cannot carry ``alpha``, are fewer than two, or all have the same score.
    """
    rank = _rank(scores, alpha, Sentence("good part"))
    return ConformalLimit(sorted(scores)[rank - 1], Guarantee.SPLIT, len(scores), alpha, rank, alpha)


def jackknife_plus_limit(scores: Sequence[float], alpha: float) -> ConformalLimit:
    """Jackknife+ limit: a new good part scores above it with probability at most ``2 * alpha``.

    ``promise`` holds the exact worst case, (2(n - k) + 1) / (n + 1) at rank k, which is a little less.

    Args:
        scores: one leave-one-out score a reference.
        alpha: level in (0, 1).

    Raises:
        EvidenceError: if the references cannot carry ``alpha``, are fewer than two, or all have the same score.
    """
    count = len(scores)
    rank = _rank(scores, alpha, "reference")
    worst = min((2 * (count - rank) + 1) / (count + 1), 1.0)
    return ConformalLimit(sorted(scores)[rank - 1], Guarantee.JACKKNIFE_PLUS, count, alpha, rank, worst)


def check_rate(rate: float) -> None:
    """Refuse what cannot be a false-reject rate.

    Raises:
        EvidenceError: if ``rate`` does not lie between 0 and 1.
    """
    if not 0.0 < rate < 1.0:
        raise EvidenceError(
            "A false-reject rate lies between 0 and 1, {rate:g} does not. Give 0.05 for 5 %.", rate=rate
        )


def _rank(scores: Sequence[float], alpha: float, what: str) -> int:
    check_rate(alpha)
    _check_parts(scores, what)
    allowed = math.floor(alpha * (len(scores) + 1) + _ROUNDING)
    if allowed < 1:
        raise EvidenceError(_too_few(len(scores), alpha))
    return len(scores) + 1 - allowed


def _check_parts(scores: Sequence[float], what: str) -> None:
    if not all(math.isfinite(score) for score in scores):
        raise ValueError("every score must be finite")
    if not scores:
        raise EvidenceError("There is no {what} yet, so nothing can be promised. Add at least two.", what=what)
    if len(scores) == 1:
        raise EvidenceError("1 {what} says nothing about how good parts differ. Add at least one more.", what=what)
    if min(scores) == max(scores):
        raise EvidenceError(
            "All {count} good parts have the very same score, as copies of one picture do: nothing "
            "can be promised from them. Add pictures of different parts.",
            count=len(scores),
        )


def _too_few(count: int, rate: float) -> str:
    return Sentence(
        "{count} good parts cannot promise a false-reject rate of {rate}: the lowest they can "
        "promise is {count_2}. Add {rate_2} more.",
        count=count,
        rate=percent(rate),
        count_2=percent(lowest_promise(count)),
        rate_2=parts_needed(rate) - count,
    )
