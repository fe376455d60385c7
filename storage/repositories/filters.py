"""An inspection filter as SQL conditions."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import aliased

from filo_core.types import InspectionFilter
from storage.models import InspectionRow, ProductRow, RegionRow, ReviewRow
from storage.names import name_key


def conditions(wanted: InspectionFilter) -> list[ColumnElement[bool]]:
    """Conditions on :class:`InspectionRow` that hold for the inspections wanted.

    ``verdicts`` are the system's; *undecided* has no review; ``anomaly_type`` is what a region was called, or what
    the newest review calls it; ``since`` is included, ``until`` is not.
    """
    found: list[ColumnElement[bool]] = []
    if wanted.product:
        product = select(ProductRow.id).where(ProductRow.name_key == name_key(wanted.product))
        found.append(InspectionRow.product_id == product.scalar_subquery())
    if wanted.verdicts:
        found.append(InspectionRow.verdict.in_(sorted(verdict.value for verdict in wanted.verdicts)))
    if wanted.undecided:
        found.append(~exists().where(ReviewRow.inspection_id == InspectionRow.id))
    if wanted.anomaly_type:
        found.append(_is_called(wanted.anomaly_type))
    if wanted.since is not None:
        found.append(InspectionRow.inspected_at >= wanted.since)
    if wanted.until is not None:
        found.append(InspectionRow.inspected_at < wanted.until)
    if wanted.station:
        found.append(InspectionRow.station == wanted.station)
    return found


def _is_called(anomaly_type: str) -> ColumnElement[bool]:
    newer = aliased(ReviewRow)
    in_region = select(RegionRow.inspection_id).where(RegionRow.anomaly_type == anomaly_type)
    in_review = select(ReviewRow.inspection_id).where(
        ReviewRow.anomaly_type == anomaly_type,
        ~exists().where(newer.inspection_id == ReviewRow.inspection_id, newer.id > ReviewRow.id),
    )
    return or_(InspectionRow.id.in_(in_region), InspectionRow.id.in_(in_review))
