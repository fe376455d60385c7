"""A product's draft says how the product is looked at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("products", sa.Column("eyes", sa.String(120), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("products", "eyes")
