"""What the program itself may remove: recipe versions of a product under which nothing was ever inspected."""

from __future__ import annotations

import json
from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from filo_core.types import EventKind
from storage.audit.contents import canonical
from storage.trust_models import EventRow

_RECIPES = "recipe_versions"


def removal_detail(recipe_version_ids: list[int]) -> str:
    """Particulars of the event of a product's removal."""
    return canonical({"removed": {_RECIPES: sorted(recipe_version_ids)}})


def removals(session: Session) -> Counter[tuple[str, int]]:
    """How often the row of a table and id was removed, by the events that say so."""
    found: Counter[tuple[str, int]] = Counter()
    query = select(EventRow.detail).where(EventRow.kind == EventKind.PRODUCT_REMOVED)
    for detail in session.scalars(query):
        found.update((_RECIPES, row_id) for row_id in json.loads(detail)["removed"][_RECIPES])
    return found
