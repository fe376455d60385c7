"""Triggers, views, indexes and tables that somebody plants, removes or changes in the schema of a record."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from storage.checking.schema import planted_problems
from storage.sessions import RecordSession
from storage.storage import Storage, open_storage

PLANTED = [
    (
        "CREATE TRIGGER passes AFTER INSERT ON inspections BEGIN UPDATE inspections SET verdict = 'OK'; END",
        "trigger passes",
    ),
    ("CREATE VIEW users_of_ours AS SELECT * FROM users", "view users_of_ours"),
    ("CREATE INDEX slow ON reviews (reviewer)", "index slow"),
    ("CREATE TABLE beside (id INTEGER)", "table beside"),
]
CHANGED = [
    ("DROP INDEX ix_events_kind_id", "the index ix_events_kind_id was removed"),
    ("ALTER TABLE reviews ADD COLUMN hidden TEXT", "the table reviews is not as this program made it"),
]


def tamper(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)


def test_the_schema_of_an_untouched_record_is_the_expected_one(storage: Storage) -> None:
    assert storage.verify().problems == ()


@pytest.mark.parametrize(("statement", "what"), PLANTED)
def test_whatever_is_planted_in_the_schema_is_named(
    storage: Storage, database: Path, statement: str, what: str
) -> None:
    tamper(database, statement)
    assert [problem.sentence for problem in storage.verify().problems] == [
        f"schema: the {what} was not made by this program"
    ]


@pytest.mark.parametrize(("statement", "what"), CHANGED)
def test_whatever_is_removed_from_the_schema_or_changed_in_it_is_named(
    storage: Storage, database: Path, statement: str, what: str
) -> None:
    tamper(database, statement)
    assert [problem.what for problem in storage.verify().problems] == [what]


def test_a_rule_of_a_table_that_was_written_over_is_named(storage: Storage, database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA writable_schema=ON")
        changed = connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'failures >= 0 AND', '') WHERE name = 'sign_in_locks'"
        )
        assert changed.rowcount == 1
    assert [problem.what for problem in storage.verify().problems] == [
        "the table sign_in_locks is not as this program made it"
    ]


@pytest.mark.parametrize(("statement", "what"), [PLANTED[0], PLANTED[1], PLANTED[3]])
def test_what_acts_by_itself_is_found_at_each_start(
    storage: Storage, database: Path, statement: str, what: str
) -> None:
    tamper(database, statement)
    with storage._session(storage._engine) as session:
        assert isinstance(session, RecordSession)
        assert [problem.what for problem in planted_problems(session)] == [f"the {what} was not made by this program"]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("ALTER TABLE reviews DISABLE TRIGGER only_added", "the trigger that refuses to alter reviews was"),
        ("DROP TRIGGER only_added ON audit_chain", "the trigger that refuses to alter audit_chain was"),
        (
            "CREATE OR REPLACE FUNCTION filo_refuse_alteration() RETURNS trigger AS $$ BEGIN END $$ LANGUAGE plpgsql",
            "the function filo_refuse_alteration is not as",
        ),
        ("CREATE RULE lost AS ON INSERT TO events DO INSTEAD NOTHING", "the rule lost of events was not"),
        ("CREATE POLICY hides ON users USING (false)", "the policy hides of users was not"),
        ("CREATE VIEW known AS SELECT name FROM users", "the view known was not"),
        ("CREATE TABLE beside (id integer)", "the table beside was not"),
        ("CREATE INDEX slow ON reviews (reviewer)", "the index slow was not"),
        ("DROP INDEX ix_events_kind_id", "the index ix_events_kind_id was removed"),
        ("ALTER TABLE users ADD COLUMN hidden text", "the column users.hidden was not"),
        (
            "CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
            "the function mine was not",
        ),
    ],
)
def test_a_server_s_catalog_is_compared_as_well(postgres_url: str, images: Path, statement: str, what: str) -> None:
    with open_storage(postgres_url, images) as storage:
        assert storage.verify().problems == ()
        engine = create_engine(postgres_url)
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()
        (problem,) = storage.verify().problems
    assert problem.what.startswith(what)
