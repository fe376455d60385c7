"""Which part it was on each inspection; serials that come twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.kinds import know_events

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_INSPECTIONS = "inspections"
_COLUMNS = ("serial", "lot", "order_number", "field_1", "field_2", "field_3")


def upgrade() -> None:
    know_events()
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(_INSPECTIONS)}
    for name in _COLUMNS:
        _add(name, is_there=name in there)
        said = sa.text(f"{name} IS NOT NULL")
        index = op.f(f"ix_inspections_{name}_id")
        op.create_index(index, _INSPECTIONS, [name, "id"], sqlite_where=said, postgresql_where=said)


def _add(name: str, *, is_there: bool) -> None:
    """Add a column at the end; one that an older schema was left with goes there as well, with what it says."""
    made = sa.Column(name, sa.String(120), nullable=True)
    if not is_there:
        op.add_column(_INSPECTIONS, made)
    elif op.get_bind().dialect.name == "sqlite":
        left = f"{name}_before"
        op.alter_column(_INSPECTIONS, name, new_column_name=left)
        op.add_column(_INSPECTIONS, made)
        rows = sa.table(_INSPECTIONS, sa.column(name), sa.column(left))
        op.execute(rows.update().values({name: rows.c[left]}))
        op.drop_column(_INSPECTIONS, left)


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_index(op.f(f"ix_inspections_{name}_id"), _INSPECTIONS)
    # The columns stay: entries of the chain cover what they say.
