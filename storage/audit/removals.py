"""What the program itself may remove: what was signed and measured for a product that never inspected anything."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from filo_core.types import EventKind
from storage.trust_models import EventRow


def removal_detail(removed: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Particulars of the event of a product's removal: ids by table."""
    return {"removed": {table: sorted(ids) for table, ids in removed.items()}}


def removals(session: Session) -> Counter[tuple[str, int]]:
    """How often the row of a table and id was removed, by the events that say so."""
    found: Counter[tuple[str, int]] = Counter()
    query = select(EventRow.detail).where(EventRow.kind == EventKind.PRODUCT_REMOVED)
    for detail in session.scalars(query):
        for table, ids in json.loads(detail)["removed"].items():
            found.update((table, row_id) for row_id in ids)
    return found
