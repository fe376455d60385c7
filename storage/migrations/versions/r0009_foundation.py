"""The record says where and when it was begun, and a new chain is bound to it; events of alarms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from storage.audit.adoption import found
from storage.migrations.kinds import know_events

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_HASH = sa.String(64)


def upgrade() -> None:
    know_events()
    # It stays when the schema is taken back: a chain that is bound to it could not be checked any more without it.
    if not sa.inspect(op.get_bind()).has_table("foundation"):
        op.create_table(
            "foundation",
            sa.Column("id", _ID, nullable=False, autoincrement=False),
            sa.Column("installation", _HASH, nullable=False),
            sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("genesis", _HASH, nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_foundation")),
            sa.CheckConstraint(
                "id = 1 AND installation <> '' AND genesis <> ''", name=op.f("ck_foundation_one_foundation")
            ),
        )
        found(op.get_bind(), context.config.attributes.get("installation", ""))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON foundation "
            "FOR EACH STATEMENT EXECUTE FUNCTION filo_refuse_alteration()"
        )


def downgrade() -> None:
    # The events stay as well: they are in the middle of the chain.
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER only_added ON foundation")
