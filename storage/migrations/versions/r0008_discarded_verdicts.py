"""Events tell which verdicts were given up that waited for an output."""

from __future__ import annotations

from storage.migrations.kinds import know_events

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    know_events()


def downgrade() -> None:
    # The events stay: they are in the middle of the chain.
    pass
