"""What a set-up was shown, and whether it tells the bad parts from the good ones. Words only; nothing here computes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from filo_core.sentence import Sentence, one_or_many
from filo_core.types import Verdict

if TYPE_CHECKING:
    from filo_core.types import Limits


class Colour(StrEnum):
    """How much trust a set-up has earned."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Standing(StrEnum):
    """What is said of a set-up that was shown good parts, and bad ones or none."""

    TELLS = "tells them apart"
    BLURRED = "stops good parts as well"
    WORDS_ALONE = "never shown a good part"
    NEVER_SHOWN = "never shown a bad part"
    NOT_JUDGED = "not judged"
    MISSES = "misses bad parts"

    @property
    def colour(self) -> Colour:
        """Green only where bad parts were shown and told apart."""
        if self is Standing.TELLS:
            return Colour.GREEN
        return Colour.RED if self is Standing.MISSES else Colour.AMBER

    @property
    def needs_reason(self) -> bool:
        """Whether a person who signs all the same has to say why."""
        return self not in {Standing.TELLS, Standing.BLURRED}


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """A part of which it is known whether it is good, and its image score in [0, 1]."""

    image_hash: str
    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Proof:
    """Good and bad parts held against limits.

    References are scored without themselves, all others by the whole memory bank.
    """

    limits: Limits
    good: tuple[JudgedPart, ...]
    """The references, then the other good parts that were shown."""
    bad: tuple[JudgedPart, ...] = ()
    missed_unseen: int = 0
    """Bad parts that pass as OK under limits that were placed without them: what bad parts like these have to expect.
    Never less than those that are missed, however the limits came to be."""
    most_missed: float | None = None
    """Upper end of the 95 % interval (Clopper-Pearson) of the share of bad parts like these that pass; None where
    was shown."""

    waiting: int = 0
    """Bad parts of the golden set that were not judged yet."""
    unscored: int = 0
    """References that were not scored under this set-up yet."""

    @property
    def missed(self) -> tuple[JudgedPart, ...]:
        """Bad parts that would pass as OK, the worst first."""
        found = [part for part in self.bad if self.limits.verdict(part.score) is Verdict.OK]
        return tuple(sorted(found, key=lambda part: part.score))

    @property
    def doubtful(self) -> tuple[JudgedPart, ...]:
        """Good parts that would not pass as OK."""
        return tuple(part for part in self.good if self.limits.verdict(part.score) is not Verdict.OK)

    @property
    def refused(self) -> tuple[JudgedPart, ...]:
        """Good parts that would be called NG."""
        return tuple(part for part in self.good if self.limits.verdict(part.score) is Verdict.NG)

    @property
    def standing(self) -> Standing:
        """Told apart is: every bad part is stopped and scores above every good one, and most good ones pass."""
        if self.missed:
            return Standing.MISSES
        if not self.good and not self.unscored:
            return Standing.WORDS_ALONE
        if self.waiting:
            return Standing.NOT_JUDGED
        if not self.bad:
            return Standing.NEVER_SHOWN
        highest = max((part.score for part in self.good), default=0.0)
        apart = min(part.score for part in self.bad) > highest
        return Standing.TELLS if apart and 2 * len(self.doubtful) <= len(self.good) else Standing.BLURRED

    @property
    def counts(self) -> Counts:
        """The same in numbers, as a signature keeps it."""
        standing = self.standing
        return Counts(
            standing,
            good=len(self.good),
            bad=self.waiting if standing is Standing.NOT_JUDGED else len(self.bad),
            missed=len(self.missed),
            doubtful=len(self.doubtful),
            most_missed=self.most_missed,
        )

    @property
    def sentence(self) -> str:
        """The standing in words, with the counts."""
        return self.counts.sentence


@dataclass(frozen=True, slots=True)
class Counts:
    """A standing with the numbers behind it."""

    standing: Standing
    good: int = 0
    bad: int = 0
    missed: int = 0
    doubtful: int = 0
    most_missed: float | None = None
    """As in :class:`Proof`."""

    @property
    def sentence(self) -> str:
        """In words for a person."""
        good, bad = parts_in_words(self.good, "good"), parts_in_words(self.bad, "bad")
        match self.standing:
            case Standing.WORDS_ALONE:
                return Sentence("No good part shown: it judges by words alone, its limits are a guess.")
            case Standing.NEVER_SHOWN:
                return Sentence("Never shown a bad part: it may miss everything.")
            case Standing.NOT_JUDGED:
                return Sentence(
                    "{bad} of the golden set not judged under this recipe: it may miss them.",
                    bad=bad,
                )
            case Standing.MISSES:
                return Sentence("Misses {missed} of {bad}.", missed=self.missed, bad=bad)
            case Standing.BLURRED:
                return Sentence(
                    "Stops all of {bad}, and {doubtful} of {good} look no different.",
                    bad=bad,
                    doubtful=self.doubtful,
                    good=good,
                )
            case Standing.TELLS:
                others = Sentence("1 bad one") if self.bad == 1 else Sentence("{bad} bad ones", bad=self.bad)
                return Sentence("Tells your {good} from {others}.", good=good, others=others)

    @property
    def warning(self) -> str:
        """The sentence, where bad parts are not told from good ones; else empty."""
        return "" if self.standing is Standing.TELLS else self.sentence


@dataclass(frozen=True, slots=True)
class SignedProof:
    """What was known of a recipe version when it was signed, and why it was signed all the same."""

    version: int
    counts: Counts
    reason: str = ""

    @property
    def sentence(self) -> str:
        """What Live and the reports carry; empty where the bad parts are told apart."""
        warning = self.counts.warning
        return (
            Sentence("{warning} Signed anyway: {reason}", warning=warning, reason=self.reason)
            if warning and self.reason
            else warning
        )


def parts_in_words(count: int, kind: str) -> str:
    """``"1 bad part"``, ``"3 bad parts"``."""
    if kind == "good":
        return one_or_many(count, "1 good part", "{count} good parts")
    return one_or_many(count, "1 bad part", "{count} bad parts")
