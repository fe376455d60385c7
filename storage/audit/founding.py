"""Where and when a record says that it was begun, beside what its chain is bound to."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from filo_core.sentence import Sentence
from filo_core.types import EventKind
from storage.audit.chain import GENESIS, genesis_of
from storage.audit.contents import moment
from storage.audit.happenings import told
from storage.audit.problems import Problem
from storage.trust_models import FoundationRow

_TABLE = FoundationRow.__tablename__


def founding_problems(session: Session) -> Iterator[Problem]:
    """A foundation that is gone, or says something else than the chain; another genesis is found by the first entry."""
    rows = session.scalars(select(FoundationRow)).all()
    if [row.id for row in rows] != [1]:
        yield Problem(
            0, _TABLE, 1, Sentence("the one row that says where this record was begun was removed, moved or added to")
        )
    for row in rows:
        if not (_is_told(session, row) if row.genesis == GENESIS else _is_bound(row)):
            yield Problem(0, _TABLE, row.id, Sentence("the row that says where this record was begun was changed"))


def _is_bound(row: FoundationRow) -> bool:
    return row.genesis == genesis_of(row.installation, row.begun_at)


def _is_told(session: Session, row: FoundationRow) -> bool:
    """Told once, when the table was made for a chain that had entries."""
    events = [event.detail for event in told(session, EventKind.CHAIN_BEGUN) if "installation" in event.detail]
    said = {(detail["installation"], detail.get("founded_at")) for detail in events}
    return said == {(row.installation, moment(row.begun_at))}
