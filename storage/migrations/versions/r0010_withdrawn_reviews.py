"""A decision can be taken back by a further row, in blind reviews as well."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage import constraints

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String(120)
_WORD = sa.String(16)
_MOMENT = sa.DateTime(timezone=True)
_OF_ONE = ["inspection_id", "reviewer"]
_ONCE, _INDEX = "uq_blind_reviews_inspection_id_reviewer", "ix_blind_reviews_inspection_id_reviewer"


def upgrade() -> None:
    # A schema that was taken back and brought forward again has the wide rules already.
    if not any(rule["name"] == _ONCE for rule in sa.inspect(op.get_bind()).get_unique_constraints("blind_reviews")):
        return
    if op.get_bind().dialect.name == "sqlite":
        _write_reviews_anew()
        _write_blind_reviews_anew()
    else:
        _replace("reviews", "decision_known", constraints.DECISION_KNOWN)
        _replace("reviews", "verdict_decides", constraints.REVIEW_DECIDES)
        _replace("blind_reviews", "verdict_decides", constraints.BLIND_DECIDES)
        op.drop_constraint(op.f(_ONCE), "blind_reviews", type_="unique")
    op.create_index(op.f(_INDEX), "blind_reviews", _OF_ONE)


def downgrade() -> None:
    # The rules stay wide: rows that need them are in the middle of the chain.
    pass


def _replace(table: str, rule: str, words: str) -> None:
    name = op.f(f"ck_{table}_{rule}")
    op.drop_constraint(name, table, type_="check")
    op.create_check_constraint(name, table, sa.text(words))


def _write_reviews_anew() -> None:
    """SQLite changes no rule of a table. By hand: a batch of Alembic's writes the rules in an order of chance."""
    op.create_table(
        "reviews_anew",
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
        sa.CheckConstraint(constraints.DECISION_KNOWN, name=op.f("ck_reviews_decision_known")),
        sa.CheckConstraint(constraints.REVIEW_DECIDES, name=op.f("ck_reviews_verdict_decides")),
        sa.CheckConstraint(constraints.OVERRULE_HAS_REASON, name=op.f("ck_reviews_overrule_has_reason")),
        sa.CheckConstraint(constraints.RETYPE_HAS_TYPE, name=op.f("ck_reviews_retype_has_type")),
        sqlite_autoincrement=True,
    )
    _put_in_place("reviews")
    for columns in (["inspection_id", "id"], ["anomaly_type", "inspection_id"]):
        op.create_index(op.f(f"ix_reviews_{'_'.join(columns)}"), "reviews", columns)


def _write_blind_reviews_anew() -> None:
    op.create_table(
        "blind_reviews_anew",
        sa.Column("id", _ID, nullable=False),
        sa.Column("inspection_id", _ID, nullable=False),
        sa.Column("verdict", _WORD, nullable=False),
        sa.Column("reviewer", _NAME, nullable=False),
        sa.Column("reviewed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blind_reviews")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.id"], name=op.f("fk_blind_reviews_inspection_id_inspections")
        ),
        sa.CheckConstraint(constraints.BLIND_DECIDES, name=op.f("ck_blind_reviews_verdict_decides")),
        sqlite_autoincrement=True,
    )
    _put_in_place("blind_reviews")


def _put_in_place(name: str) -> None:
    op.execute(f"INSERT INTO {name}_anew SELECT * FROM {name} ORDER BY id")  # noqa: S608 - both names are our own
    op.drop_table(name)
    op.rename_table(f"{name}_anew", name)
