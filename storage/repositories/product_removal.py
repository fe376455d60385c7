"""A product goes only while nothing was decided under it; what goes with it is told to the audit chain."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from filo_core.errors import ProductError
from filo_core.types import EventKind
from storage.audit.removals import removal_detail
from storage.audit.standing import golden_standing
from storage.calibration_models import CalibrationRow, DriftAlarmRow, GoldenCheckRow, GoldenReleaseRow
from storage.models import InspectionRow, ProductRow, RecipeVersionRow
from storage.repositories.events import EventRepository
from storage.study_models import StudyRow
from storage.view_models import PartViewRow

_STAYING = (
    (InspectionRow, "inspections"),
    (GoldenCheckRow, "golden set checks"),
    (GoldenReleaseRow, "golden set releases"),
    (StudyRow, "capability studies"),
)


def remove_product(session: Session, row: ProductRow, by: str) -> None:
    """Delete a product with its recipes, calibrations and golden set; where there were any, an event says ``by`` whom.

    Raises:
        ProductError: if images were inspected under it, or its golden set was checked.
    """
    for table, what in _STAYING:
        if session.scalar(select(table.id).where(table.product_id == row.id).limit(1)) is not None:
            raise ProductError(
                "{name} has {what} in the record, which must stay. Keep the product, or clone it.",
                name=row.name,
                what=what,
            )
    judged = select(PartViewRow.id).join(RecipeVersionRow, RecipeVersionRow.id == PartViewRow.recipe_version_id)
    if session.scalar(judged.where(RecipeVersionRow.product_id == row.id).limit(1)) is not None:
        raise ProductError(
            "{name} has inspected parts in the record, which must stay. Keep the product.", name=row.name
        )
    chained, has_golden_set = _chained(session, row.id), row.id in golden_standing(session, row.id)
    session.execute(delete(RecipeVersionRow).where(RecipeVersionRow.product_id == row.id))
    session.delete(row)
    if any(chained.values()) or has_golden_set:
        # Their entries stay in the audit chain, which must know why the rows are gone.
        detail = removal_detail(row.id, chained)
        EventRepository(session).add(EventKind.PRODUCT_REMOVED, by, "", row.name, detail)
    session.flush()


def _chained(session: Session, product_id: int) -> dict[str, Sequence[int]]:
    """Ids of the rows that go with a product and are in the audit chain, by table."""
    calibrations = select(CalibrationRow.id).where(CalibrationRow.product_id == product_id)
    owned = {
        RecipeVersionRow: select(RecipeVersionRow.id).where(RecipeVersionRow.product_id == product_id),
        CalibrationRow: calibrations,
        DriftAlarmRow: select(DriftAlarmRow.id).where(DriftAlarmRow.calibration_id.in_(calibrations)),
    }
    return {table.__tablename__: session.scalars(query).all() for table, query in owned.items()}
