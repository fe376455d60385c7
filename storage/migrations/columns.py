"""Columns that stay when a schema is taken back, since what they say cannot be had again."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op


def add_at_end(table: str, made: sa.Column[Any]) -> None:
    """Add a column at the end; one that an older schema was left with goes there as well, with what it says."""
    name = made.name
    if name not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}:
        op.add_column(table, made)
    elif op.get_bind().dialect.name == "sqlite":
        left = f"{name}_before"
        op.alter_column(table, name, new_column_name=left)
        op.add_column(table, made)
        rows = sa.table(table, sa.column(name), sa.column(left))
        op.execute(rows.update().values({name: rows.c[left]}))
        op.drop_column(table, left)
