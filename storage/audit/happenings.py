"""Events as the chain orders them: by their entries, not by the clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from filo_core.types import EventKind
from storage.trust_models import AuditRow, EventRow


@dataclass(frozen=True, slots=True)
class Told:
    """An event and the entry of the chain that holds it."""

    sequence: int
    subject: str
    detail: dict[str, Any]

    @property
    def product_id(self) -> int | None:
        """The product that it is about; None for an event from before it was told."""
        found = self.detail.get("product")
        return found if isinstance(found, int) else None


def told(source: Session | Connection, *kinds: EventKind) -> Iterator[Told]:
    """Chained events of these kinds, oldest first."""
    query = (
        select(AuditRow.sequence, EventRow.subject, EventRow.detail)
        .join(EventRow, EventRow.id == AuditRow.row_id)
        .where(AuditRow.table_name == EventRow.__tablename__, EventRow.kind.in_(kinds))
        .order_by(AuditRow.sequence)
    )
    for sequence, subject, detail in source.execute(query):
        yield Told(sequence, subject, detail_of(detail))


def detail_of(text: str) -> dict[str, Any]:
    """Particulars of an event; none where somebody has made something else of them, which the chain finds itself."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
