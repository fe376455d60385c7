"""A head that was noted earlier, looked for in the chain: it must be there, unless a restore says why it is not."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from filo_core.errors import StorageError
from filo_core.sentence import Sentence
from filo_core.types import EventKind
from storage.audit.chain import Head
from storage.audit.happenings import told
from storage.audit.problems import Problem
from storage.trust_models import AuditRow

_CHAIN = AuditRow.__tablename__


def parse_head(text: str) -> Head:
    """A head as the program prints it and sends it along: ``SEQUENCE:HASH``, a signature behind it or not.

    Raises:
        StorageError: if it is none.
    """
    sequence, _, entry_hash = text.strip().partition(":")
    entry_hash = entry_hash.partition(".")[0]
    if not sequence.isdecimal() or not entry_hash:
        raise StorageError("{text!r} is no head. Give it as audit verify printed it: 12:3fa…", text=text[:80])
    return Head(int(sequence), entry_hash)


def noted_problems(session: Session, noted: Head | None) -> Iterator[Problem]:
    """Nothing while the noted head is in the chain."""
    if noted is None or noted.sequence == 0:
        return
    found = session.scalar(select(AuditRow.entry_hash).where(AuditRow.sequence == noted.sequence))
    if found == noted.entry_hash:
        return
    what = Sentence(
        "the head that was noted is not in it: entries were taken off its end, or the chain was written anew"
    )
    if restored := _restored_over(session, noted):
        what = Sentence(
            "the head that was noted is not in it: a backup was put in its place, as entry {entry} says", entry=restored
        )
    yield Problem(noted.sequence, _CHAIN, noted.sequence, what)


def _restored_over(session: Session, noted: Head) -> int:
    """The entry of a restore that the head was lost by; 0 for none."""
    for event in told(session, EventKind.RESTORED):
        try:
            before, restored = (parse_head(str(event.detail[name])) for name in ("head_before", "head_restored"))
        except (KeyError, StorageError):
            continue
        if restored.sequence < noted.sequence <= before.sequence:
            return event.sequence
    return 0
