"""Calibrations and drift alarms join the audit chain; events tell of a recipe put back in force and of golden sets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.audit.adoption import adopt

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_JOINING = ("calibrations", "drift_alarms")
_REMOVABLE = ("recipe_versions", *_JOINING)
"""They go with a product under which nothing was inspected, so a server refuses changes only."""
_KINDS = (
    "user changed", "signed in", "signed out", "sign-in refused", "product removed", "clock moved back", "recovered",
    "restored", "chain begun", "images removed", "disk full", "recipe in force", "golden set changed",
)  # fmt: skip


def upgrade() -> None:
    _know_events()
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


def _know_events() -> None:
    name, listed = op.f("ck_events_event_known"), ", ".join(f"'{kind}'" for kind in _KINDS)
    # SQLite changes no rule of a table; it is written anew, and must go on giving no id out twice.
    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as events:
        events.drop_constraint(name, type_="check")
        events.create_check_constraint(name, sa.text(f"kind IN ({listed})"))
