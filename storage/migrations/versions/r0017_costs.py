"""What a defect of each type costs a product, and the named regions that came with an imported one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage import constraints

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String(120)
_INDEX = "ix_carried_examples_product_id_space"


def upgrade() -> None:
    op.create_table(
        "type_costs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("cost", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_type_costs")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_type_costs_product_id_products"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("product_id", "name", name=op.f("uq_type_costs_product_id_name")),
        sa.CheckConstraint(constraints.COST_KNOWN, name=op.f("ck_type_costs_cost_known")),
    )
    op.create_table(
        "carried_examples",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("space", _NAME, nullable=False),
        sa.Column("part", _NAME, nullable=False),
        sa.Column("embedding", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carried_examples")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_carried_examples_product_id_products"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f(_INDEX), "carried_examples", ["product_id", "space"])


def downgrade() -> None:
    op.drop_table("carried_examples")
    op.drop_table("type_costs")
