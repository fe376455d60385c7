"""Products, recipe versions, inspections, regions and reviews."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String(120)
_HASH = sa.String(64)
_WORD = sa.String(16)
_MOMENT = sa.DateTime(timezone=True)
_JUDGED_ONCE = sa.text("origin = 'folder' AND verdict <> 'NOT_INSPECTED'")


def upgrade() -> None:
    _create_products()
    _create_recipe_versions()
    _create_inspections()
    _create_regions()
    _create_reviews()


def downgrade() -> None:
    for table in ("reviews", "regions", "inspections", "recipe_versions", "reference_images", "anomaly_types"):
        op.drop_table(table)
    op.drop_table("products")


def _create_products() -> None:
    op.create_table(
        "products",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("name_key", sa.String(360), nullable=False),
        sa.Column("class_name", _NAME, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("domain", _NAME, nullable=False),
        sa.Column("roi_x", sa.Integer()),
        sa.Column("roi_y", sa.Integer()),
        sa.Column("roi_width", sa.Integer()),
        sa.Column("roi_height", sa.Integer()),
        sa.Column("profile", _NAME, nullable=False),
        sa.Column("limit_ok", sa.Double()),
        sa.Column("limit_ng", sa.Double()),
        sa.Column("limit_region", sa.Double()),
        sa.Column("calibration_note", sa.Text(), nullable=False),
        sa.Column("model_hash", _HASH, nullable=False),
        sa.Column("signed_version", sa.Integer()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("name_key", name=op.f("uq_products_name_key")),
        sa.CheckConstraint("kind IN ('object', 'texture')", name=op.f("ck_products_kind_known")),
        sa.CheckConstraint(
            "(limit_ok IS NULL AND limit_ng IS NULL AND limit_region IS NULL) OR "
            "(limit_ok >= 0 AND limit_ok <= limit_ng AND limit_region >= 0)",
            name=op.f("ck_products_limits_whole"),
        ),
        sa.CheckConstraint(
            "(roi_x IS NULL AND roi_y IS NULL AND roi_width IS NULL AND roi_height IS NULL) OR "
            "(roi_x IS NOT NULL AND roi_y IS NOT NULL AND roi_width > 0 AND roi_height > 0)",
            name=op.f("ck_products_roi_whole"),
        ),
    )
    op.create_table(
        "anomaly_types",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("severity", _WORD, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("provenance", _WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anomaly_types")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_anomaly_types_product_id_products"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("product_id", "name", name=op.f("uq_anomaly_types_product_id_name")),
        sa.CheckConstraint("severity IN ('critical', 'major', 'minor')", name=op.f("ck_anomaly_types_severity_known")),
        sa.CheckConstraint(
            "provenance IN ('library', 'language model', 'person', 'imported')",
            name=op.f("ck_anomaly_types_provenance_known"),
        ),
    )
    op.create_table(
        "reference_images",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("image_hash", _HASH, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_images")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_reference_images_product_id_products"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("product_id", "image_hash", name=op.f("uq_reference_images_product_id_image_hash")),
    )


def _create_recipe_versions() -> None:
    op.create_table(
        "recipe_versions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_hash", _HASH, nullable=False),
        sa.Column("model_hash", _HASH, nullable=False),
        sa.Column("signed_by", _NAME, nullable=False),
        sa.Column("signed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipe_versions")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_recipe_versions_product_id_products")),
        sa.UniqueConstraint("product_id", "version", name=op.f("uq_recipe_versions_product_id_version")),
        sa.UniqueConstraint("product_id", "content_hash", name=op.f("uq_recipe_versions_product_id_content_hash")),
    )


def _create_inspections() -> None:
    op.create_table(
        "inspections",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("recipe_version_id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("image_hash", _HASH, nullable=False),
        sa.Column("map_hash", _HASH, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("verdict", _WORD, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("image_score", sa.Double()),
        sa.Column("limit_ok", sa.Double(), nullable=False),
        sa.Column("limit_ng", sa.Double(), nullable=False),
        sa.Column("limit_region", sa.Double(), nullable=False),
        sa.Column("trained", sa.Boolean(), nullable=False),
        sa.Column("origin", _WORD, nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("captured_at", _MOMENT),
        sa.Column("inspected_at", _MOMENT, nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("stage_seconds", sa.Text(), nullable=False),
        sa.Column("frame_id", _ID),
        sa.Column("frame_age_ms", sa.Double()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspections")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_inspections_product_id_products")),
        sa.ForeignKeyConstraint(
            ["recipe_version_id"], ["recipe_versions.id"], name=op.f("fk_inspections_recipe_version_id_recipe_versions")
        ),
        sa.CheckConstraint(
            "verdict IN ('OK', 'REVIEW', 'NG', 'NOT_INSPECTED')", name=op.f("ck_inspections_verdict_known")
        ),
        sa.CheckConstraint("origin IN ('folder', 'live', 'single')", name=op.f("ck_inspections_origin_known")),
        sa.CheckConstraint(
            "(verdict = 'NOT_INSPECTED' AND image_score IS NULL) OR (verdict <> 'NOT_INSPECTED' "
            "AND image_score IS NOT NULL AND image_hash <> '' AND map_hash <> '')",
            name=op.f("ck_inspections_judged_with_evidence"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("uq_inspections_judged_once"),
        "inspections",
        ["recipe_version_id", "image_hash"],
        unique=True,
        sqlite_where=_JUDGED_ONCE,
        postgresql_where=_JUDGED_ONCE,
    )
    _index("inspections", "recipe_version_id")
    _index("inspections", "product_id", "id")
    _index("inspections", "product_id", "verdict", "id")
    _index("inspections", "product_id", "inspected_at")
    _index("inspections", "verdict", "id")
    _index("inspections", "inspected_at")


def _create_regions() -> None:
    op.create_table(
        "regions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("inspection_id", _ID, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("x", sa.Integer(), nullable=False),
        sa.Column("y", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("area_px", sa.Integer(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("anomaly_type", _NAME, nullable=False),
        sa.Column("type_confidence", sa.Double(), nullable=False),
        sa.Column("position", _WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regions")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.id"], name=op.f("fk_regions_inspection_id_inspections")
        ),
        sa.UniqueConstraint("inspection_id", "ordinal", name=op.f("uq_regions_inspection_id_ordinal")),
    )
    _index("regions", "anomaly_type", "inspection_id")


def _create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", _ID, nullable=False),
        sa.Column("inspection_id", _ID, nullable=False),
        sa.Column("decision", _WORD, nullable=False),
        sa.Column("verdict", _WORD, nullable=False),
        sa.Column("reviewer", _NAME, nullable=False),
        sa.Column("reviewed_at", _MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("anomaly_type", _NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.id"], name=op.f("fk_reviews_inspection_id_inspections")
        ),
        sa.CheckConstraint("decision IN ('confirm', 'overrule', 'retype')", name=op.f("ck_reviews_decision_known")),
        sa.CheckConstraint("verdict IN ('OK', 'NG')", name=op.f("ck_reviews_verdict_decides")),
        sa.CheckConstraint("decision <> 'overrule' OR reason <> ''", name=op.f("ck_reviews_overrule_has_reason")),
        sa.CheckConstraint("decision <> 'retype' OR anomaly_type <> ''", name=op.f("ck_reviews_retype_has_type")),
        sqlite_autoincrement=True,
    )
    _index("reviews", "inspection_id", "id")
    _index("reviews", "anomaly_type", "inspection_id")


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))
