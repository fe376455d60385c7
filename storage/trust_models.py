"""The tables that make the record one that can be trusted: people, their sessions, jobs, events and the audit chain.

Users are versions: a new PIN, role or state is a new row, and the newest of a name counts. Users, events and the chain
are only ever added. Sessions, jobs and locks are states, and change.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage import constraints
from storage.columns import LONGEST_NAME, Hash, PlainText, RowId, UtcDateTime, Word
from storage.models import Row

_KIND = String(32)
QUICKLY_FOUND = "table_name IN ('users', 'events')"
"""Of the chain: entries that are looked for at every sign-in. The millions of verdicts are not among them."""
SIGNING_IN = "kind IN ('signed in', 'sign-in refused', 'user changed')"
"""Of the events: those that tell how often a name was refused in a row."""


class UserRow(Row):
    """One version of a user. ``pin_hash`` is argon2's whole text, with its salt and cost."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("name_key", "version"),
        CheckConstraint(constraints.ROLE_KNOWN, name="role_known"),
        CheckConstraint(constraints.USER_HAS_PIN, name="user_has_pin"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    name_key: Mapped[str] = mapped_column(String(3 * LONGEST_NAME))
    version: Mapped[int]
    role: Mapped[str] = mapped_column(Word)
    disabled: Mapped[bool]
    pin_hash: Mapped[str] = mapped_column(PlainText)
    changed_by: Mapped[str] = mapped_column(String(LONGEST_NAME))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInLockRow(Row):
    """How often a name was refused in a row, and since when and for how long it must wait."""

    __tablename__ = "sign_in_locks"
    __table_args__ = (CheckConstraint(constraints.LOCK_IN_RANGE, name="lock_in_range"),)

    name_key: Mapped[str] = mapped_column(String(3 * LONGEST_NAME), primary_key=True)
    failures: Mapped[int]
    refused_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delay_s: Mapped[int]


class SessionRow(Row):
    """A person at a station, from signing in to signing out."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "run"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    station: Mapped[str] = mapped_column(PlainText)
    run: Mapped[str] = mapped_column(Hash)
    """The program run it belongs to, as the image store names it."""
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class JobRow(Row):
    """A piece of work of a program run, such as the inspection of a folder."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(constraints.STATE_KNOWN, name="state_known"),
        CheckConstraint(constraints.JOB_ENDS_ONCE, name="job_ends_once"),
        Index(None, "run", "state"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(PlainText)
    station: Mapped[str] = mapped_column(PlainText)
    operator: Mapped[str] = mapped_column(PlainText)
    run: Mapped[str] = mapped_column(Hash)
    state: Mapped[str] = mapped_column(Word)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class JobInspectionRow(Row):
    """An inspection that was made in a job of this station. No verdict follows from it, so it is not in the chain."""

    __tablename__ = "job_inspections"
    __table_args__ = (Index(None, "job_id", "inspection_id"),)

    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspections.id"), primary_key=True, autoincrement=False)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))


class EventRow(Row):
    """Something that happened to the record: who, what to, and the particulars as a JSON object."""

    __tablename__ = "events"
    __table_args__ = (
        CheckConstraint(constraints.EVENT_KNOWN, name="event_known"),
        Index(None, "kind", "id"),
        Index(
            "ix_events_signing_in", "subject", "id", sqlite_where=text(SIGNING_IN), postgresql_where=text(SIGNING_IN)
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(_KIND)
    actor: Mapped[str] = mapped_column(PlainText)
    station: Mapped[str] = mapped_column(PlainText)
    subject: Mapped[str] = mapped_column(PlainText)
    detail: Mapped[str] = mapped_column(PlainText)


class FoundationRow(Row):
    """Where and when the record was begun: one row. ``genesis`` is what the chain's first entry is bound to.

    It is the hash of the other two. Zeros stand there in a record that is older than this table: an event of its chain
    tells the other two then.
    """

    __tablename__ = "foundation"
    __table_args__ = (CheckConstraint(constraints.ONE_FOUNDATION, name="one_foundation"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    installation: Mapped[str] = mapped_column(Hash)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    genesis: Mapped[str] = mapped_column(Hash)


class AuditRow(Row):
    """A link of the audit chain: what row was added, the hash of its content, and the hash that binds the order."""

    __tablename__ = "audit_chain"
    __table_args__ = (
        CheckConstraint(constraints.LINKED, name="linked"),
        Index(
            "ix_audit_chain_quickly_found",
            "table_name",
            "row_id",
            sqlite_where=text(QUICKLY_FOUND),
            postgresql_where=text(QUICKLY_FOUND),
        ),
    )

    sequence: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    table_name: Mapped[str] = mapped_column(_KIND)
    row_id: Mapped[int] = mapped_column(RowId)
    format: Mapped[int]
    """Which columns the content hash covers: see :mod:`storage.audit.contents`."""
    content_hash: Mapped[str] = mapped_column(Hash)
    entry_hash: Mapped[str] = mapped_column(Hash)
