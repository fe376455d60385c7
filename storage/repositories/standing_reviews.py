"""Which review of an inspection counts, as SQL: the newest one, which may have taken another back."""

from __future__ import annotations

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, select
from sqlalchemy.orm import aliased

from storage.models import InspectionRow, ReviewRow


def is_newest() -> ColumnElement[bool]:
    """That a :class:`ReviewRow` is the newest of its inspection."""
    newer = aliased(ReviewRow)
    return ~exists().where(newer.inspection_id == ReviewRow.inspection_id, newer.id > ReviewRow.id)


def newest_review() -> ScalarSelect[int]:
    """Id of the newest review of an :class:`InspectionRow`."""
    any_review = aliased(ReviewRow)
    return select(func.max(any_review.id)).where(any_review.inspection_id == InspectionRow.id).scalar_subquery()


def decided_verdict() -> ScalarSelect[str]:
    """What was decided on an :class:`InspectionRow`: empty when that was taken back, NULL without any review."""
    # Of its own: a statement around it may be about reviews as well.
    any_review = aliased(ReviewRow)
    return (
        select(any_review.verdict)
        .where(any_review.inspection_id == InspectionRow.id)
        .order_by(any_review.id.desc())
        .limit(1)
        .correlate(InspectionRow)
        .scalar_subquery()
    )


def is_undecided() -> ColumnElement[bool]:
    """That nobody has decided on an :class:`InspectionRow`, or whoever had took it back."""
    return func.coalesce(decided_verdict(), "") == ""


def final_verdict() -> ColumnElement[str]:
    """What counts on an :class:`InspectionRow`: what was decided, or the system's verdict where nobody has."""
    return func.coalesce(func.nullif(decided_verdict(), ""), InspectionRow.verdict)
