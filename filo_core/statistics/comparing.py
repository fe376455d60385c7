"""Did it get worse? Two shares beside each other, by Fisher's exact test."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from filo_core.statistics.rates import CONFIDENCE, Rate, counted_rate

SURE_P, PROBABLE_P = 0.001, 0.05
TOLD_APART = 0.05
"""Where nothing is shown and the difference may still be larger than this either way, there was too little to tell."""


class Trend(StrEnum):
    """What two shares say about each other."""

    WORSE = "worse"
    PROBABLY_WORSE = "probably worse"
    SAME = "no difference to be seen"
    PROBABLY_BETTER = "probably better"
    BETTER = "better"
    TOO_FEW = "too few to tell"


@dataclass(frozen=True, slots=True)
class Change:
    """A refused share now, and in a time before that was as long."""

    now: Rate
    before: Rate
    p: float
    """Two-sided, of Fisher's exact test: how often chance alone makes at least such a difference."""
    lower: float
    upper: float
    """The difference, now less before, lies between these with 95 % (Newcombe's hybrid score interval)."""

    @property
    def trend(self) -> Trend:
        """In words: below 0.1 % it is so, below 5 % it probably is."""
        if self.p < PROBABLE_P:
            rises = self.now.value > self.before.value
            if self.p < SURE_P:
                return Trend.WORSE if rises else Trend.BETTER
            return Trend.PROBABLY_WORSE if rises else Trend.PROBABLY_BETTER
        return Trend.SAME if max(abs(self.lower), abs(self.upper)) <= TOLD_APART else Trend.TOO_FEW


def change_of(now: tuple[int, int], before: tuple[int, int]) -> Change:
    """Compare refused and inspected counts of two times.

    Raises:
        EvidenceError: if in one of them nothing was inspected.
        ValueError: if the counts contradict each other.
    """
    first, second = counted_rate(*now, "images inspected now"), counted_rate(*before, "images inspected before")
    from scipy.stats import fisher_exact
    from statsmodels.stats.proportion import confint_proportions_2indep

    table = [[now[0], now[1] - now[0]], [before[0], before[1] - before[0]]]
    p = float(fisher_exact(table).pvalue)
    lower, upper = confint_proportions_2indep(*now, *before, compare="diff", method="newcomb", alpha=1.0 - CONFIDENCE)
    return Change(first, second, p, float(lower), float(upper))
