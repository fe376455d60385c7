"""A product's draft says what a picture must be like to be judged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("products", sa.Column("picture_limits", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("products", "picture_limits")
