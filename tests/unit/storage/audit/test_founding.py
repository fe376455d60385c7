"""Where a record was begun: a new chain is bound to it, and one that is older than that goes on as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from storage.audit.chain import GENESIS
from storage.engine import for_writing, make_engine, parse_url, sqlite_url
from storage.migrations import alembic_config
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import make_inspection, sign_product


def run(database: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def fill(storage: Storage) -> None:
    recipe = sign_product(storage)
    Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1, 0.9))


def made_older(database: Path) -> None:
    """As a program left it that knew no foundation yet: the chain begins with zeros."""
    engine = make_engine(parse_url(sqlite_url(database)))
    with for_writing(engine).begin() as connection:
        command.downgrade(alembic_config(connection), "0001")
        connection.exec_driver_sql("DROP TABLE foundation")
    engine.dispose()


def test_the_first_entry_of_a_new_record_is_bound_to_the_installation_that_began_it(
    database: Path, tmp_path: Path
) -> None:
    with open_storage(sqlite_url(database), tmp_path / "images", "plant 7") as storage:
        assert storage.head().entry_hash != GENESIS
        fill(storage)
        assert storage.verify().intact
    run(database, "UPDATE foundation SET installation = 'plant 8'")
    with open_storage(sqlite_url(database), tmp_path / "images") as storage:
        assert [problem.table for problem in storage.verify().problems] == ["foundation"]


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        (f"UPDATE foundation SET genesis = '{GENESIS}'", ["recipe_versions", "foundation"]),
        (f"UPDATE foundation SET genesis = '{'a' * 64}'", ["recipe_versions", "foundation"]),
        ("UPDATE foundation SET begun_at = '2020-01-01 00:00:00.000000'", ["foundation"]),
        ("DELETE FROM foundation", ["recipe_versions", "foundation"]),
    ],
)
def test_a_foundation_that_was_changed_is_named(
    database: Path, tmp_path: Path, statement: str, tables: list[str]
) -> None:
    with open_storage(sqlite_url(database), tmp_path / "images") as storage:
        fill(storage)
        run(database, statement)
        assert [problem.table for problem in storage.verify().problems] == tables


def test_two_installations_begin_two_chains_even_with_the_same_rows(tmp_path: Path) -> None:
    heads = set()
    for name in ("a", "b"):
        with open_storage(sqlite_url(tmp_path / f"{name}.sqlite"), tmp_path / name, name) as storage:
            heads.add(storage.head().entry_hash)
    assert len(heads) == 2


def test_a_chain_from_before_goes_on_verifying_and_an_event_tells_where_it_is_now(
    database: Path, tmp_path: Path
) -> None:
    with open_storage(sqlite_url(database), tmp_path / "images") as storage:
        fill(storage)
    made_older(database)
    with open_storage(sqlite_url(database), tmp_path / "images", "plant 7") as storage:
        assert storage.verify().intact
        with storage.reading() as transaction:
            assert '"installation":"plant 7"' in transaction.events.newest(1)[0].detail
        run(database, "UPDATE foundation SET installation = 'plant 8'")
        (problem,) = storage.verify().problems
    assert problem.table == "foundation"


@pytest.mark.parametrize("revision", ["0001", "0005", "0008"])
def test_a_chain_that_is_bound_stays_so_when_the_schema_goes_back_and_forward(
    database: Path, tmp_path: Path, revision: str
) -> None:
    with open_storage(sqlite_url(database), tmp_path / "images") as storage:
        fill(storage)
    engine = make_engine(parse_url(sqlite_url(database)))
    with for_writing(engine).begin() as connection:
        command.downgrade(alembic_config(connection), revision)
    engine.dispose()
    with open_storage(sqlite_url(database), tmp_path / "images") as storage:
        assert storage.verify().problems == ()
