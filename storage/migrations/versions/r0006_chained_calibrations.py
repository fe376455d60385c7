"""Calibrations and drift alarms join the audit chain; events tell of a recipe put back in force and of golden sets."""

from __future__ import annotations

from alembic import op

from storage.audit.adoption import adopt
from storage.migrations.kinds import know_events

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_JOINING = ("calibrations", "drift_alarms")
_REMOVABLE = ("recipe_versions", *_JOINING)
"""They go with a product under which nothing was inspected, so a server refuses changes only."""


def upgrade() -> None:
    know_events()
    adopt(op.get_bind(), _JOINING)
    if op.get_bind().dialect.name == "postgresql":
        for table in _REMOVABLE:
            op.execute(
                f"CREATE TRIGGER only_added BEFORE UPDATE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION filo_refuse_alteration()"
            )


def downgrade() -> None:
    # Events of the new kinds and the entries of the new tables stay: they are in the middle of the chain.
    if op.get_bind().dialect.name == "postgresql":
        for table in _REMOVABLE:
            op.execute(f"DROP TRIGGER only_added ON {table}")
