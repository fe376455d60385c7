"""Checks the chain against itself and against the tables, and names every row that does not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import RowMapping, Select, select
from sqlalchemy.orm import Session

from filo_core.sentence import Sentence
from storage.audit.belonging import belonging_problems
from storage.audit.chain import Head, entry_hash, read_genesis
from storage.audit.contents import CHAINED, FORMAT, sha256
from storage.audit.forwarded import forwarding_problems
from storage.audit.founding import founding_problems
from storage.audit.noted import noted_problems
from storage.audit.problems import Problem
from storage.audit.reading import BATCH, rows_of
from storage.audit.removals import removals
from storage.audit.standing import standing_problems
from storage.checking.schema import schema_problems
from storage.models import Row
from storage.trust_models import AuditRow


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a check of the whole chain found."""

    head: Head
    entries: int
    problems: tuple[Problem, ...]

    @property
    def intact(self) -> bool:
        """True if nothing was found."""
        return not self.problems


def verify(session: Session, noted: Head | None = None) -> AuditReport:
    """Check every entry, every chained row, the schema, and that no row of any table belongs to one that is not there.

    Args:
        session: in a transaction that sees one state throughout.
        noted: a head that was noted earlier. Only with it are rows found that were taken off the chain's end.

    Returns:
        Problems in the order of the chain; rows without an entry come last.
    """
    problems: list[Problem] = []
    entries, head = 0, Head(0, read_genesis(session))
    try:
        for entry in _entries(session, select(*_COLUMNS).order_by(AuditRow.sequence)):
            entries += 1
            problems += unlinked(entry, head)
            head = Head(entry["sequence"], entry["entry_hash"], entry["at"])
    except _UNREADABLE:
        problems.append(
            Problem(
                0,
                "audit_chain",
                head.sequence,
                Sentence("behind this entry, one holds a value that this program never writes"),
            )
        )
    problems += noted_problems(session, noted)
    removed = removals(session)
    for table in CHAINED:
        problems += readable(_misfits(session, table, removed), table, _unreadable(session, table))
    problems += readable(standing_problems(session), "products")
    problems += readable(forwarding_problems(session), "forwarded")
    problems += readable(founding_problems(session), "foundation")
    problems += belonging_problems(session)
    problems += schema_problems(session)
    ordered = sorted(problems, key=lambda problem: (problem.sequence == 0, problem.sequence, problem.table))
    return AuditReport(head, entries, tuple(ordered))


_COLUMNS = tuple(AuditRow.__table__.columns)
_PLACED = tuple(column for column in _COLUMNS if column.name in {"sequence", "table_name", "row_id", "content_hash"})
_UNREADABLE = (ValueError, TypeError)
"""What reading a value raises that somebody put into a column of another type, as SQLite lets them."""


def readable(found: Iterator[Problem], table: str, otherwise: Iterable[Problem] = ()) -> list[Problem]:
    """What was found in a table; where it cannot be read as a whole, which of its rows are to blame."""
    try:
        return list(found)
    except _UNREADABLE:
        return list(otherwise) or [Problem(0, table, 0, Sentence("a row holds a value that this program never writes"))]


def _unreadable(session: Session, table: str) -> Iterator[Problem]:
    for row_id in session.scalars(select(Row.metadata.tables[table].columns["id"])).all():
        try:
            list(rows_of(session, table, [row_id]))
        except _UNREADABLE:
            yield Problem(0, table, row_id, Sentence("the row holds a value that this program never writes"))


def _entries(session: Session, query: Select[Any]) -> Iterator[RowMapping]:
    yield from session.execute(query.execution_options(yield_per=BATCH)).mappings()


def unlinked(entry: RowMapping, before: Head) -> Iterator[Problem]:
    """An entry that does not fit the one before."""
    sequence, place = entry["sequence"], (entry["table_name"], entry["row_id"])
    if sequence != before.sequence + 1:
        missing = Sentence(
            "the chain has no entries {first} to {last} before this one", first=before.sequence + 1, last=sequence - 1
        )
        yield Problem(sequence, *place, missing)
        return
    if entry["format"] > FORMAT:
        yield Problem(sequence, *place, Sentence("written by a newer version of this program, which has to check it"))
        return
    bound = entry_hash(sequence, entry["at"], *place, entry["format"], entry["content_hash"], before.entry_hash)
    if bound != entry["entry_hash"]:
        yield Problem(sequence, *place, Sentence("the entry of the chain was changed or moved"))
    elif entry["table_name"] not in CHAINED:
        yield Problem(sequence, *place, Sentence("an entry of a table that this program does not chain"))


def _misfits(session: Session, table: str, removed: Counter[tuple[str, int]]) -> Iterator[Problem]:
    """Walk the table and its entries side by side, both by row id."""
    query = select(*_PLACED).where(AuditRow.table_name == table).order_by(AuditRow.row_id, AuditRow.sequence)
    rows = rows_of(session, table)
    row = next(rows, None)
    for row_id, group in groupby(_entries(session, query), key=lambda entry: entry["row_id"]):
        while row is not None and row.row_id < row_id:
            yield unchained(table, row.row_id)
            row = next(rows, None)
        present = row if row is not None and row.row_id == row_id else None
        yield from compared(list(group), present.content if present else None, removed[table, row_id])
        if present is not None:
            row = next(rows, None)
    while row is not None:
        yield unchained(table, row.row_id)
        row = next(rows, None)


def compared(entries: Sequence[RowMapping], content: str | None, removed: int) -> Iterator[Problem]:
    """One row and its entries: several when the program removed a row and the database gave its id out again."""
    newest = entries[-1]
    place = (newest["sequence"], newest["table_name"], newest["row_id"])
    if content is None:
        if removed < len(entries):
            yield Problem(*place, Sentence("the row was removed"))
    elif sha256(content) != newest["content_hash"]:
        yield Problem(*place, Sentence("the row was changed"))
    elif removed < len(entries) - 1:
        yield Problem(*place, Sentence("the row stands twice in the chain"))


def unchained(table: str, row_id: int) -> Problem:
    """A row that no entry speaks of."""
    return Problem(0, table, row_id, Sentence("the row has no entry: it was not added by this program"))
