"""Golden sets, taught patches, calibrations, drift alarms and blind reviews."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String(120)
_HASH = sa.String(64)
_WORD = sa.String(16)
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_drafts()
    _create_golden_log()
    _create_calibrations()
    _create_blind_reviews()


def downgrade() -> None:
    for table in (
        "blind_reviews",
        "drift_alarms",
        "calibrations",
        "golden_releases",
        "golden_checks",
        "golden_demands",
        "golden_parts",
        "taught_patches",
    ):
        op.drop_table(table)


def _create_drafts() -> None:
    op.create_table(
        "taught_patches",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("image_hash", _HASH, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("x", "y", "width", "height")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taught_patches")),
        _of_product("taught_patches", ondelete="CASCADE"),
        sa.UniqueConstraint(
            *("product_id", "image_hash", "x", "y", "width", "height"),
            name=op.f("uq_taught_patches_product_id_image_hash_x_y_width_height"),
        ),
    )
    op.create_table(
        "golden_parts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("image_hash", _HASH, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("expected", _WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_golden_parts")),
        _of_product("golden_parts", ondelete="CASCADE"),
        sa.UniqueConstraint("product_id", "image_hash", name=op.f("uq_golden_parts_product_id_image_hash")),
        sa.CheckConstraint("expected IN ('OK', 'NG')", name=op.f("ck_golden_parts_golden_known")),
    )
    op.create_table(
        "golden_demands",
        sa.Column("product_id", _ID, nullable=False, autoincrement=False),
        sa.Column("shift_starts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_golden_demands")),
        _of_product("golden_demands", ondelete="CASCADE"),
    )


def _create_golden_log() -> None:
    op.create_table(
        "golden_checks",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("recipe_version_id", _ID, nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("checked_by", _NAME, nullable=False),
        sa.Column("checked_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_golden_checks")),
        _of_product("golden_checks"),
        sa.ForeignKeyConstraint(
            ["recipe_version_id"],
            ["recipe_versions.id"],
            name=op.f("fk_golden_checks_recipe_version_id_recipe_versions"),
        ),
        sa.CheckConstraint("wrong >= 0 AND wrong <= parts", name=op.f("ck_golden_checks_golden_order")),
        sqlite_autoincrement=True,
    )
    _index("golden_checks", "product_id", "id")
    op.create_table(
        "golden_releases",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("check_id", _ID),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signed_by", _NAME, nullable=False),
        sa.Column("signed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_golden_releases")),
        _of_product("golden_releases"),
        sa.ForeignKeyConstraint(
            ["check_id"], ["golden_checks.id"], name=op.f("fk_golden_releases_check_id_golden_checks")
        ),
        sa.CheckConstraint("signed_by <> '' AND reason <> ''", name=op.f("ck_golden_releases_release_signed")),
        sqlite_autoincrement=True,
    )
    _index("golden_releases", "product_id", "id")


def _create_calibrations() -> None:
    op.create_table(
        "calibrations",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("scoring_hash", _HASH, nullable=False),
        sa.Column("reference_scores", sa.Text(), nullable=False),
        sa.Column("confirmed_scores", sa.Text(), nullable=False),
        sa.Column("last_inspection_id", _ID, nullable=False),
        sa.Column("last_review_id", _ID, nullable=False),
        sa.Column("limit_ok", sa.Double(), nullable=False),
        sa.Column("limit_ng", sa.Double(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("calibrated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibrations")),
        _of_product("calibrations", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    _index("calibrations", "product_id", "id")
    op.create_table(
        "drift_alarms",
        sa.Column("id", _ID, nullable=False),
        sa.Column("calibration_id", _ID, nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("raised_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_alarms")),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["calibrations.id"],
            name=op.f("fk_drift_alarms_calibration_id_calibrations"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("calibration_id", name=op.f("uq_drift_alarms_calibration_id")),
        sqlite_autoincrement=True,
    )


def _create_blind_reviews() -> None:
    op.create_table(
        "blind_reviews",
        sa.Column("id", _ID, nullable=False),
        sa.Column("inspection_id", _ID, nullable=False),
        sa.Column("verdict", _WORD, nullable=False),
        sa.Column("reviewer", _NAME, nullable=False),
        sa.Column("reviewed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blind_reviews")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.id"], name=op.f("fk_blind_reviews_inspection_id_inspections")
        ),
        sa.UniqueConstraint("inspection_id", "reviewer", name=op.f("uq_blind_reviews_inspection_id_reviewer")),
        sa.CheckConstraint("verdict IN ('OK', 'NG')", name=op.f("ck_blind_reviews_verdict_decides")),
        sqlite_autoincrement=True,
    )


def _of_product(table: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["product_id"], ["products.id"], name=op.f(f"fk_{table}_product_id_products"), ondelete=ondelete
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))
