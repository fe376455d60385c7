"""What the program itself may remove: what was signed and measured for a product that never inspected anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from filo_core.types import EventKind
from storage.audit.happenings import told


def removal_detail(product_id: int, removed: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Particulars of the event of a product's removal: its id, and those of its rows by table."""
    return {"product": product_id, "removed": {table: sorted(ids) for table, ids in removed.items()}}


def removals(session: Session) -> Counter[tuple[str, int]]:
    """How often the row of a table and id was removed, by the events that say so."""
    found: Counter[tuple[str, int]] = Counter()
    for event in told(session, EventKind.PRODUCT_REMOVED):
        removed = event.detail.get("removed")
        for table, ids in removed.items() if isinstance(removed, dict) else ():
            found.update((table, row_id) for row_id in ids)
    return found
