"""What the regions of an inspection may be, what they look like, and which of them a person named."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage import constraints

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = ("namings", "named_regions")


def upgrade() -> None:
    _create_namings()
    _create_named_regions()
    if op.get_bind().dialect.name == "postgresql":
        for table in _TABLES:
            op.execute(
                f"CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION filo_refuse_alteration()"
            )


def downgrade() -> None:
    # The tables stay with their rows while there is a chain: their entries are in the middle of it. r0003 drops them.
    if op.get_bind().dialect.name == "postgresql":
        for table in _TABLES:
            op.execute(f"DROP TRIGGER only_added ON {table}")


def _create_namings() -> None:
    if sa.inspect(op.get_bind()).has_table("namings"):
        return
    op.create_table(
        "namings",
        sa.Column("id", _ID, nullable=False),
        sa.Column("inspection_id", _ID, nullable=False),
        sa.Column("image_types", sa.Text(), nullable=False),
        sa.Column("unfiltered", sa.Text(), nullable=False),
        sa.Column("shares", sa.Text(), nullable=False),
        sa.Column("space", sa.String(120), nullable=False),
        sa.Column("embeddings", sa.Text(), nullable=False),
        sa.Column("examples", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_namings")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.id"], name=op.f("fk_namings_inspection_id_inspections")
        ),
        sa.UniqueConstraint("inspection_id", name=op.f("uq_namings_inspection_id")),
        sqlite_autoincrement=True,
    )


def _create_named_regions() -> None:
    if sa.inspect(op.get_bind()).has_table("named_regions"):
        return
    op.create_table(
        "named_regions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("review_id", _ID, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_named_regions")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_named_regions_review_id_reviews")),
        sa.UniqueConstraint("review_id", "ordinal", name=op.f("uq_named_regions_review_id_ordinal")),
        sa.CheckConstraint(constraints.ORDINAL_IN_RANGE, name=op.f("ck_named_regions_ordinal_in_range")),
        sqlite_autoincrement=True,
    )
