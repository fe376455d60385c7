"""Rows that belong to a row that is not there: whoever tampers can switch the database's own rule off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ForeignKey, Select, select
from sqlalchemy.orm import Session

from filo_core.sentence import Sentence
from storage.audit.problems import Problem
from storage.audit.reading import BATCH
from storage.models import Row


def belonging_problems(session: Session) -> Iterator[Problem]:
    """Rows of any table that refer to a row that is missing."""
    for table in Row.metadata.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            for row_id, missing in session.execute(_without_parent(key).execution_options(yield_per=BATCH)):
                what = Sentence(
                    "the row belongs to {table} {missing}, which is not there",
                    table=key.column.table.name,
                    missing=missing,
                )
                yield Problem(0, table.name, row_id, what)


def _without_parent(key: ForeignKey) -> Select[tuple[Any, Any]]:
    """Number of each such row, and of what it refers to."""
    child, parent = key.parent, key.column
    number = next(iter(child.table.primary_key.columns))
    query = select(number, child).outerjoin(parent.table, child == parent).where(parent.is_(None))
    return query.where(child.is_not(None)) if child.nullable else query
