"""What each start of the program finds at the end of the chain, and a head that was noted earlier."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from filo_core.errors import StorageError
from filo_core.types import EventKind
from storage.audit.chain import Head
from storage.audit.noted import parse_head
from storage.checking.tail import TAIL, verify_tail
from storage.storage import Storage


def tamper(database: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def found_in_tail(storage: Storage, length: int = TAIL, noted: Head | None = None) -> list[str]:
    with storage._session(storage._engine) as session:
        return [problem.sentence for problem in verify_tail(session, noted, length).problems]


@pytest.mark.parametrize("length", [1, 4, 9, TAIL])
def test_the_end_of_an_untouched_chain_is_intact_however_much_of_it_is_read(storage: Storage, length: int) -> None:
    assert found_in_tail(storage, length) == []
    assert storage.verify_tail(storage.head()).intact


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE reviews SET verdict = 'OK' WHERE id = 4", "reviews 4 (entry 9): the row was changed"),
        ("DELETE FROM reviews WHERE id = 4", "reviews 4 (entry 9): the row was removed"),
        ("DELETE FROM audit_chain WHERE sequence = 8", "reviews 4 (entry 9): the chain has no entries 8 to 8"),
        ("UPDATE audit_chain SET at = '2020-01-01 00:00:00.000000' WHERE sequence = 9", "the entry of the chain was"),
        ("UPDATE audit_chain SET content_hash = 7 WHERE sequence = 9", "reviews 4 (entry 9): the row was changed"),
        (
            (
                "INSERT INTO reviews (inspection_id, decision, verdict, reviewer, reviewed_at, reason, anomaly_type) "
                "SELECT inspection_id, decision, 'OK', 'Eve', reviewed_at, '', '' FROM reviews WHERE id = 1"
            ),
            "reviews 5: the row has no entry",
        ),
    ],
)
def test_what_was_done_to_the_newest_rows_is_named(storage: Storage, database: Path, statement: str, said: str) -> None:
    tamper(database, "PRAGMA foreign_keys=OFF", statement)
    assert any(said in sentence for sentence in found_in_tail(storage, 2))


def test_what_is_older_is_left_to_the_check_of_the_whole(storage: Storage, database: Path) -> None:
    tamper(database, "UPDATE inspections SET verdict = 'OK' WHERE id = 1")
    assert found_in_tail(storage, 2) == []
    assert not storage.verify().intact


def test_a_noted_head_that_is_gone_is_named_and_one_that_a_restore_explains_says_so(
    storage: Storage, database: Path
) -> None:
    noted = storage.head()
    tamper(database, "DELETE FROM reviews WHERE id = 4", "DELETE FROM audit_chain WHERE sequence = 9")
    (cut,) = storage.verify_tail(noted).problems
    assert "entries were taken off its end" in cut.what
    with storage.transaction() as transaction:
        detail = {"head_before": str(noted), "head_restored": f"8:{'a' * 64}"}
        transaction.events.add(EventKind.RESTORED, "Ada", "", "record", detail)
    assert [problem.what for problem in storage.verify(noted).problems] == [
        "the head that was noted is not in it: a backup was put in its place, as entry 9 says"
    ]


def test_a_head_is_read_with_its_signature_and_without() -> None:
    assert parse_head(" 12:abc\n") == parse_head("12:abc.c2lnbmF0dXJl") == Head(12, "abc")
    for wrong in ("", "12", "abc:12", "12:"):
        with pytest.raises(StorageError, match="is no head"):
            parse_head(wrong)
