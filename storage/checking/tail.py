"""The end of the chain, checked in a moment: at each start of the program, between the nightly checks of the whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import RowMapping, func, select
from sqlalchemy.orm import Session

from storage.audit.chain import Head, read_genesis, read_head
from storage.audit.contents import CHAINED
from storage.audit.noted import noted_problems
from storage.audit.problems import Problem
from storage.audit.reading import rows_of
from storage.audit.removals import removals
from storage.checking.schema import planted_problems
from storage.checking.verifying import AuditReport, compared, readable, unchained, unlinked
from storage.models import Row
from storage.trust_models import AuditRow

TAIL = 200
"""Entries that are checked at a start."""

_COLUMNS = tuple(AuditRow.__table__.columns)


def verify_tail(session: Session, noted: Head | None = None, length: int = TAIL) -> AuditReport:
    """Check the newest entries and their rows, what stands behind them without an entry, and what was planted.

    Args:
        session: in a transaction that sees one state throughout.
        noted: a head that was noted earlier, which must be in the chain still.
        length: how many entries.
    """
    newest = select(*_COLUMNS).order_by(AuditRow.sequence.desc())
    found = [*reversed(session.execute(newest.limit(length + 1)).mappings().all())]
    tail = found[1:] if len(found) > length else found
    problems = readable(_of_entries(session, found, tail), "audit_chain")
    problems += readable(_of_rows(session, tail), "audit_chain")
    problems += readable(_behind(session, tail), "audit_chain")
    problems += noted_problems(session, noted)
    problems += planted_problems(session)
    return AuditReport(read_head(session), len(tail), tuple(problems))


def _of_entries(session: Session, found: Sequence[RowMapping], tail: Sequence[RowMapping]) -> Iterator[Problem]:
    before = Head(0, read_genesis(session))
    if len(found) > len(tail):
        before = Head(found[0]["sequence"], found[0]["entry_hash"])
    for entry in tail:
        yield from unlinked(entry, before)
        before = Head(entry["sequence"], entry["entry_hash"])


def _of_rows(session: Session, tail: Sequence[RowMapping]) -> Iterator[Problem]:
    entries: defaultdict[str, defaultdict[int, list[RowMapping]]] = defaultdict(lambda: defaultdict(list))
    for entry in tail:
        entries[entry["table_name"]][entry["row_id"]].append(entry)
    removed = removals(session)
    for table in entries.keys() & set(CHAINED):
        contents = {row.row_id: row.content for row in rows_of(session, table, sorted(entries[table]))}
        for row_id, own in entries[table].items():
            yield from compared(own, contents.get(row_id), removed[table, row_id])


def _behind(session: Session, tail: Sequence[RowMapping]) -> Iterator[Problem]:
    """The newest row of each table, if it has no entry: whoever adds one adds it there."""
    ids: defaultdict[str, set[int]] = defaultdict(set)
    for entry in tail:
        ids[entry["table_name"]].add(entry["row_id"])
    for table in CHAINED:
        newest: Any = session.scalar(select(func.max(Row.metadata.tables[table].columns["id"])))
        if newest is not None and newest not in ids[table]:
            has_entry = select(AuditRow.sequence).where(AuditRow.table_name == table, AuditRow.row_id == newest)
            if session.scalar(has_entry.limit(1)) is None:
                yield unchained(table, newest)
