"""Reviews: added, never changed; the newest one counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from filo_core.types import Review, ReviewDecision, Verdict
from storage.calibration_models import BlindReviewRow
from storage.models import ReviewRow


@dataclass(frozen=True, slots=True)
class BlindReview:
    """What a second person said about an inspection without seeing what was said before."""

    verdict: Verdict
    reviewer: str
    reviewed_at: datetime
    """UTC."""


class ReviewRepository:
    """What people decided about inspections."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, inspection_id: int, review: Review) -> None:
        """Store a decision on an existing inspection."""
        self._session.add(
            ReviewRow(
                inspection_id=inspection_id,
                decision=review.decision.value,
                verdict=review.verdict.value,
                reviewer=review.reviewer,
                reviewed_at=review.reviewed_at,
                reason=review.reason,
                anomaly_type=review.anomaly_type,
            )
        )
        self._session.flush()

    def of(self, inspection_id: int) -> tuple[Review, ...]:
        """All decisions on an inspection, oldest first."""
        query = select(ReviewRow).where(ReviewRow.inspection_id == inspection_id).order_by(ReviewRow.id)
        return tuple(review_of(row) for row in self._session.scalars(query))

    def reviewers(self, inspection_ids: Sequence[int]) -> dict[int, set[str]]:
        """Who has said something about each of these inspections, seeing or blind; two statements for all."""
        found: dict[int, set[str]] = {inspection_id: set() for inspection_id in inspection_ids}
        for table in (ReviewRow, BlindReviewRow):
            said = select(table.inspection_id, table.reviewer).where(table.inspection_id.in_(inspection_ids))
            for inspection_id, reviewer in self._session.execute(said):
                found[inspection_id].add(reviewer)
        return found

    def add_blind(self, inspection_id: int, review: BlindReview) -> None:
        """Store what a second person said; the decision that counts stays as it is."""
        self._session.add(
            BlindReviewRow(
                inspection_id=inspection_id,
                verdict=review.verdict.value,
                reviewer=review.reviewer,
                reviewed_at=review.reviewed_at,
            )
        )
        self._session.flush()


def review_of(row: ReviewRow) -> Review:
    """The review that a row holds."""
    return Review(
        decision=ReviewDecision(row.decision),
        verdict=Verdict(row.verdict),
        reviewer=row.reviewer,
        reviewed_at=row.reviewed_at,
        reason=row.reason,
        anomaly_type=row.anomaly_type,
    )
