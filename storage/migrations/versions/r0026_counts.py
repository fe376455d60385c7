"""An inspection keeps where counted items were found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inspections", sa.Column("counts", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("inspections", "counts")
