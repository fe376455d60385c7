"""Rows that stations forward to a plant's database; a server refuses to alter what was decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEPT = ("inspections", "regions", "reviews", "users", "events", "audit_chain", "forwarded")

_INDEXES = (
    (["product_id", "inspected_at"], ["product_id", "inspected_at", "verdict"]),
    (["inspected_at"], ["inspected_at", "verdict"]),
)
"""Before and after: with the verdict, counts by time are answered from the index alone."""


def upgrade() -> None:
    op.create_table(
        "forwarded",
        sa.Column("station", sa.String(120), nullable=False),
        sa.Column("sequence", _ID, nullable=False, autoincrement=False),
        sa.Column("table_name", sa.String(32), nullable=False),
        sa.Column("local_id", _ID, nullable=False),
        sa.Column("row_id", _ID, nullable=False),
        sa.Column("entry_hash", sa.String(64), nullable=False),
        sa.Column("forwarded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("station", "sequence", name=op.f("pk_forwarded")),
        sa.UniqueConstraint("station", "table_name", "local_id", name=op.f("uq_forwarded_station_table_name_local_id")),
    )
    for old, new in _INDEXES:
        op.drop_index(op.f(f"ix_inspections_{'_'.join(old)}"), "inspections")
        op.create_index(op.f(f"ix_inspections_{'_'.join(new)}"), "inspections", new)
    # A SQLite file is in the hands of whoever can write it, triggers or not; a server is not.
    if op.get_bind().dialect.name == "postgresql":
        _refuse_alterations()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _KEPT:
            op.execute(f"DROP TRIGGER only_added ON {table}")
        op.execute("DROP FUNCTION filo_refuse_alteration")
    for old, new in _INDEXES:
        op.drop_index(op.f(f"ix_inspections_{'_'.join(new)}"), "inspections")
        op.create_index(op.f(f"ix_inspections_{'_'.join(old)}"), "inspections", old)
    op.drop_table("forwarded")


def _refuse_alterations() -> None:
    op.execute(
        "CREATE FUNCTION filo_refuse_alteration() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; "
        "END $$"
    )
    for table in _KEPT:
        op.execute(
            f"CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION filo_refuse_alteration()"
        )
