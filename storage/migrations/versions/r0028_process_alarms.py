"""Events tell of alarms of the process: raised, cleared, acknowledged."""

from __future__ import annotations

from storage.migrations.kinds import know_events

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    know_events()


def downgrade() -> None:
    """An older program takes the wider rule as it is; rows of the new kinds must not be lost by narrowing it."""
