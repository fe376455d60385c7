"""The schema's history, run from the package: nobody needs an ``alembic.ini``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, inspect, select, table

from filo_core.errors import StorageError

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0029"
"""Revision that this program's tables are written for."""

# Numbers are given out before they are used: 0025 is not used yet.
REVISIONS = tuple(f"{number:04d}" for number in range(1, int(NEWEST) + 1) if number != 25)
"""All revisions that this program knows, oldest first."""

VERSION_TABLE = "alembic_version"

_ONE_AT_A_TIME = Lock()
"""Alembic keeps what it works on in its own modules: the check of the night would take that of an opening."""


def upgrade(connection: Connection, where: str, copy_first: Callable[[str], None], installation: str = "") -> None:
    """Bring the schema to :data:`NEWEST` within the connection's transaction.

    Args:
        connection: with a transaction that was begun for writing.
        where: what messages call the database.
        copy_first: called with the revision of a record that is to be changed, before it is.
        installation: who begins a record that is new; a name made up for it when not given.

    Raises:
        StorageError: if a newer program wrote this database, or another program did.
    """
    present = _revision(connection, where)
    if present == NEWEST:
        return
    if present is not None and present not in REVISIONS:
        raise StorageError(
            "{where} was written by a newer version of this program. Update the program, or choose another database.",
            where=where,
        )
    if present is not None:
        copy_first(present)
    # Slow to import, and needed at the first start after an update only.
    from alembic import command

    with _ONE_AT_A_TIME:
        command.upgrade(alembic_config(connection, installation), "head")


def alembic_config(connection: Connection, installation: str = "") -> Config:
    """Alembic's settings for this package's revisions on one connection; see :func:`upgrade`."""
    from alembic.config import Config

    config = Config()
    # A percent sign would start a substitution.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes.update(connection=connection, installation=installation)
    return config


def _revision(connection: Connection, where: str) -> str | None:
    """The schema's revision, None for an empty database."""
    tables = inspect(connection).get_table_names()
    if VERSION_TABLE in tables:
        revision: str | None = connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
        return revision
    if tables:
        raise StorageError("{where} belongs to another program. Give the record a database of its own.", where=where)
    return None
