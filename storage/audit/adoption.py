"""What is older than the chain's knowledge of it: taken in once, when it begins to, and an event says so."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, inspect, select

from filo_core.types import EventKind
from storage.audit.chain import GENESIS, Added, append, genesis_of, read_head
from storage.audit.contents import canonical, moment
from storage.audit.forwarded import arrival_detail, forwarded_up_to
from storage.audit.reading import BATCH, rows_of
from storage.audit.standing import NO_GOLDEN_SET, golden_said, golden_standing, versions_said, versions_standing
from storage.engine import wait_for_other_links
from storage.plant_models import ForwardedRow
from storage.trust_models import AuditRow, EventRow, FoundationRow


def adopt(connection: Connection, tables: Sequence[str]) -> None:
    """Chain every row of these tables that has no entry yet; nothing proves what happened to them earlier."""
    now, adopted = datetime.now(UTC), 0
    wait_for_other_links(connection)
    head = read_head(connection)
    for table in tables:
        # After a schema was taken back and brought forward again, some have theirs.
        chained = set(connection.scalars(select(AuditRow.row_id).where(AuditRow.table_name == table)))
        batch: list[Added] = []
        there = {column["name"] for column in inspect(connection).get_columns(table)}
        for row in rows_of(connection, table, there=there):
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


def found(connection: Connection, installation: str = "") -> None:
    """Say where and when the record was begun. A chain that has entries keeps what they are bound to, and is told.

    Args:
        connection: in the transaction that makes the table.
        installation: who begins it; a name made up for it when not given.
    """
    wait_for_other_links(connection)
    name, now = installation or uuid.uuid4().hex, datetime.now(UTC)
    is_new = read_head(connection).sequence == 0
    values = {"id": 1, "installation": name, "begun_at": now, "genesis": genesis_of(name, now) if is_new else GENESIS}
    connection.execute(insert(FoundationRow), values)
    if not is_new:
        _tell(connection, EventKind.CHAIN_BEGUN, {"installation": name, "founded_at": moment(now)})


def tell_standing(connection: Connection) -> None:
    """Tell the chain of what stands and it does not say: versions in force, golden sets, rows of stations."""
    wait_for_other_links(connection)
    said, sets = versions_said(connection), golden_said(connection)
    for product_id, version in versions_standing(connection).items():
        if said.get(product_id, (0, None))[1] != version:
            _tell(connection, EventKind.RECIPE_IN_FORCE, {"product": product_id, "version": version})
    for product_id, digest in golden_standing(connection).items():
        if sets.get(product_id, (0, NO_GOLDEN_SET))[1] != digest:
            _tell(connection, EventKind.GOLDEN_SET_CHANGED, {"product": product_id, "digest": digest})
    told_up_to = forwarded_up_to(connection)
    for station in connection.scalars(select(ForwardedRow.station).distinct()).all():
        if detail := arrival_detail(connection, station, told_up_to.get(station, 0)):
            _tell(connection, EventKind.ROWS_ARRIVED, detail, station)


def _tell(connection: Connection, kind: EventKind, detail: dict[str, Any], subject: str = "audit chain") -> None:
    now = datetime.now(UTC)
    append(connection, [_event(connection, now, kind, detail, subject)], now, read_head(connection))


def _begun(connection: Connection, now: datetime, adopted: int) -> Added:
    return _event(connection, now, EventKind.CHAIN_BEGUN, {"rows_from_before": adopted}, "audit chain")


def _event(connection: Connection, at: datetime, kind: EventKind, detail: dict[str, Any], subject: str) -> Added:
    values: dict[str, Any] = {
        "at": at,
        "kind": kind.value,
        "actor": "",
        "station": "",
        "subject": subject,
        "detail": canonical(detail),
    }
    added = connection.execute(insert(EventRow), values).inserted_primary_key
    assert added is not None, "one row was inserted"
    return Added.of("events", values | {"id": added[0]})
