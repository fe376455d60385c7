"""Which rows the chain vouches for. What decides who may sign in is believed only with its entry, at every sign-in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row as Found
from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from storage.audit.chain import entry_hash
from storage.audit.contents import sha256
from storage.audit.reading import rows_of
from storage.trust_models import QUICKLY_FOUND, AuditRow


@dataclass(frozen=True, slots=True)
class Vouched:
    """Rows of one table by their ids."""

    sound: frozenset[int]
    """Stand as the chain has them."""
    changed: frozenset[int]
    """Have an entry, and stand otherwise."""
    gone: frozenset[int]
    """Have an entry, and are no more."""


def vouched(session: Session, table: str, ids: Sequence[int] | None = None) -> Vouched:
    """Hold the rows of ``users`` or ``events`` against their entries, and each of these against the one before it.

    Args:
        session: to read in.
        table: one whose entries are found quickly.
        ids: only these rows; all of the table unless given.
    """
    entries = _entries(session, table, ids)
    before = _hashes_before(session, [entry.sequence for entry in entries.values()])
    contents = _contents(session, table, list(entries) if ids is None else ids)
    sound = {row_id for row_id, entry in entries.items() if _fits(entry, contents.get(row_id), before)}
    present = contents.keys() & entries.keys()
    return Vouched(frozenset(sound), frozenset(present - sound), frozenset(entries.keys() - contents.keys()))


def entries_of(table: str) -> Select[int]:
    """The chain's entries of such rows, whatever became of the rows."""
    return select(AuditRow.sequence).where(text(QUICKLY_FOUND), AuditRow.table_name == table)


def _entries(session: Session, table: str, ids: Sequence[int] | None) -> dict[int, Found[tuple[AuditRow]]]:
    columns = AuditRow.__table__.columns
    query = select(*columns).where(text(QUICKLY_FOUND), AuditRow.table_name == table).order_by(AuditRow.sequence)
    if ids is not None:
        query = query.where(AuditRow.row_id.in_(ids))
    # The newest of a row stands.
    return {entry.row_id: entry for entry in session.execute(query)}


def _hashes_before(session: Session, sequences: Sequence[int]) -> dict[int, str]:
    wanted = [sequence - 1 for sequence in sequences]
    query = select(AuditRow.sequence, AuditRow.entry_hash).where(AuditRow.sequence.in_(wanted))
    return dict(session.execute(query).all())


def _contents(session: Session, table: str, ids: Sequence[int]) -> dict[int, str]:
    """Hash of each row's content; empty for one that holds what this program never writes."""
    try:
        return {row.row_id: sha256(row.content) for row in rows_of(session, table, ids)}
    except (ValueError, TypeError):
        return {row_id: _one(session, table, row_id) for row_id in ids}


def _one(session: Session, table: str, row_id: int) -> str:
    try:
        return next((sha256(row.content) for row in rows_of(session, table, [row_id])), "")
    except (ValueError, TypeError):
        return ""


def _fits(entry: Found[tuple[AuditRow]], content_hash: str | None, before: dict[int, str]) -> bool:
    if content_hash != entry.content_hash:
        return False
    if entry.sequence == 1:
        # What it is bound to is for the whole chain's check.
        return True
    if entry.sequence - 1 not in before:
        return False
    place = (entry.table_name, entry.row_id)
    said = entry_hash(entry.sequence, entry.at, *place, entry.format, entry.content_hash, before[entry.sequence - 1])
    return bool(said == entry.entry_hash)
