"""The tables of the station's outbox, see :mod:`storage.outbox`."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA = MetaData()
STATION = Table("station", METADATA, Column("outbox_id", Text, nullable=False))
TRIGGERS = Table(
    "triggers",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("trigger_id", Text, nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("result", Text),
    Column("identity", Text),
    Index("ix_triggers_by_name", "trigger_id", "asked_at"),
    Index("ix_triggers_by_age", "asked_at"),
    Index("ix_triggers_open", "id", sqlite_where=text("result IS NULL")),
)
MESSAGES = Table(
    "messages",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("sink", Text, nullable=False),
    Column("trigger", Integer, ForeignKey("triggers.id", ondelete="CASCADE"), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("problem", Text, nullable=False, default=""),
    Column("delivered_at", Float),
    UniqueConstraint("trigger", "sink"),
    Index("ix_messages_waiting", "sink", "id", sqlite_where=text("delivered_at IS NULL")),
)
ARRIVALS = Table(
    "arrivals",
    METADATA,
    Column("folder", Text, primary_key=True),
    Column("name", LargeBinary, primary_key=True),
    Column("mark", Text, nullable=False),
)
"""Files of watched folders that were answered, for as long as they lie there. Names are bytes: not all are text."""
REFUSED = Table(
    "refused",
    METADATA,
    Column("message", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("why", Text, nullable=False),
)
"""Messages that are not what the record says: they are never delivered, and stay as they were found."""
NOTICES = Table(
    "notices",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("sink", Text, nullable=False),
    Column("notice", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("problem", Text, nullable=False, default=""),
    Column("delivered_at", Float),
    UniqueConstraint("notice", "sink"),
    Index("ix_notices_waiting", "sink", "id", sqlite_where=text("delivered_at IS NULL")),
)
"""What people are told beside verdicts, as ``Notification.kept`` writes it; one row a receiver."""
MARKS = Table("marks", METADATA, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
"""How far something has come that goes on after a start."""
