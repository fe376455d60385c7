"""Whether a database can hold the record, or take it from here, before it is put into the settings."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.exc import DBAPIError

from filo_core.errors import StorageError
from filo_core.sentence import Sentence
from storage.engine import make_engine, parse_url, sqlite_file, sqlite_url, translated
from workflows.settings.secret_store import DATABASE, PLANT, SecretStore


def database_problem(address: str, home: Path) -> str:
    """Why the record cannot live there, as a sentence; empty when it can. A server is asked, which takes its time.

    Args:
        address: a SQLAlchemy URL without a password; empty for a file in the data folder.
        home: the data folder, whose store of secrets has the password.
    """
    remedy = Sentence("keep it with: main.py secret set database")
    return _problem(address, DATABASE, home, None, remedy) if address else ""


def plant_problem(address: str, own: str, home: Path, password: str | None = None) -> str:
    """Why the record cannot be forwarded there, as a sentence; empty when it can, or nothing is to be forwarded.

    Args:
        address: a SQLAlchemy URL without a password; empty for a station on its own.
        own: the same of this station's record; empty for the file in the data folder.
        home: the data folder, whose store of secrets has the password.
        password: to try; None takes the one that is kept.
    """
    if not address:
        return ""
    problem = _problem(address, PLANT, home, password, Sentence("enter it beside the address"))
    if problem:
        return problem
    is_own = parse_url(address) == parse_url(own or sqlite_url(home / "filo.sqlite"))
    return Sentence("This is the station's own database. Give the address of the plant's.") if is_own else ""


def _problem(address: str, secret: str, home: Path, password: str | None, remedy: str) -> str:
    try:
        if parse_url(address).password is not None:
            return Sentence("The address holds a password. Leave it out, and {remedy}.", remedy=remedy)
        url = parse_url(SecretStore(home).filled(address, secret, password))
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
