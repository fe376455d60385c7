"""Known good and bad parts, and what a check of them found. Words only; nothing here computes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from filo_core.sentence import Sentence
from filo_core.types import Verdict


@dataclass(frozen=True, slots=True)
class GoldenPart:
    """A part of a product's golden set: SHA-256 of its image, its file name, and what it is known to be."""

    image_hash: str
    name: str
    expected: Verdict
    """OK or NG."""


@dataclass(frozen=True, slots=True)
class GoldenAnswer:
    """What a recipe said about one golden part."""

    part: GoldenPart
    verdict: Verdict
    image_score: float | None

    @property
    def wrong(self) -> bool:
        """A known bad part that passes, a known good one that is refused, or no answer at all.

        REVIEW is never wrong: a person decides.
        """
        if self.verdict is Verdict.NOT_INSPECTED:
            return True
        return self.verdict is not Verdict.REVIEW and self.verdict is not self.part.expected


@dataclass(frozen=True, slots=True)
class GoldenChecked:
    """Last event of a check: an answer for every part, in the order of their names."""

    answers: tuple[GoldenAnswer, ...]
    recipe_hash: str

    @property
    def wrong(self) -> tuple[GoldenAnswer, ...]:
        """The answers that fail the check."""
        return tuple(answer for answer in self.answers if answer.wrong)

    @property
    def passed(self) -> bool:
        """Whether inspection may go on."""
        return not self.wrong

    @property
    def sentence(self) -> str:
        """What came out, in words."""
        total = len(self.answers)
        review = sum(answer.verdict is Verdict.REVIEW for answer in self.answers)
        doubt = Sentence(", {review} of them in REVIEW", review=review) if review else ""
        if self.passed:
            return Sentence("The golden set passed: {total} known parts{doubt}.", total=total, doubt=doubt)
        words = [
            Sentence(
                "{name} is known to be {expected} and got {verdict}",
                name=answer.part.name,
                expected=answer.part.expected,
                verdict=answer.verdict,
            )
            for answer in self.wrong[:3]
        ]
        more = Sentence(", and {wrong} more", wrong=len(self.wrong) - 3) if len(self.wrong) > 3 else ""
        return Sentence(
            "The golden set failed: {count} of {total} known parts. {words}{more}.",
            count=len(self.wrong),
            total=total,
            words="; ".join(words),
            more=more,
        )


@dataclass(frozen=True, slots=True)
class GoldenCheck:
    """A check as the record keeps it."""

    check_id: int
    recipe_version: int
    checked: GoldenChecked
    checked_by: str
    checked_at: datetime
    """UTC."""


@dataclass(frozen=True, slots=True)
class GoldenRelease:
    """Somebody let inspection go on in spite of a problem, and said why."""

    check_id: int | None
    """Newest check at that time; None where there was none."""
    problem: str
    reason: str
    signed_by: str
    signed_at: datetime
    """UTC."""
