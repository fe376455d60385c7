"""Good parts of other sessions, what is kept of known pictures, and inspections of known parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage import constraints
from storage.migrations.kinds import know_events

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_HASH = sa.String(64)
_KNOWN = "known_inspections"


def upgrade() -> None:
    know_events()
    op.create_table(
        "session_parts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("session", sa.String(120), nullable=False),
        sa.Column("image_hash", _HASH, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_parts")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_session_parts_product_id_products"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("product_id", "image_hash", name=op.f("uq_session_parts_product_id_image_hash")),
    )
    op.create_table(
        "known_pictures",
        sa.Column("content_hash", _HASH, nullable=False),
        sa.Column("rows_hash", _HASH, nullable=False),
        sa.Column("pixels_hash", _HASH, nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_known_pictures")),
        sa.CheckConstraint(constraints.CAPTURE_TOLD, name=op.f("ck_known_pictures_capture_told")),
    )
    op.create_index(op.f("ix_known_pictures_rows_hash"), "known_pictures", ["rows_hash"])
    _create_known_inspections()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {_KNOWN} "
            "FOR EACH STATEMENT EXECUTE FUNCTION filo_refuse_alteration()"
        )


def downgrade() -> None:
    # The table stays with its rows while there is a chain: their entries are in the middle of it. r0003 drops it.
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER only_added ON {_KNOWN}")
    op.drop_table("known_pictures")
    op.drop_table("session_parts")


def _create_known_inspections() -> None:
    if sa.inspect(op.get_bind()).has_table(_KNOWN):
        return
    op.create_table(
        _KNOWN,
        sa.Column("id", _ID, nullable=False),
        sa.Column("inspection_id", _ID, nullable=False),
        sa.Column("known_as", sa.String(16), nullable=False),
        sa.Column("known_hash", _HASH, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_inspections")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.id"], name=op.f("fk_known_inspections_inspection_id_inspections")
        ),
        sa.UniqueConstraint("inspection_id", name=op.f("uq_known_inspections_inspection_id")),
        sa.CheckConstraint(constraints.KNOWN_AS_KNOWN, name=op.f("ck_known_inspections_known_as_known")),
        sqlite_autoincrement=True,
    )
