"""Adding to the chain: each entry's hash covers its row's content and the hash of the entry before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, inspect, select
from sqlalchemy.orm import Session

from storage.audit.contents import canonical, content_of, format_of, moment, sha256
from storage.trust_models import AuditRow, FoundationRow

GENESIS = "0" * 64
"""What stands for the hash before the first entry of a chain that is older than its foundation."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of a chain; sequence 0 for an empty one."""

    sequence: int
    entry_hash: str
    at: datetime | None = None

    def __str__(self) -> str:
        return f"{self.sequence}:{self.entry_hash}"


@dataclass(frozen=True, slots=True)
class Added:
    """A row that was added, ready to be chained."""

    table: str
    row_id: int
    content: str
    content_format: int

    @classmethod
    def of(cls, table: str, row: Mapping[str, Any], regions: Iterable[Mapping[str, Any]] = ()) -> Added:
        """The entry of a row, given by its columns' names."""
        return cls(table, row["id"], content_of(table, row, regions), format_of(table, row))


def entry_hash(
    sequence: int, at: datetime, table: str, row_id: int, content_format: int, content_hash: str, before: str
) -> str:
    """SHA-256 over all that an entry says and the hash of the entry before it."""
    return sha256(canonical([content_format, sequence, moment(at), table, row_id, content_hash, before]))


def genesis_of(installation: str, begun_at: datetime) -> str:
    """What stands for the hash before the first entry: it binds the whole chain to where and when it was begun."""
    return sha256(canonical(["filo-audit", installation, moment(begun_at)]))


def read_head(session: Session | Connection) -> Head:
    """The newest entry; of an empty chain what its first entry is to be bound to."""
    newest = select(AuditRow.sequence, AuditRow.entry_hash, AuditRow.at).order_by(AuditRow.sequence.desc()).limit(1)
    found = session.execute(newest).one_or_none()
    return Head(*found) if found is not None else Head(0, read_genesis(session))


def read_genesis(session: Session | Connection) -> str:
    """What the first entry is bound to."""
    connection = session.connection() if isinstance(session, Session) else session
    # While an old schema is brought forward, the chain is there before its foundation.
    if not inspect(connection).has_table(FoundationRow.__tablename__):
        return GENESIS
    return session.scalar(select(FoundationRow.genesis).limit(1)) or GENESIS


def append(session: Session | Connection, added: Sequence[Added], at: datetime, head: Head) -> Head:
    """Chain rows in their order behind ``head``; the caller holds back all other writers until its transaction ends.

    Returns:
        The new head.
    """
    links = []
    for entry in added:
        sequence, content_hash = head.sequence + 1, sha256(entry.content)
        place = (entry.table, entry.row_id, entry.content_format)
        bound = entry_hash(sequence, at, *place, content_hash, head.entry_hash)
        links.append(
            {
                "sequence": sequence,
                "at": at,
                "table_name": entry.table,
                "row_id": entry.row_id,
                "format": entry.content_format,
                "content_hash": content_hash,
                "entry_hash": bound,
            }
        )
        head = Head(sequence, bound, at)
    if links:
        session.execute(insert(AuditRow), links)
    return head
