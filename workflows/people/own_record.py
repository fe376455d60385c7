"""The record that a data folder belongs to: its users say who may change the folder, whatever a command names."""

from __future__ import annotations

from pathlib import Path

from filo_core.errors import StorageError
from storage.engine import parse_url, shown, sqlite_file, sqlite_url
from storage.storage import open_storage
from workflows.people.access import Access, AccessError
from workflows.settings.file import read_settings_file
from workflows.settings.secret_store import DATABASE, SecretStore


def require_own_record(access: Access, home: Path) -> None:
    """Refuse a record without users in the place of one that has some: an empty one is made in a moment.

    Args:
        access: to the record that was named.
        home: the data folder whose secrets, settings or models are to be changed.

    Raises:
        AccessError: with the remedy.
    """
    if access.is_needed:
        return
    address = str(read_settings_file(home).get("database") or sqlite_url(home / "filo.sqlite"))
    url = parse_url(SecretStore(home).filled(address, DATABASE))
    file = sqlite_file(url)
    if shown(url) == access.storage.where or (file is not None and not file.exists()):
        return
    try:
        address = url.render_as_string(hide_password=False)
        with open_storage(address, home / "images") as own, own.reading() as transaction:
            has_users = transaction.users.any()
    except StorageError:
        # A server that is away: its record cannot be asked, and neither can anything be done in it.
        return
    if has_users:
        raise AccessError(
            "The record of {home} has users, and {where} is another one. Leave --database and "
            "FILO_DATABASE out, and sign in with --user NAME.",
            home=home,
            where=access.storage.where,
        )
