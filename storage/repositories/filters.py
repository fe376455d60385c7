"""An inspection filter as SQL conditions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from filo_core.types import InspectionFilter
from storage.models import IDENTITY_COLUMNS, InspectionRow, ProductRow, RegionRow, ReviewRow
from storage.names import name_key
from storage.repositories.standing_reviews import final_verdict, is_newest, is_undecided
from storage.session_models import KnownInspectionRow
from storage.trust_models import JobInspectionRow, JobRow


def conditions(wanted: InspectionFilter) -> list[ColumnElement[bool]]:
    """Conditions on :class:`InspectionRow` that hold for the inspections wanted.

    ``verdicts`` are the system's; *undecided* has no review that stands; ``anomaly_type`` is what a region was
    called, or what the newest review calls it; ``since`` is included, ``until`` is not; ``final`` is what counts now;
    ``line_only`` leaves out known parts.
    """
    found: list[ColumnElement[bool]] = []
    if wanted.product:
        product = select(ProductRow.id).where(ProductRow.name_key == name_key(wanted.product))
        found.append(InspectionRow.product_id == product.scalar_subquery())
    if wanted.verdicts:
        found.append(InspectionRow.verdict.in_(sorted(verdict.value for verdict in wanted.verdicts)))
    found.extend(_decisions(wanted))
    if wanted.name:
        named = (InspectionRow.name, InspectionRow.serial)
        found.append(or_(*(column.icontains(wanted.name, autoescape=True) for column in named)))
    for name, value in wanted.identity.said.items():
        found.append(getattr(InspectionRow, IDENTITY_COLUMNS[name]) == value)
    if wanted.anomaly_type:
        found.append(_is_called(wanted.anomaly_type))
    if wanted.since is not None:
        found.append(InspectionRow.inspected_at >= wanted.since)
    if wanted.until is not None:
        found.append(InspectionRow.inspected_at < wanted.until)
    if wanted.station:
        found.append(InspectionRow.station == wanted.station)
    if wanted.line_only:
        found.append(InspectionRow.id.not_in(select(KnownInspectionRow.inspection_id)))
    return found


def _decisions(wanted: InspectionFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.undecided:
        yield is_undecided()
    if wanted.decided:
        yield ~is_undecided()
    if wanted.job:
        yield InspectionRow.id.in_(_made_in(wanted.job, wanted.job_since))
    if wanted.final:
        yield final_verdict().in_(sorted(verdict.value for verdict in wanted.final))


def _made_in(job: str, since: datetime | None) -> Select[int]:
    made = select(JobInspectionRow.inspection_id).join(JobRow, JobRow.id == JobInspectionRow.job_id)
    made = made.where(JobRow.name == job)
    return made if since is None else made.where(JobRow.started_at >= since)


def called_by_region(anomaly_type: str) -> Select[int]:
    """Ids of inspections with a region of this type; an index gives them in order."""
    return select(RegionRow.inspection_id).where(RegionRow.anomaly_type == anomaly_type)


def called_by_review(anomaly_type: str) -> Select[int]:
    """Ids of inspections whose newest review names this type; an index gives them in order."""
    return select(ReviewRow.inspection_id).where(ReviewRow.anomaly_type == anomaly_type, is_newest())


def newest_in_time(wanted: InspectionFilter, span: tuple[datetime, datetime] | None) -> ColumnElement[bool] | None:
    """That an id is not beyond the largest within the wanted time; None where that costs more than it saves.

    Without it a page of an old day is looked for from the newest row on; with it the whole of the wanted time is gone
    through once in the index of times. Whichever is shorter.

    Args:
        wanted: the filter.
        span: when the first and the last inspection were; None without any.
    """
    if span is None or wanted.until is None:
        return None
    first, last = span
    if last - wanted.until < min(wanted.until, last) - max(wanted.since or first, first):
        return None
    timed = aliased(InspectionRow)
    # Added to zero, or SQLite looks for the largest id from the newest row on as well, and not in the index of times.
    largest = select(func.max(timed.id + 0)).where(timed.inspected_at < wanted.until)
    if wanted.since is not None:
        largest = largest.where(timed.inspected_at >= wanted.since)
    return InspectionRow.id <= largest.scalar_subquery()


def _is_called(anomaly_type: str) -> ColumnElement[bool]:
    return or_(
        InspectionRow.id.in_(called_by_region(anomaly_type)), InspectionRow.id.in_(called_by_review(anomaly_type))
    )
