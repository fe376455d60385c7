"""Which part it was on each inspection; serials that come twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import add_at_end
from storage.migrations.kinds import know_events

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_INSPECTIONS = "inspections"
_COLUMNS = ("serial", "lot", "order_number", "field_1", "field_2", "field_3")


def upgrade() -> None:
    know_events()
    for name in _COLUMNS:
        add_at_end(_INSPECTIONS, sa.Column(name, sa.String(120), nullable=True))
        said = sa.text(f"{name} IS NOT NULL")
        index = op.f(f"ix_inspections_{name}_id")
        op.create_index(index, _INSPECTIONS, [name, "id"], sqlite_where=said, postgresql_where=said)


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_index(op.f(f"ix_inspections_{name}_id"), _INSPECTIONS)
    # The columns stay: entries of the chain cover what they say.
