"""A product may be looked at in several views, and an inspected part has what each of them came to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage import constraints
from storage.migrations.columns import add_at_end

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_HASH = sa.String(64)
_VIEWS = "part_views"
_ONCE, _PART_ONCE = "uq_inspections_judged_once", "uq_inspections_part_judged_once"
_ONE_PICTURE = "origin = 'folder' AND verdict <> 'NOT_INSPECTED'"
_EMPTY_PARTS, _PARTS = f"{_ONE_PICTURE} AND part_hash = ''", f"{_ONE_PICTURE} AND part_hash <> ''"


def upgrade() -> None:
    op.add_column("products", sa.Column("view_of", _ID, nullable=True))
    op.create_index(op.f("ix_products_view_of"), "products", ["view_of"])
    op.add_column("products", sa.Column("view_name", sa.String(120), nullable=False, server_default=""))
    op.add_column("products", sa.Column("view_suffix", sa.String(120), nullable=False, server_default=""))
    op.add_column("products", sa.Column("view_source", sa.Text(), nullable=False, server_default=""))
    op.drop_index(_ONCE, table_name="inspections")
    add_at_end("inspections", sa.Column("part_hash", _HASH, nullable=False, server_default=""))
    _once(_ONCE, "image_hash", _EMPTY_PARTS)
    _once(_PART_ONCE, "part_hash", _PARTS)
    _create_part_views()
    if not _is_sqlite():
        op.execute(
            f"CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {_VIEWS} "
            "FOR EACH STATEMENT EXECUTE FUNCTION filo_refuse_alteration()"
        )


def downgrade() -> None:
    # The table stays with its rows while there is a chain: their entries are in the middle of it. r0003 drops it. So do
    # the hashes of parts: two parts may share the picture that decided, which the rule for one picture forbids.
    if not _is_sqlite():
        op.execute(f"DROP TRIGGER only_added ON {_VIEWS}")
    op.drop_index(_PART_ONCE, table_name="inspections")
    op.drop_index(op.f("ix_products_view_of"), table_name="products")
    for column in ("view_source", "view_suffix", "view_name", "view_of"):
        op.drop_column("products", column)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _once(name: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        op.f(name),
        "inspections",
        ["recipe_version_id", column],
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def _create_part_views() -> None:
    if sa.inspect(op.get_bind()).has_table(_VIEWS):
        return
    op.create_table(
        _VIEWS,
        sa.Column("id", _ID, nullable=False),
        sa.Column("inspection_id", _ID, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("recipe_version_id", _ID, nullable=False),
        sa.Column("image_hash", _HASH, nullable=False),
        sa.Column("map_hash", _HASH, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("image_score", sa.Double(), nullable=True),
        sa.Column("limit_ok", sa.Double(), nullable=False),
        sa.Column("limit_ng", sa.Double(), nullable=False),
        sa.Column("limit_region", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("regions", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_views")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.id"], name=op.f("fk_part_views_inspection_id_inspections")
        ),
        sa.ForeignKeyConstraint(
            ["recipe_version_id"], ["recipe_versions.id"], name=op.f("fk_part_views_recipe_version_id_recipe_versions")
        ),
        sa.UniqueConstraint("inspection_id", "ordinal", name=op.f("uq_part_views_inspection_id_ordinal")),
        sa.CheckConstraint(constraints.VERDICT_KNOWN, name=op.f("ck_part_views_verdict_known")),
        sa.CheckConstraint(constraints.JUDGED_WITH_EVIDENCE, name=op.f("ck_part_views_judged_with_evidence")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_part_views_recipe_version_id"), _VIEWS, ["recipe_version_id"])
