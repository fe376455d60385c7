"""Chains whatever a session adds, in the session's own transaction."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, UOWTransaction

from filo_core.types import EventKind
from storage.audit.chain import Added, append, read_head
from storage.audit.contents import CHAINED, INSPECTIONS, REGIONS, canonical, covered, moment
from storage.engine import wait_for_other_links
from storage.models import Row
from storage.trust_models import EventRow

_ADDED = "filo_added"
_CLOCK_TOLERANCE = timedelta(seconds=2)
"""A clock that time servers keep right may step back by this much without a word."""


def keep_chain(session_class: type[Session]) -> None:
    """From now on every commit of such a session chains the rows that it adds."""
    event.listen(session_class, "after_flush", _remember)
    event.listen(session_class, "before_commit", _chain)
    event.listen(session_class, "after_rollback", lambda session: session.info.pop(_ADDED, None))


def _remember(session: Session, _context: UOWTransaction) -> None:
    rows = [row for row in session.new if isinstance(row, Row) and row.__tablename__ in {*CHAINED, REGIONS}]
    # By id within a table: a unit of work gives no promise of its own about what it lists first.
    session.info.setdefault(_ADDED, []).extend(sorted(rows, key=_place))


def _chain(session: Session) -> None:
    session.flush()
    if not session.info.get(_ADDED):
        return
    # The last lock that a transaction takes, so that two of them never wait for each other.
    wait_for_other_links(session.connection())
    head, now = read_head(session), datetime.now(UTC)
    if head.at is not None and head.at - now > _CLOCK_TOLERANCE:
        session.add(_clock_moved_back(head.at, now))
        session.flush()
    append(session, _added(session.info.pop(_ADDED)), now, head)


def _added(rows: list[Row]) -> list[Added]:
    regions: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row.__tablename__ == REGIONS:
            regions[row.inspection_id].append(_columns(row))  # type: ignore[attr-defined]
    chained = []
    # In the order of their flushes: of a signature and an event, the later one says which recipe is in force.
    for row in (row for row in rows if row.__tablename__ != REGIONS):
        values = _columns(row)
        own = regions.pop(values["id"], []) if row.__tablename__ == INSPECTIONS else []
        chained.append(Added.of(row.__tablename__, values, sorted(own, key=lambda region: region["ordinal"])))
    assert not regions, "regions are added with their inspection, never later"
    return chained


def _place(row: Row) -> tuple[int, int]:
    table = row.__tablename__
    return CHAINED.index(table) if table in CHAINED else len(CHAINED), row.id  # type: ignore[attr-defined]


def _columns(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in covered(row.__tablename__)} | _owner(row)


def _owner(row: Row) -> dict[str, Any]:
    return {"inspection_id": row.inspection_id} if row.__tablename__ == REGIONS else {}  # type: ignore[attr-defined]


def _clock_moved_back(newest: datetime, now: datetime) -> EventRow:
    detail = canonical({"newest_entry": moment(newest), "clock": moment(now)})
    return EventRow(at=now, kind=EventKind.CLOCK_MOVED_BACK, actor="", station="", subject="clock", detail=detail)
