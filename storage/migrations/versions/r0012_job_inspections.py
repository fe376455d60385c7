"""Which inspections were made in a job. A table of its own: rows of inspections are chained, and their table stays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLE, _INDEX = "job_inspections", "ix_job_inspections_job_id_inspection_id"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("inspection_id", _ID, nullable=False, autoincrement=False),
        sa.Column("job_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("inspection_id", name=op.f("pk_job_inspections")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.id"], name=op.f("fk_job_inspections_inspection_id_inspections")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_inspections_job_id_jobs")),
    )
    op.create_index(op.f(_INDEX), _TABLE, ["job_id", "inspection_id"])


def downgrade() -> None:
    op.drop_table(_TABLE)
