"""Events of known parts that were judged, and of what was known of a recipe when it was signed."""

from __future__ import annotations

from storage.migrations.kinds import know_events

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    know_events()


def downgrade() -> None:
    # The events stay: they are in the middle of the chain.
    pass
