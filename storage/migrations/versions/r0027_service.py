"""Events tell of the service: its tokens, and what was changed through it."""

from __future__ import annotations

from storage.migrations.kinds import know_events

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    know_events()


def downgrade() -> None:
    # The events stay: they are in the middle of the chain.
    pass
