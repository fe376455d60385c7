"""The record in narrow rows, for statistics over many thousands of inspections."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, aliased

from filo_core.types import InspectionFilter, Verdict, Withdrawal
from storage.calibration_models import BlindReviewRow, GoldenPartRow
from storage.models import InspectionRow, RecipeVersionRow, ReviewRow
from storage.repositories.filters import conditions
from storage.repositories.standing_reviews import newest_review


@dataclass(frozen=True, slots=True)
class JudgedInspection:
    """One inspection without its picture, and what the newest review says about it."""

    inspection_id: int
    product_id: int
    image_hash: str
    verdict: Verdict
    image_score: float | None
    inspected_at: datetime
    trained: bool
    model_hash: str
    review_verdict: Verdict | None
    review_type: str

    @property
    def final_verdict(self) -> Verdict:
        """The newest review's verdict, else the system's."""
        return self.review_verdict or self.verdict


class ScoredInspection(NamedTuple):
    """An image score, the model it is by, and the newest review's verdict."""

    image_score: float
    model_hash: str
    review_verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class GivenVerdict:
    """What one person said about one inspection."""

    inspection_id: int
    reviewer: str
    verdict: Verdict


class FigureRepository:
    """Reads only; every method costs one statement."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def scored(self, wanted: InspectionFilter) -> tuple[ScoredInspection, ...]:
        """The wanted inspections that have a score, in any order."""
        query = (
            select(InspectionRow.image_score, RecipeVersionRow.model_hash, ReviewRow.verdict)
            .join(RecipeVersionRow, RecipeVersionRow.id == InspectionRow.recipe_version_id)
            .outerjoin(ReviewRow, ReviewRow.id == newest_review())
            .where(*conditions(wanted), InspectionRow.image_score.is_not(None))
        )
        verdicts = {verdict.value: verdict for verdict in Verdict}
        return tuple(
            ScoredInspection(score, model_hash, verdicts.get(decided))
            for score, model_hash, decided in self._session.execute(query)
            if score is not None
        )

    def judged(self, wanted: InspectionFilter, *, reviewed_only: bool = False) -> tuple[JudgedInspection, ...]:
        """The wanted inspections, or those of them that anybody has reviewed, blind or not; oldest first."""
        any_review = aliased(ReviewRow)
        seen = or_(
            exists().where(any_review.inspection_id == InspectionRow.id),
            exists().where(BlindReviewRow.inspection_id == InspectionRow.id),
        )
        query = (
            select(
                InspectionRow.id,
                InspectionRow.product_id,
                InspectionRow.image_hash,
                InspectionRow.verdict,
                InspectionRow.image_score,
                InspectionRow.inspected_at,
                InspectionRow.trained,
                RecipeVersionRow.model_hash,
                ReviewRow.verdict,
                ReviewRow.anomaly_type,
            )
            .join(RecipeVersionRow, RecipeVersionRow.id == InspectionRow.recipe_version_id)
            .outerjoin(ReviewRow, ReviewRow.id == newest_review())
            .where(*conditions(wanted), *([seen] if reviewed_only else []))
            .order_by(InspectionRow.id)
        )
        return tuple(
            JudgedInspection(
                inspection_id=row[0],
                product_id=row[1],
                image_hash=row[2],
                verdict=Verdict(row[3]),
                image_score=row[4],
                inspected_at=row[5],
                trained=row[6],
                model_hash=row[7],
                review_verdict=Verdict(row[8]) if row[8] else None,
                review_type=row[9] or "",
            )
            for row in self._session.execute(query)
        )

    def reviewed(self, wanted: InspectionFilter) -> tuple[GivenVerdict, ...]:
        """All reviews of the wanted inspections that were not taken back, oldest first."""
        query = (
            select(ReviewRow.inspection_id, ReviewRow.reviewer, ReviewRow.verdict, ReviewRow.decision)
            .join(InspectionRow, InspectionRow.id == ReviewRow.inspection_id)
            .where(*conditions(wanted))
            .order_by(ReviewRow.id)
        )
        found: dict[int, GivenVerdict] = {}
        standing: defaultdict[int, list[int]] = defaultdict(list)
        for place, (inspection_id, reviewer, verdict, decision) in enumerate(self._session.execute(query)):
            if decision != Withdrawal.WITHDRAW.value:
                found[place] = GivenVerdict(inspection_id, reviewer, Verdict(verdict))
                standing[inspection_id].append(place)
            elif standing[inspection_id]:
                del found[standing[inspection_id].pop()]
        return tuple(found.values())

    def blind(self, wanted: InspectionFilter) -> tuple[GivenVerdict, ...]:
        """All blind reviews of the wanted inspections that were not taken back, oldest first."""
        query = (
            select(BlindReviewRow.inspection_id, BlindReviewRow.reviewer, BlindReviewRow.verdict)
            .join(InspectionRow, InspectionRow.id == BlindReviewRow.inspection_id)
            .where(*conditions(wanted))
            .order_by(BlindReviewRow.id)
        )
        newest = {(row[0], row[1]): row[2] for row in self._session.execute(query)}
        return tuple(GivenVerdict(*key, Verdict(verdict)) for key, verdict in newest.items() if verdict)

    def known(self) -> dict[tuple[int, str], Verdict]:
        """What the golden sets know, by product and image hash."""
        query = select(GoldenPartRow.product_id, GoldenPartRow.image_hash, GoldenPartRow.expected)
        return {(row[0], row[1]): Verdict(row[2]) for row in self._session.execute(query)}

    def stations(self) -> tuple[str, ...]:
        """Every station that inspected something, in alphabetical order."""
        found = self._session.scalars(select(InspectionRow.station).where(InspectionRow.station != "").distinct())
        return tuple(sorted(found))
