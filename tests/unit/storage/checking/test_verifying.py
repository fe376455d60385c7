"""What someone with the database file in hand can do, and what the chain says to it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from filo_core.types import EventKind
from storage.audit.chain import Added, append, read_head
from storage.audit.contents import CHAINED, REGIONS, covered
from storage.checking.verifying import AuditReport
from storage.models import Row
from storage.sessions import RecordSession
from storage.storage import Storage
from storage.trust_models import EventRow
from tests.unit.storage.making import add_calibration, add_checks, make_draft, sign_product

ENTRIES = 9
"""One recipe, four inspections, four reviews."""


def tamper(database: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def places(report: AuditReport) -> list[tuple[str, int]]:
    return [(problem.table, problem.row_id) for problem in report.problems]


def test_a_record_that_only_this_program_wrote_is_intact(storage: Storage) -> None:
    report = storage.verify()
    assert report.intact
    assert (report.entries, report.head.sequence) == (ENTRIES, ENTRIES)


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE inspections SET verdict = 'OK' WHERE id = 2", ("inspections", 2)),
        ("UPDATE inspections SET image_score = 0.89999999 WHERE id = 3", ("inspections", 3)),
        ("UPDATE inspections SET inspected_at = '2026-03-04 05:06:08.000089' WHERE id = 4", ("inspections", 4)),
        ("UPDATE regions SET anomaly_type = 'dust' WHERE inspection_id = 1", ("inspections", 1)),
        ("DELETE FROM regions WHERE inspection_id = 2", ("inspections", 2)),
        ("UPDATE regions SET inspection_id = 2, ordinal = 1 WHERE inspection_id = 1", ("inspections", 1)),
        ("UPDATE reviews SET reviewer = 'Eve' WHERE id = 1", ("reviews", 1)),
        ("UPDATE reviews SET inspection_id = 1 WHERE id = 2", ("reviews", 2)),
        ("DELETE FROM reviews WHERE id = 4", ("reviews", 4)),
        ("UPDATE recipe_versions SET signed_by = 'Eve'", ("recipe_versions", 1)),
        ("UPDATE audit_chain SET at = '2020-01-01 00:00:00.000000' WHERE sequence = 4", ("inspections", 2)),
        ("UPDATE audit_chain SET content_hash = 'a' WHERE sequence = 9", ("reviews", 4)),
        ("DELETE FROM audit_chain WHERE sequence = 5", ("reviews", 2)),
    ],
)
def test_a_changed_or_removed_row_is_named(
    storage: Storage, database: Path, statement: str, place: tuple[str, int]
) -> None:
    tamper(database, "PRAGMA foreign_keys=OFF", statement)
    assert place in places(storage.verify())


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE golden_checks SET wrong = 0", ("golden_checks", 1)),
        ("UPDATE golden_checks SET answers = replace(answers, '0.1', '0.9')", ("golden_checks", 1)),
        ("UPDATE golden_releases SET check_id = NULL", ("golden_releases", 1)),
        ("UPDATE golden_releases SET signed_by = 'Eve'", ("golden_releases", 1)),
        ("DELETE FROM golden_releases", ("golden_releases", 1)),
        ("UPDATE blind_reviews SET verdict = 'OK'", ("blind_reviews", 1)),
        ("DELETE FROM blind_reviews", ("blind_reviews", 1)),
    ],
)
def test_a_changed_or_removed_check_release_or_blind_review_is_named(
    storage: Storage, database: Path, statement: str, place: tuple[str, int]
) -> None:
    with storage.reading() as transaction:
        recipe = transaction.products.recipe("metal nut").recipe
    add_checks(storage, recipe, 1)
    report = storage.verify()
    assert (report.intact, report.entries) == (True, ENTRIES + 3)
    tamper(database, statement)
    assert places(storage.verify()) == [place]


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE calibrations SET limit_ok = 0.3", ("calibrations", 1)),
        ("UPDATE calibrations SET confirmed_scores = '[]'", ("calibrations", 1)),
        ("UPDATE drift_alarms SET sentence = 'All is well.'", ("drift_alarms", 1)),
        ("DELETE FROM drift_alarms", ("drift_alarms", 1)),
    ],
)
def test_a_changed_calibration_or_a_removed_alarm_is_named(
    storage: Storage, database: Path, statement: str, place: tuple[str, int]
) -> None:
    add_calibration(storage)
    report = storage.verify()
    assert (report.intact, report.entries) == (True, ENTRIES + 2)
    tamper(database, statement)
    assert places(storage.verify()) == [place]


def test_an_older_recipe_put_back_in_force_is_an_event_of_the_chain(storage: Storage) -> None:
    with storage.transaction() as transaction:
        first = transaction.products.recipe("metal nut").recipe
        moved = replace(first, limits=replace(first.limits, ng=0.75))
        transaction.products.sign("metal nut", moved, "Ada", datetime.now(UTC))
        transaction.products.sign("metal nut", first, "Grace", datetime.now(UTC))
    with storage.reading() as transaction:
        (event,) = transaction.events.newest()
        assert transaction.products.recipe("metal nut").version == 1
    assert (event.kind, event.actor, event.subject) == (EventKind.RECIPE_IN_FORCE, "Grace", "metal nut")
    assert json.loads(event.detail) == {"version": 1, "instead_of": 2, "product": 1}
    assert storage.verify().intact


def test_the_first_problem_is_the_oldest_and_all_are_named(storage: Storage, database: Path) -> None:
    tamper(database, "UPDATE inspections SET operator = 'Eve'", "UPDATE reviews SET reason = 'x' WHERE id = 3")
    report = storage.verify()
    assert places(report) == [*(("inspections", number) for number in (1, 2, 3)), ("reviews", 3), ("inspections", 4)]
    assert report.problems[0].sentence == "inspections 1 (entry 2): the row was changed"


def test_two_rows_that_changed_places_are_both_named(storage: Storage, database: Path) -> None:
    swap = [
        f"UPDATE {table} SET {key} = {new} WHERE {key} = {old}"
        for table, key in (("regions", "inspection_id"), ("inspections", "id"))
        for old, new in ((1, 99), (2, 1), (99, 2))
    ]
    tamper(database, "PRAGMA foreign_keys=OFF", *swap)
    assert set(places(storage.verify())) == {("inspections", 1), ("inspections", 2)}


def test_two_entries_that_changed_places_are_both_named(storage: Storage, database: Path) -> None:
    moves = ((2, 99), (4, 2), (99, 4))
    tamper(database, *(f"UPDATE audit_chain SET sequence = {new} WHERE sequence = {old}" for old, new in moves))
    assert {("inspections", 1), ("inspections", 2)} <= set(places(storage.verify()))


def test_a_row_from_outside_is_named(storage: Storage, database: Path) -> None:
    columns = "inspection_id, decision, verdict, reviewer, reviewed_at, reason, anomaly_type"
    tamper(database, f"INSERT INTO reviews ({columns}) SELECT {columns} FROM reviews WHERE id = 1")
    assert [problem.sentence for problem in storage.verify().problems] == [
        "reviews 5: the row has no entry: it was not added by this program"
    ]


def test_rows_taken_off_the_end_are_found_only_with_a_head_that_was_noted(storage: Storage, database: Path) -> None:
    noted = storage.verify().head
    tamper(database, "DELETE FROM reviews WHERE id = 4", f"DELETE FROM audit_chain WHERE sequence = {ENTRIES}")
    assert storage.verify().intact
    found = storage.verify(noted)
    assert places(found) == [("audit_chain", ENTRIES)]
    assert "taken off its end" in found.problems[0].what


def test_what_was_added_since_a_noted_head_is_no_problem(storage: Storage) -> None:
    noted = storage.verify().head
    sign_product(storage, "bolt")
    assert storage.verify(noted).intact


def test_a_product_that_the_program_removed_leaves_an_intact_chain_though_its_ids_come_again(storage: Storage) -> None:
    sign_product(storage, "bolt")
    add_calibration(storage, "bolt")
    with storage.transaction() as transaction:
        transaction.products.remove("bolt", "Ada")
    sign_product(storage, "screw")
    add_calibration(storage, "screw")
    assert storage.verify().intact


def test_a_recipe_that_someone_else_removed_is_named(storage: Storage, database: Path) -> None:
    sign_product(storage, "bolt")
    tamper(database, "DELETE FROM recipe_versions WHERE id = 2")
    assert places(storage.verify()) == [("recipe_versions", 2), ("products", 2)]


def test_a_transaction_that_is_rolled_back_leaves_no_entry(storage: Storage) -> None:
    def fail() -> None:
        with storage.transaction() as transaction:
            transaction.products.add(make_draft("bolt"))
            transaction.products.sign("bolt", transaction.products.recipe("metal nut").recipe, "Ada", datetime.now(UTC))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert storage.verify().entries == ENTRIES


def test_a_clock_moved_back_is_noted_once_and_the_order_stays_that_of_the_chain(storage: Storage) -> None:
    ahead = datetime.now(UTC) + timedelta(days=30)
    with storage._engine.begin() as connection:
        values = {"at": ahead, "kind": "restored", "actor": "", "station": "", "subject": "", "detail": "{}"}
        added = connection.execute(insert(EventRow), values).inserted_primary_key
        assert added is not None
        append(connection, [Added.of("events", values | {"id": added[0]})], ahead, read_head(connection))
    sign_product(storage, "bolt")
    sign_product(storage, "screw")
    with RecordSession(storage._engine) as session:
        kinds = list(session.scalars(select(EventRow.kind).order_by(EventRow.id)))
    assert kinds == [EventKind.RESTORED, EventKind.CLOCK_MOVED_BACK]
    assert storage.verify().intact


@pytest.mark.parametrize("table", [*CHAINED, REGIONS])
def test_every_column_of_a_chained_table_is_covered(table: str) -> None:
    columns = {column.name for column in Row.metadata.tables[table].columns}
    identity = {"id", "inspection_id"} if table == REGIONS else set()
    # Places that were counted before they were chained, whose number stands in the reason; the hash of the views' own.
    beside = {"counts", "part_hash"} if table == "inspections" else set()
    assert set(covered(table)) == columns - identity - beside
