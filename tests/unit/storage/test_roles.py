"""The program's role at a real PostgreSQL: it inspects and decides, and cannot change what was."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from filo_core.errors import StorageError
from filo_core.types import ReviewDecision, Role, Verdict
from storage.engine import sqlite_url
from storage.models import Row
from storage.recorder import Recorder
from storage.roles import grant_program
from storage.sessions import ADDED_ONLY
from storage.storage import open_storage
from tests.unit.storage.making import make_inspection, sign_product
from workflows.people.access import Access
from workflows.people.users import Users
from workflows.products.catalogue import Catalogue
from workflows.reporting.history import History


@pytest.fixture
def program_url(postgres_url: str, tmp_path: Path) -> Iterator[str]:
    """Address of the record as the program's role, whose owner has made it ready."""
    role = f"program_{uuid.uuid4().hex[:8]}"
    owner = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'kept by no one'"))
    with open_storage(postgres_url, tmp_path / "owner"):
        grant_program(postgres_url, role)
    yield make_url(postgres_url).set(username=role, password="kept by no one").render_as_string(hide_password=False)
    with owner.connect() as connection:
        connection.execute(text(f"DROP OWNED BY {role}"))
        connection.execute(text(f"DROP ROLE {role}"))
    owner.dispose()


def test_the_programs_role_does_all_that_the_program_does(program_url: str, tmp_path: Path) -> None:
    with open_storage(program_url, tmp_path / "images") as storage:
        recipe = sign_product(storage)
        number = Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1, 0.9))
        access = Access(storage)
        users = Users(storage, access)
        users.add("Ada", Role.ADMIN, "740936")
        access.sign_in("Ada", "740936")
        users.add("Sue", Role.SUPERVISOR, "586203")
        History(storage, access).review(number, ReviewDecision.OVERRULE, Verdict.OK, "", "dust", pin="740936")
        catalogue = Catalogue(storage, access)
        catalogue.clone("metal nut", "another nut")
        catalogue.delete("another nut")
        access.sign_out()
        assert storage.verify().intact


def test_the_programs_role_changes_nothing_that_is_only_added(program_url: str, tmp_path: Path) -> None:
    with open_storage(program_url, tmp_path / "images") as storage:
        for table in sorted(ADDED_ONLY):
            column = next(iter(Row.metadata.tables[table].columns)).name
            for wanted in (f"UPDATE {table} SET {column} = {column}", f"TRUNCATE {table}", f"DROP TABLE {table}"):
                refused = pytest.raises(DBAPIError, match=r"permission denied|must be owner")
                with refused, storage._engine.begin() as connection:
                    connection.execute(text(wanted))
        for table in ("users", "events", "audit_chain", "inspections", "reviews"):
            with pytest.raises(DBAPIError, match="permission denied"), storage._engine.begin() as connection:
                connection.execute(text(f"DELETE FROM {table}"))
            with pytest.raises(DBAPIError, match="must be owner"), storage._engine.begin() as connection:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))


def test_only_the_owner_brings_the_schema_up_to_date(program_url: str, postgres_url: str, tmp_path: Path) -> None:
    owner = create_engine(postgres_url)
    with owner.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0008'"))
    owner.dispose()
    with pytest.raises(StorageError, match=r"Let the owner of the database run: main\.py database grant"):
        open_storage(program_url, tmp_path / "images")


def test_a_role_that_is_not_there_and_a_file_are_said(postgres_url: str, tmp_path: Path) -> None:
    with open_storage(postgres_url, tmp_path / "images"), pytest.raises(StorageError, match="has no role"):
        grant_program(postgres_url, "nobody")
    with pytest.raises(StorageError, match="is a file, which has no roles"):
        grant_program(sqlite_url(tmp_path / "filo.sqlite"), "nobody")
