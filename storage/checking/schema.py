"""The schema as it is beside the one that the migrations make: a trigger or a view that was planted decides unseen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.orm import Session

from filo_core.sentence import Sentence
from storage.audit.problems import Problem
from storage.checking.server_schema import server_schema_problems
from storage.migrations import upgrade
from storage.models import Row

_SCHEMA = "schema"
_MASTER = text("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
Objects = Mapping[tuple[str, str], str]
"""By kind and name: the table that it belongs to, and the statement that made it."""


def schema_problems(session: Session) -> Iterator[Problem]:
    """What is in the database's schema and was not put there by this program, is gone from it, or was changed."""
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        yield from server_schema_problems(connection)
        return
    found, expected = _objects(connection), _expected()
    for kind, name in sorted(found.keys() - expected.keys()):
        yield Problem(
            0, _SCHEMA, 0, Sentence("the {kind} {name} was not made by this program", kind=kind, name=name[:80])
        )
    for kind, name in sorted(expected.keys() - found.keys()):
        yield Problem(0, _SCHEMA, 0, Sentence("the {kind} {name} was removed", kind=kind, name=name))
    for kind, name in sorted(found.keys() & expected.keys()):
        if found[kind, name] != expected[kind, name]:
            yield Problem(
                0, _SCHEMA, 0, Sentence("the {kind} {name} is not as this program made it", kind=kind, name=name)
            )


def planted_problems(session: Session) -> Iterator[Problem]:
    """As :func:`schema_problems`, in a moment: only what acts by itself, for each start of the program."""
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        yield from server_schema_problems(connection)
        return
    # What the program makes is tables and indexes; SQLite keeps the books of its own below "sqlite_".
    known = {"alembic_version", *Row.metadata.tables}
    for kind, name in _objects(connection):
        if kind in {"trigger", "view"} or (kind == "table" and name not in known and not name.startswith("sqlite_")):
            yield Problem(
                0, _SCHEMA, 0, Sentence("the {kind} {name} was not made by this program", kind=kind, name=name[:80])
            )


def _objects(connection: Connection) -> Objects:
    rows = connection.execute(_MASTER)
    return {(kind, name): f"{table}: {' '.join((made or '').split())}" for kind, name, table, made in rows}


@lru_cache(maxsize=1)
def _expected() -> Objects:
    """What the migrations make of an empty database."""
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            upgrade(connection, "memory", lambda _revision: None)
            return _objects(connection)
    finally:
        engine.dispose()
