"""What a station has added since a point of its audit chain: the chain is the outbox, nothing else is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import InspectionRow, RecipeVersionRow, RegionRow, ReviewRow, Row
from storage.naming_models import NamedRegionRow, NamingRow
from storage.session_models import KnownInspectionRow
from storage.trust_models import AuditRow
from storage.view_models import PartViewRow

RECIPES = RecipeVersionRow.__tablename__
INSPECTIONS = InspectionRow.__tablename__
REVIEWS = ReviewRow.__tablename__
NAMINGS = NamingRow.__tablename__
NAMED_REGIONS = NamedRegionRow.__tablename__
KNOWN = KnownInspectionRow.__tablename__
VIEWS = PartViewRow.__tablename__
_TABLES: Mapping[str, type[Row]] = {
    RECIPES: RecipeVersionRow,
    INSPECTIONS: InspectionRow,
    REVIEWS: ReviewRow,
    NAMINGS: NamingRow,
    NAMED_REGIONS: NamedRegionRow,
    KNOWN: KnownInspectionRow,
    VIEWS: PartViewRow,
}
"""What goes to the plant. Users and events stay: a PIN's hash is nobody else's business."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A row on its way, by its columns, with the entry of the chain that binds it."""

    sequence: int
    entry_hash: str
    table: str
    local_id: int
    values: Mapping[str, Any]
    regions: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class OutgoingBatch:
    """Rows in the order of the chain. ``last`` is where the next batch begins; 0 when there is nothing more."""

    rows: tuple[Outgoing, ...]
    last: int


class OutboxRepository:
    """Reads only."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def after(self, sequence: int, limit: int) -> OutgoingBatch:
        """At most ``limit`` entries behind ``sequence``; those whose row was removed since are left out."""
        entries = self._session.execute(
            select(AuditRow.sequence, AuditRow.entry_hash, AuditRow.table_name, AuditRow.row_id)
            .where(AuditRow.sequence > sequence, AuditRow.table_name.in_(_TABLES))
            .order_by(AuditRow.sequence)
            .limit(limit)
        ).all()
        ids: defaultdict[str, list[int]] = defaultdict(list)
        for entry in entries:
            ids[entry.table_name].append(entry.row_id)
        found = {table: self._rows(table, wanted) for table, wanted in ids.items()}
        regions = self._regions(ids[INSPECTIONS])
        rows = (
            Outgoing(
                entry.sequence,
                entry.entry_hash,
                entry.table_name,
                entry.row_id,
                found[entry.table_name][entry.row_id],
                tuple(regions.get(entry.row_id, ())) if entry.table_name == INSPECTIONS else (),
            )
            for entry in entries
            if entry.row_id in found[entry.table_name]
        )
        return OutgoingBatch(tuple(rows), entries[-1].sequence if entries else 0)

    def entry_hash(self, sequence: int) -> str:
        """Hash of an entry of the chain; empty where there is none."""
        return self._session.scalar(select(AuditRow.entry_hash).where(AuditRow.sequence == sequence)) or ""

    def _rows(self, table: str, ids: list[int]) -> dict[int, Mapping[str, Any]]:
        columns = Row.metadata.tables[table].columns
        rows = self._session.execute(select(*columns).where(columns["id"].in_(ids)))
        return {row.id: dict(row._mapping) for row in rows}

    def _regions(self, ids: list[int]) -> dict[int, list[Mapping[str, Any]]]:
        columns = [column for column in RegionRow.__table__.columns if column.name != "id"]
        query = select(*columns).where(RegionRow.inspection_id.in_(ids))
        found: defaultdict[int, list[Mapping[str, Any]]] = defaultdict(list)
        for row in self._session.execute(query.order_by(RegionRow.inspection_id, RegionRow.ordinal)):
            found[row.inspection_id].append(dict(row._mapping))
        return found
