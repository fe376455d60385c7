"""Backups of the record: by hand, and one every night while the window is open."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import StorageError
from filo_core.sentence import Sentence
from filo_core.types import EventKind
from storage.backup import IMAGES, Backup, back_up, copy_database, images_of, name_with_head, removed_images
from storage.engine import parse_url, sqlite_file
from storage.image_pool import add_to_pool, drop_from_pool
from workflows.people.rights import Right, asks, free

if TYPE_CHECKING:
    from workflows.people.access import Access
    from workflows.settings.settings import Settings

KEPT = 7
"""Nightly backups that are kept; older ones go."""

_NIGHTLY = "filo-%Y%m%d"
_PROBLEM = "backup-problem.txt"

logger = logging.getLogger(__name__)


@asks(Right.BACK_UP)
def back_up_record(settings: Settings, target: Path, access: Access) -> Backup:
    """Copy the record of these settings; see :func:`storage.backup.back_up`.

    Raises:
        AccessError: if there are users, and nobody is signed in who may do this.
    """
    access.tell(Right.BACK_UP, EventKind.BACKED_UP, "record", {"to": target.name}, settings.operator)
    return back_up(settings.database_url, settings.images, target)


@free("every night by itself; the copies lie where an admin has said")
def back_up_if_due(settings: Settings, now: datetime | None = None) -> Path | None:
    """Make today's backup with its images unless it is there, and remove all but the newest few.

    Returns:
        The new one.

    Raises:
        StorageError: if it cannot be written.
    """
    source = sqlite_file(parse_url(settings.database_url))
    folder = settings.backups
    # The day of the clock on the wall, as the backup's hour is: UTC's day begins in the middle of somebody's shift.
    day = (now or datetime.now().astimezone()).strftime(_NIGHTLY)
    if source is None or not source.exists() or any(folder.glob(f"{day}*.sqlite")):
        return None
    made = folder / f"{day}.new"
    copy_database(source, made)
    target = folder / name_with_head(made, day)
    made.replace(target)
    # After the database: whatever it speaks of was on disk before its row.
    _copy_images(settings, target)
    _remove_old(folder)
    return target


def _remove_old(folder: Path) -> None:
    for old in sorted(folder.glob("filo-[0-9]*.sqlite"))[:-KEPT]:
        try:
            old.unlink(missing_ok=True)
        except OSError as error:
            # Held open elsewhere: tonight's backup is made, and the next night tries again.
            logger.warning("%s cannot be removed: %s", old, error.strerror or error)


def _copy_images(settings: Settings, made: Path) -> None:
    """Bring the images of the backups up to those of the newest one.

    An image that the retention rules removed goes from here as well: the room that they promise is room on the disk.
    """
    pool = made.parent / IMAGES
    try:
        pooled = add_to_pool(settings.images, pool, images_of(made))
        dropped = drop_from_pool(settings.images, pool, removed_images(made))
    except OSError as error:
        made.unlink(missing_ok=True)
        reason = error.strerror or error
        raise StorageError(
            "{pool} cannot be written: {reason}. Free some space, or ask for permission.", pool=pool, reason=reason
        ) from error
    logger.info("%d images added to the backups, %d let go of", pooled.added, dropped)
    if pooled.damaged:
        names = ", ".join(pooled.damaged[:5])
        logger.error("%d images are damaged and in no new backup: %s", len(pooled.damaged), names)


@free("part of the nightly work, a note beside the record")
def note_backup_problem(settings: Settings, problem: str) -> None:
    """Keep why there is no backup for whoever asks later; an empty problem means that there is none any more."""
    note = settings.home / _PROBLEM
    try:
        if problem:
            note.write_text(problem, encoding="utf-8")
        else:
            note.unlink(missing_ok=True)
    except OSError as error:
        # The same full or locked disk that kept the backup away: the window and the log say it all the same.
        logger.warning("%s cannot be written: %s", note, error)


def backup_problem(settings: Settings) -> str:
    """Why the newest attempt at a nightly backup failed, as a sentence; empty when it did not."""
    try:
        return (settings.home / _PROBLEM).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        return Sentence(
            "{path} cannot be read: {reason}. Ask for read permission.",
            path=settings.home / _PROBLEM,
            reason=error.strerror or error,
        )
