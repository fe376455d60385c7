"""A decision can be taken back by a further row, in blind reviews as well."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.operations.base import BatchOperations

from storage import constraints

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_OF_ONE = ["inspection_id", "reviewer"]
_ONCE, _INDEX = "uq_blind_reviews_inspection_id_reviewer", "ix_blind_reviews_inspection_id_reviewer"


def upgrade() -> None:
    # SQLite changes no rule of a table; it is written anew, and must go on giving no id out twice.
    with op.batch_alter_table("reviews", table_kwargs={"sqlite_autoincrement": True}) as reviews:
        _replace(reviews, "ck_reviews_decision_known", constraints.DECISION_KNOWN)
        _replace(reviews, "ck_reviews_verdict_decides", constraints.REVIEW_DECIDES)
    # A schema that was taken back and brought forward again has the wide rules already.
    once = any(rule["name"] == _ONCE for rule in sa.inspect(op.get_bind()).get_unique_constraints("blind_reviews"))
    with op.batch_alter_table("blind_reviews", table_kwargs={"sqlite_autoincrement": True}) as blind:
        _replace(blind, "ck_blind_reviews_verdict_decides", constraints.BLIND_DECIDES)
        if once:
            blind.drop_constraint(op.f(_ONCE), type_="unique")
            blind.create_index(op.f(_INDEX), _OF_ONE)


def downgrade() -> None:
    # The rules stay wide: rows that need them are in the middle of the chain.
    pass


def _replace(table: BatchOperations, name: str, rule: str) -> None:
    table.drop_constraint(op.f(name), type_="check")
    table.create_check_constraint(op.f(name), sa.text(rule))
