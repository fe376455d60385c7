"""Events tell which recipe is in force, what is in a golden set, and where rows of stations are kept."""

from __future__ import annotations

from alembic import op

from storage.audit.adoption import tell_standing
from storage.migrations.kinds import know_events

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    know_events()
    tell_standing(op.get_bind())


def downgrade() -> None:
    # The events stay: they are in the middle of the chain.
    pass
