"""A backup put in the record's place, by somebody who may: of the record that is there, else of the backup itself."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import StorageError
from filo_core.types import EventKind
from storage.artefacts import refuse_other_runs
from storage.audit.chain import Head
from storage.backup import Backup, check_database, head_of, holds_entry, record_of, restore
from storage.engine import parse_url, sqlite_file, sqlite_url
from storage.instance_lock import InstanceLock
from storage.storage import Storage, open_storage
from workflows.people.access import Access
from workflows.people.rights import Right, asks
from workflows.sealing.installation import Installation

if TYPE_CHECKING:
    from workflows.settings.settings import Settings

SignIn = Callable[[Storage], Access]
"""Signs somebody in at an open record, where it has users."""


@asks(Right.RESTORE)
def restore_record(settings: Settings, source: Path, sign_in: SignIn = Access) -> tuple[Backup, Path | None]:
    """Put a backup in the record's place; back comes what was restored, and where the old record is now.

    Args:
        settings: name the record.
        source: folder or file of the backup.
        sign_in: asked once where there are users; nobody is signed in unless it is given.

    Raises:
        AccessError: if there are users, and nobody is signed in who may do this.
        DatabaseInUseError: if a window or a command is working on the record.
        StorageError: if the backup is damaged or was altered; nothing was changed then.
    """
    with InstanceLock(settings.database_url, settings.images):
        refuse_other_runs(settings.images)
        by = _who_restores(settings, source, sign_in)
        record, installation = sqlite_file(parse_url(settings.database_url)), Installation(settings.home)
        before = (head_of(record) if record is not None else None) or installation.noted(str(record))
        done, kept = restore(settings.database_url, settings.images, source)
        with open_storage(settings.database_url, settings.images) as storage:
            detail = {"from": source.name, "kept": kept.name if kept else ""} | _gap(storage.head(), before, kept)
            with storage.transaction() as transaction:
                transaction.events.add(EventKind.RESTORED, by, settings.station, "record", detail)
            installation.note(str(record), storage.head())
    return done, kept


def _gap(restored: Head, before: Head | None, kept: Path | None) -> dict[str, str | int | bool]:
    """What the record loses by it: entries behind the backup's head, or all of them where the backup is another's."""
    gap: dict[str, str | int | bool] = {"head_restored": str(restored)}
    if before is not None:
        gap |= {"head_before": str(before), "entries_lost": max(0, before.sequence - restored.sequence)}
    if kept is not None:
        gap["same_record"] = holds_entry(kept, restored)
    return gap


def _who_restores(settings: Settings, source: Path, sign_in: SignIn) -> str:
    """Who may put the backup in place, by the record that is there; where that is damaged or gone, by the backup."""
    present = sqlite_file(parse_url(settings.database_url))
    if present is not None and present.exists():
        try:
            storage = open_storage(settings.database_url, settings.images)
        except StorageError:
            # Damaged, which is what a backup is for.
            pass
        else:
            with storage:
                return _allowed(storage, settings, sign_in)
    with tempfile.TemporaryDirectory(prefix="filo-restore-") as folder:
        # Opening brings it up to date and signs somebody in: not in the backup itself.
        copy = Path(folder) / "record.sqlite"
        check_database(record_of(source))
        shutil.copyfile(record_of(source), copy)
        with open_storage(sqlite_url(copy), Path(folder) / "images") as storage:
            return _allowed(storage, settings, sign_in)


def _allowed(storage: Storage, settings: Settings, sign_in: SignIn) -> str:
    access = sign_in(storage)
    try:
        return access.require(Right.RESTORE, settings.operator)
    finally:
        access.sign_out()
