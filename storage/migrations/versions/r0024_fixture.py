"""A product's draft has what its regions move with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("products", sa.Column("fixture", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("products", "fixture")
