"""Rows from before the chain covered their table: taken in once, when it begins to, and an event says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from filo_core.types import EventKind
from storage.audit.chain import Added, append, read_head
from storage.audit.contents import canonical
from storage.audit.reading import BATCH, rows_of
from storage.engine import wait_for_other_links
from storage.trust_models import AuditRow, EventRow


def adopt(connection: Connection, tables: Sequence[str]) -> None:
    """Chain every row of these tables that has no entry yet; nothing proves what happened to them earlier."""
    now, adopted = datetime.now(UTC), 0
    wait_for_other_links(connection)
    head = read_head(connection)
    for table in tables:
        # After a schema was taken back and brought forward again, some have theirs.
        chained = set(connection.scalars(select(AuditRow.row_id).where(AuditRow.table_name == table)))
        batch: list[Added] = []
        for row in rows_of(connection, table):
            if row.row_id in chained:
                continue
            batch.append(row)
            if len(batch) == BATCH:
                adopted += len(batch)
                head = append(connection, batch, now, head)
                batch = []
        adopted += len(batch)
        head = append(connection, batch, now, head)
    if adopted:
        append(connection, [_begun(connection, now, adopted)], now, head)


def _begun(connection: Connection, now: datetime, adopted: int) -> Added:
    values: dict[str, Any] = {
        "at": now,
        "kind": EventKind.CHAIN_BEGUN.value,
        "actor": "",
        "station": "",
        "subject": "audit chain",
        "detail": canonical({"rows_from_before": adopted}),
    }
    added = connection.execute(insert(EventRow), values).inserted_primary_key
    assert added is not None, "one row was inserted"
    return Added.of("events", values | {"id": added[0]})
