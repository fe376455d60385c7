"""The session that keeps what must only ever be added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from storage.audit.keeping import keep_chain
from storage.calibration_models import (
    BlindReviewRow,
    CalibrationRow,
    DriftAlarmRow,
    GoldenCheckRow,
    GoldenReleaseRow,
)
from storage.models import InspectionRow, RecipeVersionRow, RegionRow, ReviewRow, Row
from storage.naming_models import NamedRegionRow, NamingRow
from storage.plant_models import ForwardedRow
from storage.session_models import KnownInspectionRow
from storage.study_models import StudyAnswerRow, StudyRow
from storage.trust_models import AuditRow, EventRow, FoundationRow, UserRow
from storage.view_models import PartViewRow

if TYPE_CHECKING:
    from sqlalchemy.orm import UOWTransaction

_NEVER_DELETED = (
    InspectionRow,
    RegionRow,
    ReviewRow,
    BlindReviewRow,
    GoldenCheckRow,
    GoldenReleaseRow,
    StudyRow,
    StudyAnswerRow,
    UserRow,
    EventRow,
    AuditRow,
    ForwardedRow,
    NamingRow,
    NamedRegionRow,
    KnownInspectionRow,
    PartViewRow,
)
_NEVER_CHANGED = (*_NEVER_DELETED, RecipeVersionRow, CalibrationRow, DriftAlarmRow)
ADDED_ONLY = frozenset(row.__tablename__ for row in (*_NEVER_CHANGED, FoundationRow))
"""Tables that no row of is ever changed."""


class RecordSession(Session):
    """A session in which verdicts, reviews, recipe versions, users and events cannot be altered, and are chained."""


keep_chain(RecordSession)


@event.listens_for(RecordSession, "before_flush")
def _refuse_alterations(session: Session, _context: UOWTransaction, _instances: object) -> None:
    """A mistake of ours, not of a user: it must never reach the database, whoever makes it."""
    for row in session.dirty:
        if isinstance(row, _NEVER_CHANGED) and session.is_modified(row):
            raise AssertionError(f"{_name(row)} is only ever added, never changed")
    for row in session.deleted:
        if isinstance(row, _NEVER_DELETED):
            raise AssertionError(f"{_name(row)} is only ever added, never deleted")


def _name(row: Row) -> str:
    return f"{type(row).__name__} {inspect(row).identity}"
