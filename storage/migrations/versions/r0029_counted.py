"""What was counted in an inspection, and where, becomes part of what the chain covers."""

from __future__ import annotations

import sqlalchemy as sa

from storage.migrations.columns import add_at_end

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What `counts` says of earlier inspections stays there: their entries of the chain do not cover it.
    add_at_end("inspections", sa.Column("counted", sa.Text(), nullable=True))


def downgrade() -> None:
    """The column stays: entries of the chain cover what it says."""
