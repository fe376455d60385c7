"""Calibrations with their evidence, the good parts confirmed since, and the alarms of the drift watch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from filo_core.types import Limits, Verdict
from storage.calibration_models import CalibrationRow, DriftAlarmRow
from storage.models import InspectionRow, ProductRow, RecipeVersionRow, ReviewRow
from storage.session_models import KnownInspectionRow
from storage.view_models import PartViewRow


@dataclass(frozen=True, slots=True)
class KeptCalibration:
    """A calibration as the record keeps it."""

    calibration_id: int
    scoring_hash: str
    """Recipes of this scoring hash give comparable scores."""
    reference_scores: tuple[float, ...]
    confirmed_scores: tuple[float, ...]
    last_inspection_id: int
    last_review_id: int
    limits: tuple[float, float]
    """OK and NG limit."""
    sentence: str
    calibrated_at: datetime


@dataclass(frozen=True, slots=True)
class AnsweredInspection:
    """A judged inspection and the newest decision on it, None where nobody has decided."""

    inspection_id: int
    recipe_version_id: int
    image_hash: str
    name: str
    image_score: float
    inspected_at: datetime
    review_verdict: Verdict | None
    first_review_id: int | None
    """Rises with the moment at which this inspection was decided first."""


class CalibrationRepository:
    """Calibrations are added and read, never changed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        product_id: int,
        scoring_hash: str,
        reference_scores: tuple[float, ...],
        confirmed_scores: tuple[float, ...],
        limits: Limits,
        sentence: str,
        calibrated_at: datetime,
    ) -> None:
        """Keep a calibration, and how far the record had come by then."""
        part = select(ProductRow.view_of).where(ProductRow.id == product_id).scalar_subquery()
        of = or_(InspectionRow.product_id == product_id, InspectionRow.product_id == part)
        newest = select(func.max(InspectionRow.id)).where(of)
        self._session.add(
            CalibrationRow(
                product_id=product_id,
                scoring_hash=scoring_hash,
                reference_scores=json.dumps(reference_scores),
                confirmed_scores=json.dumps(confirmed_scores),
                last_inspection_id=self._session.scalar(newest) or 0,
                last_review_id=self._session.scalar(select(func.max(ReviewRow.id))) or 0,
                limit_ok=limits.ok,
                limit_ng=limits.ng,
                sentence=sentence,
                calibrated_at=calibrated_at,
            )
        )
        self._session.flush()

    def newest(self, product_id: int) -> KeptCalibration | None:
        """The calibration that counts, None before the first."""
        row = self._session.scalar(
            select(CalibrationRow)
            .where(CalibrationRow.product_id == product_id)
            .order_by(CalibrationRow.id.desc())
            .limit(1)
        )
        if row is None:
            return None
        return KeptCalibration(
            row.id,
            row.scoring_hash,
            tuple(json.loads(row.reference_scores)),
            tuple(json.loads(row.confirmed_scores)),
            row.last_inspection_id,
            row.last_review_id,
            (row.limit_ok, row.limit_ng),
            row.sentence,
            row.calibrated_at,
        )

    def sentence(self, product_id: int, scoring_hash: str) -> str:
        """What the newest calibration under a set-up promised, in words; empty where none is kept."""
        query = select(CalibrationRow.sentence).where(
            CalibrationRow.product_id == product_id, CalibrationRow.scoring_hash == scoring_hash
        )
        return self._session.scalar(query.order_by(CalibrationRow.id.desc()).limit(1)) or ""

    def answered(self, product_id: int) -> tuple[AnsweredInspection, ...]:
        """All judged inspections of a product but those of known parts, oldest first.

        Of a view they are its pictures of parts as well, each with its own score. A part that was called good is good
        in every view; of one that was called bad no view counts as good, since nobody said what the others show.
        """
        own = _answered(InspectionRow).where(InspectionRow.product_id == product_id)
        found = self._session.execute(own).all()
        part = self._session.scalar(select(ProductRow.view_of).where(ProductRow.id == product_id))
        if part is not None:
            of_parts = (
                _answered(PartViewRow)
                .join(PartViewRow, PartViewRow.inspection_id == InspectionRow.id)
                .join(RecipeVersionRow, RecipeVersionRow.id == PartViewRow.recipe_version_id)
                .where(InspectionRow.product_id == part, RecipeVersionRow.product_id == product_id)
            )
            found = sorted([*found, *self._session.execute(of_parts)], key=lambda row: row[0])
        return tuple(
            AnsweredInspection(
                inspection_id=row[0],
                recipe_version_id=row[1],
                image_hash=row[2],
                name=row[3],
                image_score=row[4] or 0.0,
                inspected_at=row[5],
                review_verdict=Verdict(row[6]) if row[6] else None,
                first_review_id=row[7],
            )
            for row in found
        )

    def alarm(self, calibration_id: int) -> str | None:
        """Sentence of the alarm that the watch over this calibration raised, None without one."""
        return self._session.scalar(
            select(DriftAlarmRow.sentence).where(DriftAlarmRow.calibration_id == calibration_id)
        )

    def add_alarm(self, calibration_id: int, sentence: str, raised_at: datetime) -> None:
        """Keep an alarm."""
        self._session.add(DriftAlarmRow(calibration_id=calibration_id, sentence=sentence, raised_at=raised_at))
        self._session.flush()


def _answered(
    picture: type[InspectionRow | PartViewRow],
) -> Select[int, int, str, str, float | None, datetime, str, int]:
    """Judged pictures, with the decision that stands on their inspection and the first one since it was open.

    Args:
        picture: whose recipe, picture and score.
    """
    # What was taken back altogether is decided from the review after that on.
    reopened = (
        select(ReviewRow.inspection_id, func.max(ReviewRow.id).label("id"))
        .where(ReviewRow.verdict == "")
        .group_by(ReviewRow.inspection_id)
        .subquery()
    )
    reviews = (
        select(
            ReviewRow.inspection_id,
            func.min(ReviewRow.id).label("first_id"),
            func.max(ReviewRow.id).label("newest_id"),
        )
        .outerjoin(reopened, reopened.c.inspection_id == ReviewRow.inspection_id)
        .where(ReviewRow.id > func.coalesce(reopened.c.id, 0))
        .group_by(ReviewRow.inspection_id)
        .subquery()
    )
    return (
        select(
            InspectionRow.id,
            picture.recipe_version_id,
            picture.image_hash,
            InspectionRow.name,
            picture.image_score,
            InspectionRow.inspected_at,
            ReviewRow.verdict,
            reviews.c.first_id,
        )
        .select_from(InspectionRow)
        .outerjoin(reviews, reviews.c.inspection_id == InspectionRow.id)
        .outerjoin(ReviewRow, ReviewRow.id == reviews.c.newest_id)
        .where(picture.image_score.is_not(None))
        .where(InspectionRow.id.not_in(select(KnownInspectionRow.inspection_id)))
        .order_by(InspectionRow.id)
    )
