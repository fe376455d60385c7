"""Rows of the chained tables as their canonical content, streamed: a record may hold millions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, select
from sqlalchemy.orm import Session

from storage.audit.chain import Added
from storage.audit.contents import INSPECTIONS, REGIONS, covered
from storage.models import Row

BATCH = 1000
"""Rows that are fetched at a time."""


def rows_of(
    source: Session | Connection, table: str, ids: Sequence[int] | None = None, there: Collection[str] | None = None
) -> Iterator[Added]:
    """A table's rows by id, as the chain would take them in.

    Args:
        source: of the rows.
        table: their table.
        ids: only those, when given.
        there: columns that the table has, while an older schema is brought forward; all of them when not given.
    """
    rows = _stream(source, _select(table, "id", ids, there))
    if table != INSPECTIONS:
        for row in rows:
            yield Added.of(table, row)
        return
    regions = groupby(_stream(source, _select(REGIONS, "inspection_id", ids)), key=lambda row: row["inspection_id"])
    owner, own = next(regions, (None, iter(())))
    for row in rows:
        # A region without its inspection is no one's content; see storage.audit.belonging.
        while owner is not None and owner < row["id"]:
            owner, own = next(regions, (None, iter(())))
        yield Added.of(table, row, own if owner == row["id"] else ())


def _select(table: str, owner: str, ids: Sequence[int] | None, there: Collection[str] | None = None) -> Select[Any]:
    columns = Row.metadata.tables[table].columns
    named = dict.fromkeys((owner, *covered(table)))
    wanted = [columns[name] for name in named if there is None or name in there]
    query = select(*wanted).order_by(*(columns[name] for name in (owner, "ordinal") if name in columns))
    return query if ids is None else query.where(columns[owner].in_(ids))


def _stream(source: Session | Connection, query: Select[Any]) -> Iterator[Mapping[str, Any]]:
    for row in source.execute(query.execution_options(yield_per=BATCH)):
        yield row._asdict()
