"""Capability studies: known parts, who judges them, and what each said at each presentation. Words only."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from filo_core.types import Verdict

SYSTEM = "system"
"""Name of the system among the appraisers."""
PRESENTATIONS = 3
"""How often every part is presented to every appraiser (AIAG MSA, 4th ed.: three trials)."""
LEAST_PARTS, MOST_PARTS = 20, 80
"""Fewer parts are no study (AIAG MSA: at least 20, better 50); more tire whoever judges them."""
LEAST_SHARE = 0.2
"""Good and bad parts are each at least this share: with one kind alone one of the two error rates has no evidence."""
MOST_PEOPLE = 3


@dataclass(frozen=True, slots=True)
class StudyPart:
    """A part of a study: SHA-256 of its image, its file name, and what it is known to be, OK or NG."""

    image_hash: str
    name: str
    expected: Verdict


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """What was laid down before the first presentation; it never changes."""

    product: str
    recipe_version: int
    """Of the recipe that the system judges by."""
    recipe_hash: str
    parts: tuple[StudyPart, ...]
    people: tuple[str, ...]
    presentations: int
    order_key: str
    """A random word from which the order of every presentation follows, so that anybody can check it afterwards."""

    @property
    def appraisers(self) -> tuple[str, ...]:
        """The system and the people."""
        return (SYSTEM, *self.people)

    @property
    def bad(self) -> int:
        """How many parts are known to be bad."""
        return sum(part.expected is Verdict.NG for part in self.parts)

    def order(self, appraiser: str, presentation: int) -> tuple[int, ...]:
        """Places in :attr:`parts` in the order in which they are presented: another one each time.

        Args:
            appraiser: to whom.
            presentation: 1 for the first.
        """
        return tuple(
            sorted(
                range(len(self.parts)),
                key=lambda place: hashlib.sha256(
                    f"{self.order_key}/{appraiser}/{presentation}/{place}".encode()
                ).digest(),
            )
        )


@dataclass(frozen=True, slots=True)
class StudyAnswer:
    """What an appraiser said about a part at a presentation. A later one about the same takes its place."""

    appraiser: str
    presentation: int
    part: int
    """Its place in the plan."""
    verdict: Verdict
    image_score: float | None
    """Of the system; None for a person, or where there was no answer."""
    answered_at: datetime
    """UTC."""


@dataclass(frozen=True)
class CapabilityStudy:
    """A study as the record keeps it, with every answer that was given, oldest first."""

    study_id: int
    plan: StudyPlan
    created_by: str
    created_at: datetime
    """UTC."""
    answers: tuple[StudyAnswer, ...]

    @cached_property
    def standing(self) -> dict[tuple[str, int, int], StudyAnswer]:
        """The newest answer by appraiser, presentation and part."""
        return {(answer.appraiser, answer.presentation, answer.part): answer for answer in self.answers}

    @property
    def corrected(self) -> int:
        """Answers that a later one took the place of."""
        return len(self.answers) - len(self.standing)

    def remaining(self, appraiser: str) -> tuple[tuple[int, int], ...]:
        """What this appraiser has still to judge, as presentation and part, in the order of presenting."""
        return tuple(
            (presentation, part)
            for presentation in range(1, self.plan.presentations + 1)
            for part in self.plan.order(appraiser, presentation)
            if (appraiser, presentation, part) not in self.standing
        )

    def is_finished(self, appraiser: str) -> bool:
        """True once this appraiser has judged every part at every presentation."""
        said = Counter(name for name, _, _ in self.standing)
        return said[appraiser] == len(self.plan.parts) * self.plan.presentations

    def said(self, appraiser: str) -> tuple[tuple[Verdict, ...], ...]:
        """Verdicts of an appraiser who is finished: a row a part, a verdict a presentation in it."""
        presentations = range(1, self.plan.presentations + 1)
        return tuple(
            tuple(self.standing[appraiser, presentation, part].verdict for presentation in presentations)
            for part in range(len(self.plan.parts))
        )

    def scores(self, part: int) -> Sequence[float]:
        """The system's scores of a part, one a presentation that has one."""
        found = (self.standing.get((SYSTEM, number, part)) for number in range(1, self.plan.presentations + 1))
        return tuple(answer.image_score for answer in found if answer is not None and answer.image_score is not None)
