"""Rows from before the chain: taken in once, when the chain is begun, and an event says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert

from filo_core.types import EventKind
from storage.audit.chain import Added, append, read_head
from storage.audit.contents import canonical
from storage.audit.reading import BATCH, rows_of
from storage.trust_models import EventRow

_BEFORE = ("recipe_versions", "inspections", "reviews")
"""Tables that are older than the chain."""


def adopt(connection: Connection) -> None:
    """Chain every row of a record that had no chain; nothing proves what happened to them earlier."""
    now, adopted = datetime.now(UTC), 0
    head = read_head(connection)
    for table in _BEFORE:
        batch: list[Added] = []
        for row in rows_of(connection, table):
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
