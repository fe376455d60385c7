"""Connections: what differs between SQLite and PostgreSQL is in this file, and nowhere else.

SQLite: write-ahead log with ``synchronous=FULL``, so that a committed verdict survives a power cut; writers begin
with ``BEGIN IMMEDIATE``, so that two of them wait for each other instead of failing half-way.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError

from filo_core.errors import DiskFullError, StorageError
from filo_core.sentence import Sentence
from storage.server_proof import proven

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_MS = 15_000
"""How long a writer waits for another one. A transaction of ours takes milliseconds."""

CONNECT_TIMEOUT_S = 10
"""How long a server that does not answer is waited for."""

_LOOK_AGAIN_S = 0.01
_WRITES = "filo_writes"
_SQLITE_HEADER = b"SQLite format 3\0"
_SQLITE, _POSTGRESQL = "sqlite", "postgresql"
# Any number does, as long as every station takes the same one.
_MIGRATION_LOCK = 0x46694C6F
_CHAIN_LOCK = 0x46694C70
_ARRIVALS_LOCK = 0x46694C71
_PEOPLE_LOCK = 0x46694C72
_RESTORE = Sentence(
    "Restore it from a backup, or move it away to start with an empty record; the image store keeps its images."
)
_ASK_THE_OWNER = Sentence("Let the owner of the database run: main.py database grant ROLE")
_PROOF = Sentence(
    "It needs a certificate for its name, whose signer sslrootcert=FILE in the address names, "
    "and scram-sha-256 for passwords. On this machine only, sslmode=disable in the address "
    "does without the first."
)
_SECRET_PARAMETERS = frozenset({"password", "sslpassword"})
_CHOOSE_FOLDER = Sentence("Ask for write permission to the file and its folder, or choose another folder.")


class BrokenRuleError(StorageError):
    """A row was refused because it breaks a rule of the schema; nothing of its transaction was stored."""


def parse_url(url: str) -> URL:
    """``url`` checked for a database the record can live in.

    Raises:
        StorageError: if it is no URL, or names another kind of database; a password in it is not repeated.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StorageError(
            "The database address is not a URL. Write sqlite:///path/to/file.sqlite, or "
            "postgresql+psycopg://user:password@host/database."
        ) from None  # What could not be parsed may be a part of the password.
    backend = parsed.get_backend_name()
    if backend not in {_SQLITE, _POSTGRESQL}:
        raise StorageError(
            "{parsed}: {backend} is not supported. Use a SQLite file or PostgreSQL.",
            parsed=shown(parsed),
            backend=backend,
        )
    if secret := sorted(_SECRET_PARAMETERS & {name.lower() for name in parsed.query}):
        raise StorageError(
            "The database address has {secret} among its parameters, which are shown. Write it before "
            "the host: postgresql+psycopg://user:password@host/database.",
            secret=secret[0],
        )
    if backend == _SQLITE and (parsed.database in {None, "", ":memory:"} or "uri" in parsed.query):
        raise StorageError("The record needs a file to live in. Write the address as sqlite:///path/to/file.sqlite.")
    return parsed


def sqlite_url(path: Path) -> str:
    """Address of a SQLite file, whatever characters its path has."""
    return URL.create(_SQLITE, database=str(path)).render_as_string()


def sqlite_file(url: URL) -> Path | None:
    """Path of a SQLite database, None for a server's."""
    return Path(url.database) if url.get_backend_name() == _SQLITE and url.database else None


def shown(url: URL) -> str:
    """What messages call the database: the file, or the address without its password."""
    path = sqlite_file(url)
    return str(path) if path is not None else url.render_as_string(hide_password=True)


def make_engine(url: URL) -> Engine:
    """Engine for a checked URL; no connection is made yet.

    Raises:
        StorageError: if a SQLite file cannot be used, or the server's driver is not installed.
    """
    path = sqlite_file(url)
    if path is None:
        return _make_server_engine(url)
    _check_file(path)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def for_writing(engine: Engine) -> Engine:
    """The same engine and pool; its transactions take the write lock when they begin."""
    return engine.execution_options(**{_WRITES: True})


def for_reading(engine: Engine) -> Engine:
    """The same engine and pool; all statements of one of its transactions see the same state."""
    # SQLite's transactions do so anyway.
    return engine.execution_options(isolation_level="REPEATABLE READ") if engine.name == _POSTGRESQL else engine


def wait_for_other_migrations(connection: Connection) -> None:
    """Hold back every other program that wants to change this schema until the transaction ends."""
    # SQLite's BEGIN IMMEDIATE has done so already.
    if connection.dialect.name == _POSTGRESQL:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})


def wait_for_other_links(connection: Connection) -> None:
    """Hold back every other program that wants to add to the audit chain until the transaction ends."""
    # SQLite's BEGIN IMMEDIATE has done so already.
    if connection.dialect.name == _POSTGRESQL:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})


def wait_for_other_people(connection: Connection) -> None:
    """Hold back every other program that changes users or counts a PIN until the transaction ends."""
    # SQLite's BEGIN IMMEDIATE has done so already.
    if connection.dialect.name == _POSTGRESQL:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PEOPLE_LOCK})


def wait_for_other_arrivals(connection: Connection) -> None:
    """Hold back every other forwarder into this database until the transaction ends."""
    if connection.dialect.name == _POSTGRESQL:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ARRIVALS_LOCK})


def translated(error: DBAPIError, url: URL) -> StorageError:
    """``error`` of a driver as a sentence that names the database and says what to do."""
    where = shown(url)
    if isinstance(error, IntegrityError):
        return BrokenRuleError("{where} refused a row that breaks a rule of the record. Report this.", where=where)
    words = str(error.orig).strip().lower()
    if "disk is full" in words or "no space left" in words:
        return DiskFullError("The disk that holds {where} is full. Free some space, then try again.", where=where)
    if "locked" in words or "busy" in words:
        sentence = Sentence(
            "{where} is held by another program for too long. Close that program, then try again.", where=where
        )
    elif "malformed" in words or "not a database" in words:
        sentence = Sentence("{where} is damaged. {restore}", where=where, restore=_RESTORE)
    elif "readonly" in words or "read-only" in words or "unable to open" in words:
        sentence = Sentence("{where} cannot be written. {choose_folder}", where=where, choose_folder=_CHOOSE_FOLDER)
    elif "permission denied" in words or "must be owner" in words:
        sentence = Sentence(
            "{where} does not let this role do that ({error}). {ask_the_owner}",
            where=where,
            error=_first_line(error, url),
            ask_the_owner=_ASK_THE_OWNER,
        )
    elif any(sign in words for sign in ("ssl", "certificate", "authentication method")):
        sentence = Sentence(
            "{where} cannot prove who it is ({error}). {proof}",
            where=where,
            error=_first_line(error, url),
            proof=_PROOF,
        )
    elif error.connection_invalidated or _is_connection_failure(words):
        sentence = Sentence(
            "{where} does not answer ({error}). Check the server, address and network.",
            where=where,
            error=_first_line(error, url),
        )
    else:
        sentence = Sentence(
            "{where} refused the work ({error}). Try again; if it happens again, report this.",
            where=where,
            error=_first_line(error, url),
        )
    return StorageError(sentence)


def _make_server_engine(url: URL) -> Engine:
    arguments = proven(url) | {"connect_timeout": CONNECT_TIMEOUT_S}
    try:
        engine = create_engine(url, pool_pre_ping=True, connect_args=arguments)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise StorageError(
            "{url}: the driver {driver} is not installed here. Install it with: pip install {driver}",
            url=shown(url),
            driver=url.get_driver_name(),
        ) from error
    event.listen(engine, "connect", _compile_nothing)
    return engine


def _check_file(path: Path) -> None:
    """Refuse what SQLite would answer with a riddle, or would only find out later."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise StorageError("{path} is a folder, not a database file. Give the path of a file inside it.", path=path)
        if path.exists():
            with path.open("rb") as file:
                start = file.read(len(_SQLITE_HEADER))
            if start and start != _SQLITE_HEADER:
                raise StorageError(
                    "{path} is not a database of this program, or is damaged. {restore}", path=path, restore=_RESTORE
                )
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageError(
            "{path} cannot be used as database file: {reason}. {choose_folder}",
            path=path,
            reason=reason,
            choose_folder=_CHOOSE_FOLDER,
        ) from error


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    assert isinstance(connection, sqlite3.Connection)  # the listener is set for SQLite only
    # None: the driver must not begin transactions by itself; _begin does.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    mode = _turned_to_write_ahead_log(connection)
    if mode != "wal":
        raise sqlite3.OperationalError(f"unable to open with a write-ahead log, only with {mode}")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    # SQLite's own knows the letters of ASCII alone, and parts are called GEHÄUSE.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: str | bytes | float | None) -> str | bytes | float | None:
    return value.lower() if isinstance(value, str) else value


def _turned_to_write_ahead_log(connection: sqlite3.Connection) -> str:
    """The mode of the log, once nobody else reads or makes the new database.

    A connection that goes from reading to writing is told "locked" at once, whatever its time-out: SQLite must not
    let two of them wait for each other. So the wait for who makes the same record at this moment is ours.
    """
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode=WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            # The low byte is the error, the rest its kind.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(_LOOK_AGAIN_S)


def _compile_nothing(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """No just-in-time compiler: our questions are answered in less time than it takes."""
    cursor = connection.cursor()
    cursor.execute("SET jit = off")
    cursor.close()
    connection.commit()


def _begin(connection: Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")


def _is_connection_failure(words: str) -> bool:
    return any(sign in words for sign in ("connection", "could not connect", "could not translate host", "timeout"))


def _first_line(error: DBAPIError, url: URL) -> str:
    lines = str(error.orig).strip().splitlines()
    line = lines[0][:300] if lines else type(error.orig).__name__
    return line.replace(url.password, "***") if url.password else line
