"""Capability studies and their answers, in the audit chain; events of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage import constraints
from storage.audit.adoption import adopt
from storage.migrations.kinds import know_events

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String(120)
_MOMENT = sa.DateTime(timezone=True)
_TABLES = ("studies", "study_answers")


def upgrade() -> None:
    know_events()
    # They stay when the schema is taken back: their entries are in the middle of the chain.
    if not sa.inspect(op.get_bind()).has_table("studies"):
        _create()
    adopt(op.get_bind(), _TABLES)
    if op.get_bind().dialect.name == "postgresql":
        for table in _TABLES:
            op.execute(
                f"CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION filo_refuse_alteration()"
            )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _TABLES:
            op.execute(f"DROP TRIGGER only_added ON {table}")


def _create() -> None:
    op.create_table(
        "studies",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("recipe_version_id", _ID, nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.Column("presentations", sa.Integer(), nullable=False),
        sa.Column("order_key", sa.String(64), nullable=False),
        sa.Column("created_by", _NAME, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studies")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_studies_product_id_products")),
        sa.ForeignKeyConstraint(
            ["recipe_version_id"], ["recipe_versions.id"], name=op.f("fk_studies_recipe_version_id_recipe_versions")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_studies_product_id_id"), "studies", ["product_id", "id"])
    op.create_table(
        "study_answers",
        sa.Column("id", _ID, nullable=False),
        sa.Column("study_id", _ID, nullable=False),
        sa.Column("appraiser", _NAME, nullable=False),
        sa.Column("presentation", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("image_score", sa.Double(), nullable=True),
        sa.Column("answered_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_answers")),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_study_answers_study_id_studies")),
        sa.CheckConstraint(constraints.VERDICT_KNOWN, name=op.f("ck_study_answers_verdict_known")),
        sa.CheckConstraint(constraints.ANSWER_HAS_PLACE, name=op.f("ck_study_answers_answer_has_place")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_study_answers_study_id_id"), "study_answers", ["study_id", "id"])
