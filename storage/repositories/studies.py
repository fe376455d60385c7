"""Capability studies: what was laid down and what was said, both only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from filo_core.capability import CapabilityStudy, StudyAnswer, StudyPart, StudyPlan
from filo_core.types import Verdict
from storage.models import ProductRow, RecipeVersionRow
from storage.study_models import StudyAnswerRow, StudyRow

_PARTS = TypeAdapter(tuple[StudyPart, ...])
_PEOPLE = TypeAdapter(tuple[str, ...])


class StudyRepository:
    """The studies of products by row id."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, product_id: int, recipe_version_id: int, plan: StudyPlan, created_by: str, created_at: datetime
    ) -> int:
        """Store a study as it was laid down; back comes its number."""
        row = StudyRow(
            product_id=product_id,
            recipe_version_id=recipe_version_id,
            parts=_PARTS.dump_json(plan.parts).decode(),
            people=_PEOPLE.dump_json(plan.people).decode(),
            presentations=plan.presentations,
            order_key=plan.order_key,
            created_by=created_by,
            created_at=created_at,
        )
        self._session.add(row)
        self._session.flush()
        return row.id

    def answer(self, study_id: int, answers: Sequence[StudyAnswer]) -> None:
        """Store what was said."""
        self._session.add_all(
            StudyAnswerRow(
                study_id=study_id,
                appraiser=answer.appraiser,
                presentation=answer.presentation,
                part=answer.part,
                verdict=answer.verdict.value,
                image_score=answer.image_score,
                answered_at=answer.answered_at,
            )
            for answer in answers
        )
        self._session.flush()

    def parts_said(self, study_id: int, appraiser: str, presentation: int) -> int:
        """How many parts an appraiser has judged at a presentation."""
        query = select(func.count(func.distinct(StudyAnswerRow.part))).where(
            StudyAnswerRow.study_id == study_id,
            StudyAnswerRow.appraiser == appraiser,
            StudyAnswerRow.presentation == presentation,
        )
        return self._session.scalar(query) or 0

    def of(self, product_id: int) -> tuple[CapabilityStudy, ...]:
        """The studies of a product, newest first."""
        rows = self._session.execute(
            select(StudyRow, ProductRow.name, RecipeVersionRow.version, RecipeVersionRow.content_hash)
            .join(ProductRow, ProductRow.id == StudyRow.product_id)
            .join(RecipeVersionRow, RecipeVersionRow.id == StudyRow.recipe_version_id)
            .where(StudyRow.product_id == product_id)
            .order_by(StudyRow.id.desc())
        ).all()
        return tuple(self._study(*row) for row in rows)

    def _study(self, row: StudyRow, product: str, version: int, recipe_hash: str) -> CapabilityStudy:
        plan = StudyPlan(
            product=product,
            recipe_version=version,
            recipe_hash=recipe_hash,
            parts=_PARTS.validate_json(row.parts),
            people=_PEOPLE.validate_json(row.people),
            presentations=row.presentations,
            order_key=row.order_key,
        )
        answers = self._session.scalars(
            select(StudyAnswerRow).where(StudyAnswerRow.study_id == row.id).order_by(StudyAnswerRow.id)
        )
        return CapabilityStudy(row.id, plan, row.created_by, row.created_at, tuple(map(_answer, answers)))


def _answer(row: StudyAnswerRow) -> StudyAnswer:
    return StudyAnswer(
        row.appraiser, row.presentation, row.part, Verdict(row.verdict), row.image_score, row.answered_at
    )
