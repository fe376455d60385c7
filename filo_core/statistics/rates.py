"""A share that was counted, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from filo_core.errors import EvidenceError
from filo_core.sentence import Sentence

CONFIDENCE = 0.95
_COUNTED = {
    str(words): words
    for words in (
        Sentence("images inspected now"),
        Sentence("images inspected before"),
        Sentence("images reviewed as good"),
        Sentence("images reviewed as bad"),
        Sentence("inspected images"),
        Sentence("presented parts"),
        Sentence("decided regions"),
        Sentence("drawings"),
    )
}
"""What callers have counted, as it can be said in another language."""


class Interval(StrEnum):
    """How the interval of a share is found; the value is statsmodels' name for it."""

    WILSON = "wilson"
    """Close to the stated confidence on average."""
    CLOPPER_PEARSON = "beta"
    """Never less than the stated confidence; used where a rate is a claim about the system."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` of ``of``, with the limits of its interval, all in [0, 1]."""

    count: int
    of: int
    lower: float
    upper: float
    confidence: float = CONFIDENCE

    @property
    def value(self) -> float:
        """The share itself."""
        return self.count / self.of

    @property
    def sentence(self) -> str:
        """The share in words, such as ``"3 of 40 (7.5 %, 95 % interval 2.6 % to 19.9 %)"``."""
        return Sentence(
            "{count} of {of} ({share}, {confidence:.0f} % interval {lower} to {upper})",
            count=self.count,
            of=self.of,
            share=percent(self.value),
            confidence=100.0 * self.confidence,
            lower=percent(self.lower),
            upper=percent(self.upper),
        )


def counted_rate(count: int, of: int, what: str, interval: Interval = Interval.WILSON) -> Rate:
    """The rate of ``count`` among ``of``.

    Args:
        count: how many have the property.
        of: how many were looked at.
        what: what was looked at, in the plural, for the sentence when there is none: ``"reviewed parts"``.
        interval: which interval to put around it, at 95 %.

    Raises:
        EvidenceError: if ``of`` is zero; a share of nothing is no number.
        ValueError: if the counts contradict each other.
    """
    # statsmodels takes a second to load; only those who ask for a number pay for it.
    from statsmodels.stats.proportion import proportion_confint

    if of == 0 and count == 0:
        raise EvidenceError("There are no {what} yet, so there is no share to give.", what=_COUNTED.get(what, what))
    if not 0 <= count <= of:
        raise ValueError(f"{count} of {of} {what} cannot be")
    lower, upper = proportion_confint(count, of, alpha=1.0 - CONFIDENCE, method=interval.value)
    # At 0 and 1 rounding leaves Wilson's end a hair inside, which would exclude what was seen.
    return Rate(count, of, 0.0 if count == 0 else float(lower), 1.0 if count == of else float(upper))


def exact_rate(count: int, of: int) -> Rate:
    """:func:`counted_rate` by Clopper and Pearson, for windows: it loads a little of scipy in place of a second.

    Raises:
        ValueError: if the counts contradict each other, or nothing was looked at.
    """
    from scipy.special import betaincinv

    if not 0 <= count <= of or of == 0:
        raise ValueError(f"{count} of {of} cannot be")
    tail = (1.0 - CONFIDENCE) / 2.0
    lower = 0.0 if count == 0 else float(betaincinv(count, of - count + 1, tail))
    upper = 1.0 if count == of else float(betaincinv(count + 1, of - count, 1.0 - tail))
    return Rate(count, of, lower, upper)


def percent(share: float) -> str:
    """A share in [0, 1] as per cent with three significant digits: ``"7.69 %"``, ``"0.5 %"``."""
    return Sentence("{share:.3g} %", share=100.0 * share)
