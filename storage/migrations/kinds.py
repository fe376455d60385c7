"""Which kinds of events the table takes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.constraints import EVENT_KNOWN


def know_events() -> None:
    """Let the table of events take every kind that this program knows.

    Not those of the revision alone: after a schema was taken back and brought forward again, later ones are there.
    """
    name = op.f("ck_events_event_known")
    # SQLite changes no rule of a table; it is written anew, and must go on giving no id out twice.
    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as events:
        events.drop_constraint(name, type_="check")
        events.create_check_constraint(name, sa.text(EVENT_KNOWN))
