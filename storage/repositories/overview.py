"""What came by of every product lately: as much as a card of each has room for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from filo_core.types import Verdict
from storage.models import InspectionRow, ProductRow
from storage.repositories.standing_reviews import final_verdict
from storage.session_models import KnownInspectionRow


@dataclass(frozen=True, slots=True)
class Lately:
    """Of one product, by verdicts that count now; known parts are left out."""

    newest: tuple[Verdict, ...]
    """The last few, newest first."""
    counts: Mapping[Verdict, int]
    """Since the moment that was asked for; absent ones are none."""

    @property
    def total(self) -> int:
        """Parts since then."""
        return sum(self.counts.values())

    @property
    def share_ok(self) -> float | None:
        """Share of OK among all since then, 0 to 1; None where nothing came by."""
        return self.counts.get(Verdict.OK, 0) / self.total if self.total else None


class OverviewRepository:
    """Reads only."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lately(self, since: datetime, newest: int) -> dict[str, Lately]:
        """By name of the product; those that were never inspected are left out."""
        names: dict[int, str] = {
            row.id: row.name for row in self._session.execute(select(ProductRow.id, ProductRow.name))
        }
        counts = self._counts(since)
        found: dict[str, Lately] = {}
        for product_id, name in names.items():
            last = self._newest(product_id, newest)
            if last:
                found[name] = Lately(last, counts.get(product_id, {}))
        return found

    def _counts(self, since: datetime) -> dict[int, dict[Verdict, int]]:
        verdict = final_verdict().label("verdict")
        line = InspectionRow.id.not_in(select(KnownInspectionRow.inspection_id))
        each = select(InspectionRow.product_id, verdict).where(InspectionRow.inspected_at >= since, line).subquery()
        query = select(each.c.product_id, each.c.verdict, func.count()).group_by(each.c.product_id, each.c.verdict)
        found: defaultdict[int, dict[Verdict, int]] = defaultdict(dict)
        for product_id, said, number in self._session.execute(query):
            found[product_id][Verdict(said)] = number
        return found

    def _newest(self, product_id: int, newest: int) -> tuple[Verdict, ...]:
        # One statement a product: each is a look at the end of an index, however long the record is.
        query = (
            select(final_verdict())
            .where(
                InspectionRow.product_id == product_id,
                InspectionRow.id.not_in(select(KnownInspectionRow.inspection_id)),
            )
            .order_by(InspectionRow.id.desc())
            .limit(newest)
        )
        return tuple(Verdict(said) for said in self._session.scalars(query))
