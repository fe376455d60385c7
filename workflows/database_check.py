"""Whether a database can hold the record, before it is put into the settings."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.exc import DBAPIError

from filo_core.errors import StorageError
from storage.engine import make_engine, parse_url, sqlite_file, translated
from workflows.secret_store import DATABASE, SecretStore


def database_problem(address: str, home: Path) -> str:
    """Why the record cannot live there, as a sentence; empty when it can. A server is asked, which takes its time.

    Args:
        address: a SQLAlchemy URL without a password; empty for a file in the data folder.
        home: the data folder, whose store of secrets has the password.
    """
    if not address:
        return ""
    try:
        if parse_url(address).password is not None:
            return "The address holds a password. Leave it out, and keep it with: main.py secret set database."
        url = parse_url(SecretStore(home).filled(address, DATABASE))
        engine = make_engine(url)
        if sqlite_file(url) is None:
            try:
                engine.connect().close()
            finally:
                engine.dispose()
    except StorageError as error:
        return str(error)
    except DBAPIError as error:
        return str(translated(error, url))
    return ""
