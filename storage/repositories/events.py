"""Events: what happened to the record besides verdicts and reviews. Added, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from filo_core.types import EventKind
from storage.audit.contents import canonical
from storage.audit.vouching import vouched
from storage.trust_models import EventRow


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as it is read. ``detail`` is a JSON object."""

    at: datetime
    kind: EventKind
    actor: str
    station: str
    subject: str
    detail: str
    event_id: int = 0
    """Rises with every event."""


class EventRepository:
    """The events of a record, in the order of their ids."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, kind: EventKind, actor: str, station: str, subject: str, detail: Mapping[str, Any]) -> None:
        """Store an event that happens now."""
        row = EventRow(
            at=datetime.now(UTC),
            kind=kind.value,
            actor=actor,
            station=station,
            subject=subject,
            detail=canonical(dict(detail)),
        )
        self._session.add(row)
        self._session.flush()

    def vouched(self, kind: EventKind, limit: int = 500) -> tuple[Happening, ...]:
        """The newest ``limit`` events of a kind that the chain vouches for, newest first."""
        query = select(EventRow).where(EventRow.kind == kind).order_by(EventRow.id.desc()).limit(limit)
        rows = self._session.scalars(query).all()
        sound = vouched(self._session, EventRow.__tablename__, [row.id for row in rows]).sound
        return tuple(_happening(row) for row in rows if row.id in sound)

    def of_kinds(self, *kinds: EventKind) -> tuple[Happening, ...]:
        """All events of these kinds, oldest first."""
        rows = self._session.scalars(select(EventRow).where(EventRow.kind.in_(kinds)).order_by(EventRow.id))
        return tuple(_happening(row) for row in rows)

    def after(self, event_id: int, *kinds: EventKind) -> tuple[Happening, ...]:
        """Events of these kinds that came after one, oldest first."""
        wanted = select(EventRow).where(EventRow.kind.in_(kinds), EventRow.id > event_id)
        return tuple(_happening(row) for row in self._session.scalars(wanted.order_by(EventRow.id)))

    def newest_id(self) -> int:
        """Of the newest event; 0 without any."""
        return self._session.scalar(select(func.max(EventRow.id))) or 0

    def about(self, kind: EventKind, subject: str, limit: int = 20) -> tuple[Happening, ...]:
        """The newest ``limit`` events of a kind about one subject, newest first."""
        query = select(EventRow).where(EventRow.kind == kind, EventRow.subject == subject)
        return tuple(_happening(row) for row in self._session.scalars(query.order_by(EventRow.id.desc()).limit(limit)))

    def newest(self, limit: int = 100) -> tuple[Happening, ...]:
        """The newest ``limit`` events, newest first."""
        rows = self._session.scalars(select(EventRow).order_by(EventRow.id.desc()).limit(limit))
        return tuple(_happening(row) for row in rows)


def _happening(row: EventRow) -> Happening:
    return Happening(row.at, EventKind(row.kind), row.actor, row.station, row.subject, row.detail, row.id)
