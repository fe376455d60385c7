"""Reviews: added, never changed; the newest one counts, and may take one back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from filo_core.types import Review, ReviewDecision, Verdict, Withdrawal
from storage.calibration_models import BlindReviewRow
from storage.models import ReviewRow
from storage.naming_models import NamedRegionRow


@dataclass(frozen=True, slots=True)
class BlindReview:
    """What a second person said about an inspection without seeing what was said before."""

    verdict: Verdict | None
    """None takes back what this person said."""
    reviewer: str
    reviewed_at: datetime
    """UTC."""


class ReviewRepository:
    """What people decided about inspections."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, inspection_id: int, review: Review) -> None:
        """Store a decision on an existing inspection."""
        row = ReviewRow(
            inspection_id=inspection_id,
            decision=review.decision.value,
            verdict=_word(review.verdict),
            reviewer=review.reviewer,
            reviewed_at=review.reviewed_at,
            reason=review.reason,
            anomaly_type=review.anomaly_type,
        )
        self._session.add(row)
        self._session.flush()
        self._session.add_all(NamedRegionRow(review_id=row.id, ordinal=ordinal) for ordinal in review.regions)
        self._session.flush()

    def of(self, inspection_id: int) -> tuple[Review, ...]:
        """All decisions on an inspection, oldest first."""
        query = select(ReviewRow).where(ReviewRow.inspection_id == inspection_id).order_by(ReviewRow.id)
        rows = self._session.scalars(query).all()
        regions = named_regions(self._session, [row.id for row in rows])
        return tuple(review_of(row, regions.get(row.id, ())) for row in rows)

    def reviewers(self, inspection_ids: Sequence[int]) -> dict[int, set[str]]:
        """Who has said something about each of these inspections, seeing or blind; two statements for all.

        A decision that was taken back was seen all the same; a blind one that was taken back was not said.
        """
        found: dict[int, set[str]] = {inspection_id: set() for inspection_id in inspection_ids}
        seeing = select(ReviewRow.inspection_id, ReviewRow.reviewer).where(ReviewRow.inspection_id.in_(inspection_ids))
        for inspection_id, reviewer in self._session.execute(seeing):
            found[inspection_id].add(reviewer)
        for (inspection_id, reviewer), verdict in self._newest_blind(inspection_ids).items():
            if verdict:
                found[inspection_id].add(reviewer)
        return found

    def blind_verdict(self, inspection_id: int, reviewer: str) -> Verdict | None:
        """What a person says about an inspection without having seen more; None for nothing, or nothing any more."""
        said = self._newest_blind([inspection_id]).get((inspection_id, reviewer))
        return Verdict(said) if said else None

    def _newest_blind(self, inspection_ids: Sequence[int]) -> dict[tuple[int, str], str]:
        query = (
            select(BlindReviewRow.inspection_id, BlindReviewRow.reviewer, BlindReviewRow.verdict)
            .where(BlindReviewRow.inspection_id.in_(inspection_ids))
            .order_by(BlindReviewRow.id)
        )
        return {(inspection_id, who): verdict for inspection_id, who, verdict in self._session.execute(query)}

    def add_blind(self, inspection_id: int, review: BlindReview) -> None:
        """Store what a second person said; the decision that counts stays as it is."""
        self._session.add(
            BlindReviewRow(
                inspection_id=inspection_id,
                verdict=_word(review.verdict),
                reviewer=review.reviewer,
                reviewed_at=review.reviewed_at,
            )
        )
        self._session.flush()


def _word(verdict: Verdict | None) -> str:
    return verdict.value if verdict is not None else ""


def named_regions(session: Session, review_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """By review: the regions that its type is for; absent where it is for all."""
    query = select(NamedRegionRow.review_id, NamedRegionRow.ordinal).where(NamedRegionRow.review_id.in_(review_ids))
    found: defaultdict[int, list[int]] = defaultdict(list)
    for review_id, ordinal in session.execute(query.order_by(NamedRegionRow.ordinal)):
        found[review_id].append(ordinal)
    return {review_id: tuple(ordinals) for review_id, ordinals in found.items()}


def review_of(row: ReviewRow, regions: tuple[int, ...] = ()) -> Review:
    """The review that a row holds, for these regions."""
    return Review(
        decision=Withdrawal.WITHDRAW if row.decision == Withdrawal.WITHDRAW.value else ReviewDecision(row.decision),
        verdict=Verdict(row.verdict) if row.verdict else None,
        reviewer=row.reviewer,
        reviewed_at=row.reviewed_at,
        reason=row.reason,
        anomaly_type=row.anomaly_type,
        regions=regions,
    )
