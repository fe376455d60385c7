"""Reviews: added, never changed; the newest one counts."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from filo_core.types import Review, ReviewDecision, Verdict
from storage.models import ReviewRow


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
