"""Users, sessions, jobs, events and the audit chain; the model's hash beside every verdict."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.audit.adoption import adopt

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String(120)
_NAME_KEY = sa.String(360)
_HASH = sa.String(64)
_WORD = sa.String(16)
_KIND = sa.String(32)
_MOMENT = sa.DateTime(timezone=True)
_KINDS = (
    "user changed", "signed in", "signed out", "sign-in refused", "product removed", "clock moved back", "recovered",
    "restored", "chain begun", "images removed", "disk full",
)  # fmt: skip


def upgrade() -> None:
    op.add_column("inspections", sa.Column("model_hash", _HASH, nullable=False, server_default=""))
    op.execute(
        "UPDATE inspections SET model_hash = (SELECT recipe_versions.model_hash FROM recipe_versions "
        "WHERE recipe_versions.id = inspections.recipe_version_id)"
    )
    _create_users()
    _create_sessions_and_jobs()
    _create_events()
    op.create_table(
        "audit_chain",
        sa.Column("sequence", _ID, nullable=False, autoincrement=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("table_name", _KIND, nullable=False),
        sa.Column("row_id", _ID, nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("content_hash", _HASH, nullable=False),
        sa.Column("entry_hash", _HASH, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_chain")),
        sa.CheckConstraint(
            "sequence > 0 AND content_hash <> '' AND entry_hash <> ''", name=op.f("ck_audit_chain_linked")
        ),
    )
    adopt(op.get_bind(), ("recipe_versions", "inspections", "reviews"))


def downgrade() -> None:
    # Later ones that stay as long as there is a chain.
    for table in ("part_views", "known_inspections", "named_regions", "namings", "study_answers", "studies"):
        op.drop_table(table, if_exists=True)
    for table in ("audit_chain", "events", "jobs", "sessions", "sign_in_locks", "users"):
        op.drop_table(table)
    op.drop_column("inspections", "model_hash")


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("name_key", _NAME_KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("role", _WORD, nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("changed_by", _NAME, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name_key", "version", name=op.f("uq_users_name_key_version")),
        sa.CheckConstraint("role IN ('operator', 'supervisor', 'admin')", name=op.f("ck_users_role_known")),
        sa.CheckConstraint("version > 0 AND name <> '' AND pin_hash <> ''", name=op.f("ck_users_user_has_pin")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sign_in_locks",
        sa.Column("name_key", _NAME_KEY, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("refused_at", _MOMENT, nullable=False),
        sa.Column("delay_s", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name_key", name=op.f("pk_sign_in_locks")),
        sa.CheckConstraint("failures >= 0 AND delay_s >= 0", name=op.f("ck_sign_in_locks_lock_in_range")),
    )


def _create_sessions_and_jobs() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("run", _HASH, nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id_users")),
    )
    op.create_index(op.f("ix_sessions_run"), "sessions", ["run"])
    op.create_table(
        "jobs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("run", _HASH, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.CheckConstraint(
            "state IN ('running', 'finished', 'stopped', 'failed', 'interrupted')", name=op.f("ck_jobs_state_known")
        ),
        sa.CheckConstraint("(state = 'running') = (ended_at IS NULL)", name=op.f("ck_jobs_job_ends_once")),
    )
    op.create_index(op.f("ix_jobs_run_state"), "jobs", ["run", "state"])


def _create_events() -> None:
    listed = ", ".join(f"'{kind}'" for kind in _KINDS)
    op.create_table(
        "events",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("kind", _KIND, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.CheckConstraint(f"kind IN ({listed})", name=op.f("ck_events_event_known")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_events_kind_id"), "events", ["kind", "id"])
