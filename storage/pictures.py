"""Which pictures the record speaks of: one answer for recovery, retention and backups."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import Connection, Table, inspect, select
from sqlalchemy.orm import Session

from storage.columns import PlainText
from storage.models import InspectionRow, Row
from storage.view_models import PartViewRow

_BATCH = 10_000
_COLUMNS = ("image_hash", "map_hash")
_INSPECTED = frozenset({InspectionRow.__tablename__, PartViewRow.__tablename__})
_WITHOUT_PICTURES = _INSPECTED | {"reviews", "events", "jobs", "sessions", "users"}
"""Tables whose texts name no picture, some of them long."""
_NAMED = re.compile(r'"image_hash": ?"([0-9a-f]{64})"')


def spoken_of(source: Session | Connection, *, inspected: bool = True) -> Iterator[str]:
    """Hash of every image and map that a row speaks of, some more than once.

    Args:
        source: of this schema or an older one.
        inspected: whether inspections count; without them it is what something else uses: references, golden sets,
            taught patches, and recipes of any version, though the draft may have let go of their images.
    """
    connection = source.connection() if isinstance(source, Session) else source
    there = set(inspect(connection).get_table_names())
    for table in Row.metadata.sorted_tables:
        if table.name in there and (inspected or table.name not in _INSPECTED):
            yield from _of_table(connection, table)


def _of_table(connection: Connection, table: Table) -> Iterator[str]:
    for column in table.columns:
        values = select(column).where(column != "").execution_options(yield_per=_BATCH)
        if column.name.endswith(_COLUMNS):
            yield from connection.scalars(values)
        elif isinstance(column.type, PlainText) and table.name not in _WITHOUT_PICTURES:
            for text in connection.scalars(values):
                yield from _NAMED.findall(text)
