"""The record as every window and command opens it: kept private, known again, and looked at before it is used."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from filo_core.errors import StorageError
from filo_core.sentence import Sentence
from filo_core.types import EventKind
from storage.engine import parse_url, shown, sqlite_file
from storage.storage import Storage, open_storage
from workflows.keeping.checking import beside_problems
from workflows.keeping.private_home import make_private
from workflows.people.rights import free
from workflows.sealing.alarms import Alarms
from workflows.sealing.installation import Installation

if TYPE_CHECKING:
    from pathlib import Path

    from storage.audit.chain import Head
    from workflows.settings.settings import Settings

TAIL, KEY, AT_START = "end of the chain", "key of the installation", "waiting messages and sign-in locks"
"""Checks that raise alarms here."""

logger = logging.getLogger(__name__)


class RecordLostError(StorageError):
    """The record is gone or empty beside what an older one has left; an admin has to say that a new one may begin."""


@free("opening is what everything else begins with; what it finds is told")
def open_record(settings: Settings) -> Storage:
    """Open the record of these settings. What is wrong with its end raises an alarm, and stops nobody.

    Raises:
        RecordLostError: if it is gone or empty beside images, backups or the memory of an older one.
        StorageError: if it cannot be used.
        SettingsError: if the data folder cannot.
    """
    make_private(settings.home)
    installation = Installation(settings.home)
    record = shown(parse_url(settings.database_url))
    allowed = bool(installation.allowed_anew(record))
    if not allowed and _is_missing(settings) and (trace := _trace(settings, installation.noted(record))):
        raise RecordLostError(_sentence(record, Sentence("is gone"), trace))
    storage = open_storage(settings.database_url, settings.images, installation.name)
    try:
        noted, is_empty = installation.noted(record), _is_empty(storage)
        if is_empty and not allowed and (trace := _trace(settings, noted)):
            raise RecordLostError(_sentence(record, Sentence("is empty"), trace))
        if is_empty and allowed:
            _begin_anew(storage, settings, installation, record)
            noted = None
        _look_at_end(storage, settings, installation, noted)
        installation.note(record, storage.head())
    except BaseException:
        storage.close()
        raise
    storage.signed = lambda head: f"{head}.{installation.sign(head)} of installation {installation.name}"
    storage.before_close = lambda head: installation.note(record, head)
    return storage


def _look_at_end(storage: Storage, settings: Settings, installation: Installation, noted: Head | None) -> None:
    alarms = Alarms(storage, settings.station)
    alarms.raise_for(TAIL, storage.verify_tail(noted).problems)
    # Few in number, and few that wait: the night looks at what was delivered.
    alarms.raise_for(AT_START, beside_problems(settings, storage, 0))
    with storage.reading() as transaction:
        told = [event.detail for event in transaction.events.of_kinds(EventKind.INSTALLATION_TOLD)]
    if not any(installation.public_key in detail for detail in told):
        with storage.transaction() as transaction:
            detail = {"installation": installation.name, "public_key": installation.public_key}
            transaction.events.add(EventKind.INSTALLATION_TOLD, "", settings.station, "installation", detail)


def _is_missing(settings: Settings) -> bool:
    """True for a SQLite record whose file is not there, or holds nothing."""
    path = sqlite_file(parse_url(settings.database_url))
    return path is not None and (not path.exists() or path.stat().st_size == 0)


def _is_empty(storage: Storage) -> bool:
    """True if nobody has ever put anything into it."""
    with storage.reading() as transaction:
        return storage.head().sequence == 0 and not transaction.products.drafts() and not transaction.users.any()


def _trace(settings: Settings, noted: Head | None) -> str:
    """What an older record has left, as words; empty where there is nothing."""
    if noted is not None and noted.sequence:
        return Sentence("the record that was here had {count} entries", count=noted.sequence)
    if any(settings.backups.glob("filo-*.sqlite")):
        return Sentence("there are backups of an older one in {folder}", folder=settings.backups)
    if _holds_images(settings.images):
        return Sentence("{folder} holds the images of an older one", folder=settings.images)
    return ""


def _holds_images(images: Path) -> bool:
    folders = images.iterdir() if images.is_dir() else ()
    return any(next(folder.iterdir(), None) for folder in folders if len(folder.name) == 2 and folder.is_dir())


def _sentence(record: str, what: str, trace: str) -> str:
    return Sentence(
        "The record {record} {what}, and {trace}. Put a backup back with: main.py restore. If it shall begin anew, an "
        "admin says so with: main.py audit begin-anew --reason WHY",
        record=record,
        what=what,
        trace=trace,
    )


def _begin_anew(storage: Storage, settings: Settings, installation: Installation, record: str) -> None:
    said = dict(installation.allowed_anew(record))
    with storage.transaction() as transaction:
        who = str(said.pop("by", ""))
        transaction.events.add(EventKind.BEGUN_ANEW, who, settings.station, "record", said)
    installation.allow_anew(record, None)
    logger.warning("the record %s begins anew, as %s said", record, who)
