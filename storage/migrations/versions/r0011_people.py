"""Entries of users and events, and events of signing in, are found quickly; events of settings, drafts and exports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.kinds import know_events

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_CHAINED = sa.text("table_name IN ('users', 'events')")
_SIGNING_IN = sa.text("kind IN ('signed in', 'sign-in refused', 'user changed')")


def upgrade() -> None:
    know_events()
    op.create_index(
        "ix_audit_chain_quickly_found",
        "audit_chain",
        ["table_name", "row_id"],
        sqlite_where=_CHAINED,
        postgresql_where=_CHAINED,
    )
    op.create_index(
        "ix_events_signing_in",
        "events",
        ["subject", "id"],
        sqlite_where=_SIGNING_IN,
        postgresql_where=_SIGNING_IN,
    )


def downgrade() -> None:
    # The events stay: they are in the middle of the chain.
    op.drop_index("ix_events_signing_in", "events")
    op.drop_index("ix_audit_chain_quickly_found", "audit_chain")
