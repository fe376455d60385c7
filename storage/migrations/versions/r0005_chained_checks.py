"""Golden checks, their releases and blind reviews join the audit chain; a server refuses to alter them."""

from __future__ import annotations

from alembic import op

from storage.audit.adoption import adopt

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_JOINING = ("blind_reviews", "golden_checks", "golden_releases")


def upgrade() -> None:
    adopt(op.get_bind(), _JOINING)
    if op.get_bind().dialect.name == "postgresql":
        for table in _JOINING:
            op.execute(
                f"CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION filo_refuse_alteration()"
            )


def downgrade() -> None:
    # Their entries stay: taken out of the middle of the chain, nothing behind them could be checked any more.
    if op.get_bind().dialect.name == "postgresql":
        for table in _JOINING:
            op.execute(f"DROP TRIGGER only_added ON {table}")
