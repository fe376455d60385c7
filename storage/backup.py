"""Copies of a SQLite record while it is in use, and the way back from one.

A copy is made by ``VACUUM INTO`` under a temporary name, checked, flushed to the disk and renamed: what carries the
name of a backup is whole. A server's database is its administrator's to back up.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from filo_core.errors import StorageError
from filo_core.sentence import Sentence
from filo_core.types import EventKind
from storage.artefacts import CONTENT_HASH
from storage.audit.chain import Head
from storage.checking.verifying import verify
from storage.engine import BUSY_TIMEOUT_MS, for_writing, make_engine, parse_url, shown, sqlite_file, sqlite_url
from storage.image_pool import copied, place_of
from storage.migrations import upgrade
from storage.pictures import spoken_of
from storage.repositories.users import User, UserRepository

_RECORD = "filo.sqlite"
"""The record in a folder that an earlier version wrote."""
_NAMED = "filo-*.sqlite"
_COPIED = "filo.new"
IMAGES = "images"
"""Folder of the images of the backups beside it."""
_LIST = ".images.txt"
"""Whatever else a database says is no name of a file: it may come from anywhere."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds, or what a restored one lacks."""

    file: Path
    inspections: int
    images: int
    missing: int
    """Images that the record speaks of and the image store does not have."""
    head: str = ""
    """Newest entry of its audit chain, ``SEQUENCE:HASH``."""


def copy_before_upgrade(url: URL, revision: str) -> None:
    """Keep a SQLite record as the older program left it, beside itself; a server's is left to its administrator.

    Raises:
        StorageError: if the copy cannot be made; the record was not touched then.
    """
    source = sqlite_file(url)
    if source is not None:
        copy_database(source, _unused(source.with_name(f"{source.name}.before-upgrade-from-{revision}")))


def copy_database(source: Path, target: Path) -> None:
    """Write a checked copy of a SQLite record to ``target``, which must not exist; writers go on meanwhile.

    Raises:
        StorageError: if it cannot be written, or the copy is not intact.
    """
    temporary = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        with closing(_opened(source)) as connection:
            connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            connection.execute("VACUUM INTO ?", (str(temporary),))
        check_database(temporary)
        _flush(temporary)
        temporary.replace(target)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or error
        raise StorageError(
            "{target} cannot be written: {reason}. Choose another place for the backup.", target=target, reason=reason
        ) from error


def check_database(path: Path) -> None:
    """Refuse a file that is no intact record.

    Raises:
        StorageError: with the reason; take an older backup then.
    """
    remedy = Sentence("Take another backup.")
    if not path.is_file():
        raise StorageError("There is no backup {path}. Choose a file that was written by main.py backup.", path=path)
    try:
        with closing(sqlite3.connect(f"file:{_quoted(path)}?mode=ro&immutable=1", uri=True)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise StorageError(
                    "{path} is damaged ({found}). {remedy}", path=path, found=str(found)[:100], remedy=remedy
                )
            if (broken := connection.execute("PRAGMA foreign_key_check").fetchone()) is not None:
                raise StorageError(
                    "{path} is damaged (a row of {broken} refers to one that is gone). {remedy}",
                    path=path,
                    broken=broken[0],
                    remedy=remedy,
                )
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise StorageError(
            "{path} is damaged or no record of this program ({error}). {remedy}", path=path, error=error, remedy=remedy
        ) from error


def back_up(url: str, images: Path, target: Path) -> Backup:
    """Back a SQLite record up: into a folder with its images, or into one file with a list of them beside it.

    In a folder the record's name carries the head of its chain.

    Args:
        url: address of the record.
        images: folder of its image store.
        target: a folder (there already, or a name without a suffix), or the file to write.

    Raises:
        StorageError: if the target exists, cannot be written, or the record lives on a server.
    """
    source = _file_of(url)
    if target.is_file():
        raise StorageError("{target} is there already. Choose another name for the backup.", target=target)
    is_folder = target.is_dir() or not target.suffix
    file = target
    if is_folder and (there := _records_in(target)):
        raise StorageError("{there} is there already. Choose another name for the backup.", there=there[0])
    if is_folder:
        made = target / _COPIED
        copy_database(source, made)
        file = target / name_with_head(made)
        made.replace(file)
    else:
        copy_database(source, file)
    # After the database: whatever it speaks of was on disk before its row.
    wanted = images_of(file)
    try:
        missing = _with_images(images, target, wanted) if is_folder else _with_list(images, file, wanted)
    except OSError as error:
        # What carries the name of a backup is whole.
        file.unlink(missing_ok=True)
        reason = error.strerror or error
        raise StorageError(
            "{target} cannot be written: {reason}. Choose another place for the backup.", target=target, reason=reason
        ) from error
    return Backup(file, _count(file), len(wanted), missing, str(head_of(file) or ""))


def _with_images(images: Path, folder: Path, wanted: list[str]) -> int:
    """Copy the images into the backup's folder; how many are missing."""
    return sum(not copied(images, folder / IMAGES, entry) for entry in wanted)


def _with_list(images: Path, file: Path, wanted: list[str]) -> int:
    """Write the list of images beside the backup; how many are missing."""
    file.with_name(f"{file.name}{_LIST}").write_text("".join(f"{entry}\n" for entry in wanted), encoding="ascii")
    return sum(not place_of(images, entry).is_file() for entry in wanted)


def restore(url: str, images: Path, source: Path) -> tuple[Backup, Path | None]:
    """Put a backup in the record's place; the record that was there is kept beside it, and its new name comes back.

    Images that the store lacks come from the folder of images beside the backup, where there is one.

    The caller holds the window's lock and knows that no other program uses the record.

    Raises:
        StorageError: if the backup is damaged, or its chain says that it was altered; everything is as it was then.
    """
    target = _file_of(url)
    file = record_of(source)
    check_database(file)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{target.name}.restoring")
    try:
        shutil.copyfile(file, temporary)
        check_database(temporary)
        _check_chain(temporary, file)
        _flush(temporary)
        kept = _put_aside(target)
        temporary.replace(target)
        wanted = images_of(target)
        missing = sum(not copied(file.parent / IMAGES, images, entry) for entry in wanted)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        reason = error.strerror or error
        raise StorageError(
            "{target} cannot be restored: {reason}. Free some space, or ask for permission.",
            target=target,
            reason=reason,
        ) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return Backup(target, _count(target), len(wanted), missing, str(head_of(target) or "")), kept


def _check_chain(copy: Path, shown_as: Path) -> None:
    """Bring the copy's schema forward and check its whole chain."""
    engine = make_engine(parse_url(sqlite_url(copy)))
    try:
        with for_writing(engine).begin() as connection:
            upgrade(connection, str(shown_as), lambda _revision: None)
        with Session(engine) as session:
            problems = verify(session).problems
    finally:
        engine.dispose()
    if problems:
        more = Sentence(" and {sentences} more", sentences=len(problems) - 1) if len(problems) > 1 else ""
        raise StorageError(
            "{shown_as} was altered: {sentence}{more}. Take another backup.",
            shown_as=shown_as,
            sentence=problems[0].sentence,
            more=more,
        )


def head_of(database: Path) -> Head | None:
    """The newest entry of the audit chain in a file; None where it cannot be read."""
    query = "SELECT sequence, entry_hash FROM audit_chain ORDER BY sequence DESC LIMIT 1"
    try:
        with closing(_opened(database)) as connection:
            found = connection.execute(query).fetchone()
    except sqlite3.Error:
        return None
    return Head(*found) if found is not None else None


def holds_entry(database: Path, head: Head) -> bool:
    """True if the chain in a file has this entry."""
    query = "SELECT count(*) FROM audit_chain WHERE sequence = ? AND entry_hash = ?"
    try:
        with closing(_opened(database)) as connection:
            return bool(connection.execute(query, (head.sequence, head.entry_hash)).fetchone()[0])
    except sqlite3.Error:
        return False


def people_of(database: Path) -> tuple[User, ...]:
    """Everybody in a backup as they stood then; nobody where it cannot be read."""
    engine = create_engine("sqlite://", creator=lambda: _opened(database))
    try:
        with Session(engine) as session:
            return UserRepository(session).all()
    except DBAPIError:
        return ()
    finally:
        engine.dispose()


def record_of(source: Path) -> Path:
    """The database of a backup that is a folder or a file."""
    if not source.is_dir():
        return source
    found = _records_in(source)
    # Of several nobody can say which one is meant.
    return found[0] if len(found) == 1 else source / _RECORD


def name_with_head(database: Path, stem: str = "filo") -> str:
    """The name of a backup: with the head, so that a listing of its folder on another disk is a note of it."""
    head = head_of(database)
    return f"{stem}-{head.sequence}-{head.entry_hash}.sqlite" if head is not None else f"{stem}.sqlite"


def _records_in(folder: Path) -> list[Path]:
    earlier = folder / _RECORD
    return [*([earlier] if earlier.exists() else []), *sorted(folder.glob(_NAMED))]


def images_of(database: Path) -> list[str]:
    """Hashes of every image and map that a record speaks of, of this schema or an older one, in order."""
    engine = create_engine("sqlite://", creator=lambda: _opened(database))
    try:
        with engine.connect() as connection:
            return sorted(filter(CONTENT_HASH.fullmatch, set(spoken_of(connection))))
    finally:
        engine.dispose()


def removed_images(database: Path) -> Iterator[str]:
    """Hashes of the images and maps that the retention rules removed, by the record's events."""
    query = "SELECT value FROM events, json_each(events.detail, '$.files') WHERE events.kind = ? ORDER BY events.id"
    with closing(_opened(database)) as connection:
        for (content_hash,) in connection.execute(query, (EventKind.IMAGES_REMOVED.value,)):
            if CONTENT_HASH.fullmatch(content_hash):
                yield content_hash


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _file_of(url: str) -> Path:
    parsed = parse_url(url)
    path = sqlite_file(parsed)
    if path is None:
        raise StorageError(
            "{parsed} is on a server. Back it up and restore it with pg_dump and pg_restore.", parsed=shown(parsed)
        )
    return path


def _put_aside(target: Path) -> Path | None:
    if not target.exists():
        return None
    kept = _unused(target.with_name(f"{target.name}.before-restore-{datetime.now(UTC):%Y%m%dT%H%M%S}"))
    for suffix in ("-wal", "-shm"):
        beside = target.with_name(target.name + suffix)
        if beside.exists():
            beside.replace(kept.with_name(kept.name + suffix))
    target.replace(kept)
    return kept


def _count(database: Path) -> int:
    with closing(_opened(database)) as connection:
        number: int = connection.execute("SELECT count(*) FROM inspections").fetchone()[0]
    return number


def _opened(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{_quoted(database)}?mode=ro", uri=True)


def _unused(path: Path) -> Path:
    number, candidate = 1, path
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate


def _quoted(path: Path) -> str:
    return str(path.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
