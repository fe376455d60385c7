"""A product's draft says what its map learnt from confirmed defects; an event says what names regions from words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.kinds import know_events

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("products", sa.Column("learned_map", sa.Text(), nullable=False, server_default=""))
    know_events()


def downgrade() -> None:
    # The events stay: they are in the middle of the chain.
    op.drop_column("products", "learned_map")
