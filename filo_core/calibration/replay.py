"""Recipe against recipe: two answers to each of the same pictures, and what the newer one does otherwise.

McNemar's test (Q. McNemar, Psychometrika 12 (1947)), in its exact form: of the parts that only one of the two got
right, how surprising is it that so many are on one side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from filo_core.errors import EvidenceError
from filo_core.statistics.rates import Interval, Rate, counted_rate
from filo_core.types import Verdict


class Turned(StrEnum):
    """What the second recipe does otherwise with a part; the worst first."""

    NEWLY_MISSED = "newly missed"
    NEWLY_REFUSED = "newly refused"
    NEWLY_DOUBTED = "newly doubted"
    NO_LONGER_MISSED = "no longer missed"
    NO_LONGER_REFUSED = "no longer refused"
    NO_LONGER_DOUBTED = "no longer doubted"
    OTHERWISE = "changed, undecided"
    UNANSWERED = "no longer inspected"


@dataclass(frozen=True, slots=True)
class ReplayedPart:
    """A picture under both recipes."""

    image_hash: str
    name: str
    truth: Verdict | None
    """What people decided, OK or NG; None where nobody has."""
    first: Verdict
    second: Verdict
    first_score: float | None
    second_score: float | None

    @property
    def turned(self) -> Turned | None:
        """What the second recipe does otherwise; None where it says the same."""
        if self.first is self.second:
            return None
        if self.second is Verdict.NOT_INSPECTED:
            return Turned.UNANSWERED
        if self.truth is Verdict.NG and Verdict.OK in {self.first, self.second}:
            return Turned.NEWLY_MISSED if self.second is Verdict.OK else Turned.NO_LONGER_MISSED
        if self.truth is Verdict.OK and Verdict.NG in {self.first, self.second}:
            return Turned.NEWLY_REFUSED if self.second is Verdict.NG else Turned.NO_LONGER_REFUSED
        if Verdict.REVIEW in {self.first, self.second}:
            return Turned.NEWLY_DOUBTED if self.second is Verdict.REVIEW else Turned.NO_LONGER_DOUBTED
        return Turned.OTHERWISE


@dataclass(frozen=True, slots=True)
class Pitted:
    """One kind of mistake under both recipes, over the same parts."""

    first: Rate
    second: Rate
    only_first: int
    """Parts on which the first recipe alone makes it."""
    only_second: int
    p: float
    """Two-sided, of McNemar's exact test; 1 where the two differ on no part."""


@dataclass(frozen=True, slots=True)
class RecipeComparison:
    """What two recipes say about the same pictures."""

    parts: tuple[ReplayedPart, ...]

    @property
    def differing(self) -> tuple[ReplayedPart, ...]:
        """Parts with another verdict, the worst first."""
        order = list(Turned)
        return tuple(
            part
            for _, _, part in sorted(
                (order.index(part.turned), place, part)
                for place, part in enumerate(self.parts)
                if part.turned is not None
            )
        )

    @property
    def turns(self) -> dict[Turned, int]:
        """How many parts turned how; kinds that there are none of are left out."""
        found = Counter(part.turned for part in self.parts)
        return {kind: found[kind] for kind in Turned if found[kind]}

    def missed(self) -> Pitted:
        """Bad parts called OK.

        Raises:
            EvidenceError: if nobody has decided any part to be bad.
        """
        return self._pitted(Verdict.NG, Verdict.OK, "pictures of parts that were decided to be bad")

    def refused(self) -> Pitted:
        """Good parts called NG.

        Raises:
            EvidenceError: if nobody has decided any part to be good.
        """
        return self._pitted(Verdict.OK, Verdict.NG, "pictures of parts that were decided to be good")

    def doubted(self) -> Pitted:
        """Parts of any kind in REVIEW.

        Raises:
            EvidenceError: without a picture.
        """
        return self._pitted(None, Verdict.REVIEW, "pictures")

    def _pitted(self, truth: Verdict | None, mistake: Verdict, what: str) -> Pitted:
        parts = [part for part in self.parts if truth is None or part.truth is truth]
        pairs = Counter((part.first is mistake, part.second is mistake) for part in parts)
        only_first, only_second = pairs[True, False], pairs[False, True]
        both = pairs[True, True]
        return Pitted(
            counted_rate(both + only_first, len(parts), what, Interval.CLOPPER_PEARSON),
            counted_rate(both + only_second, len(parts), what, Interval.CLOPPER_PEARSON),
            only_first,
            only_second,
            mcnemar(only_first, only_second),
        )


def compare_recipes(
    parts: Sequence[tuple[str, str, Verdict | None]],
    first: Sequence[tuple[Verdict, float | None]],
    second: Sequence[tuple[Verdict, float | None]],
) -> RecipeComparison:
    """Put two recipes' answers side by side.

    Args:
        parts: image hash, name, and what was decided.
        first: verdict and score of each under the one recipe.
        second: under the other.

    Raises:
        EvidenceError: without a part.
        ValueError: if the three differ in length.
    """
    if not parts:
        raise EvidenceError("There is no stored picture of this product to judge again. Inspect some first.")
    return RecipeComparison(
        tuple(
            ReplayedPart(*part, one[0], other[0], one[1], other[1])
            for part, one, other in zip(parts, first, second, strict=True)
        )
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided p of McNemar's exact test; 1 where nothing differs."""
    differing = only_first + only_second
    if not differing:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(only_first, differing).pvalue)
