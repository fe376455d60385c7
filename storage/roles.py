"""Who may do what in a server's database: its owner changes the schema, the program reads and adds.

What is only ever added, the program's role can neither change nor delete, whatever the program is made to do.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from filo_core.errors import StorageError
from storage.audit.contents import REMOVABLE
from storage.engine import for_writing, make_engine, parse_url, sqlite_file, translated
from storage.migrations import VERSION_TABLE
from storage.models import Row
from storage.sessions import ADDED_ONLY


def grant_program(url: str, role: str) -> None:
    """Let a role of the server work on the record: nothing but what the program does. Asked by the owner.

    Args:
        url: address of the record, as its owner; the schema is up to date.
        role: of the program, which the server has already.

    Raises:
        StorageError: if the record is a file, there is no such role, or the server refuses.
    """
    parsed = parse_url(url)
    if sqlite_file(parsed) is not None:
        raise StorageError("The record is a file, which has no roles. Give the address of a server's database.")
    engine = make_engine(parsed)
    try:
        with for_writing(engine).begin() as connection:
            if connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}) is None:
                raise StorageError(
                    "The server has no role {role!r}. Make it: CREATE ROLE … LOGIN PASSWORD …", role=role[:60]
                )
            for statement in statements(connection, role):
                connection.execute(text(statement))
    except DBAPIError as error:
        raise translated(error, parsed) from error
    finally:
        engine.dispose()


def statements(connection: Connection, role: str) -> Iterator[str]:
    """The grants, each a statement; what the role had before goes first."""
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    yield f"GRANT USAGE ON SCHEMA public TO {quoted}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quoted}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {quoted}"
    yield f"GRANT SELECT ON {VERSION_TABLE} TO {quoted}"
    for table in Row.metadata.sorted_tables:
        yield f"GRANT {', '.join(_rights(table.name))} ON {table.name} TO {quoted}"


def _rights(table: str) -> tuple[str, ...]:
    if table not in ADDED_ONLY:
        return ("SELECT", "INSERT", "UPDATE", "DELETE")
    # Versions and calibrations go with a product under which nothing was inspected.
    return ("SELECT", "INSERT", "DELETE") if table in REMOVABLE else ("SELECT", "INSERT")
