"""The image store: files named by the SHA-256 of their content, on disk before any row speaks of them.

A file is written under a temporary name beside its place, flushed to the disk, renamed, and the folder is flushed
too. So what carries its final name is whole, after a power cut as well. Temporary names carry the mark of the
program run that writes them; a run holds a lock on its mark while it lives, and the next program to open the store
removes what runs without a lock have left.
"""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import math
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock, Timeout
from PIL import Image, UnidentifiedImageError

from filo_core.errors import DatabaseInUseError, DiskFullError, ShapeMismatchError, StorageError
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.types import SourceImage

MAP_LEVELS = 65535
"""An anomaly map is kept in steps of 1 / MAP_LEVELS."""

CONTENT_HASH = re.compile(r"[0-9a-f]{64}")
_RUNS = ".runs"
_TEMPORARY = ".tmp"
_LOCK_TIMEOUT_S = 30.0
_CLOCK_TOLERANCE_S = 2.0
"""File systems and clocks disagree by this much."""
_CHOOSE_FOLDER = Sentence("Ask for write permission, or choose another folder.")


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What runs that ended without closing have left in the store."""

    runs: tuple[str, ...]
    half_written: int
    """Temporary files; they are gone already."""
    recent: tuple[Path, ...]
    """Whole files as young as the oldest of those runs: one that no row speaks of may go."""


class ArtefactStore:
    """Images and anomaly maps in a folder, by hash. Safe to use from several threads and programs at once.

    Args:
        root: its folder.
        after_crash: told what was left when a run ended without closing, before anything new is written.

    Raises:
        StorageError: if the folder cannot be made or written.
    """

    def __init__(self, root: Path, after_crash: Callable[[Leftovers], None] | None = None) -> None:
        self._root = root
        self._run = uuid.uuid4().hex
        self._numbers = itertools.count()
        self._lock = FileLock(root / _RUNS / self._run, thread_local=False)
        try:
            (root / _RUNS).mkdir(parents=True, exist_ok=True)
            # Otherwise a run that has made its mark but not locked it yet would pass for a dead one.
            with self._one_at_a_time():
                self._recover(after_crash)
                self._lock.acquire(timeout=0)
        except Timeout as error:
            raise StorageError(
                "{root} is being opened by another program for too long. Close that program, then try again.", root=root
            ) from error
        except OSError as error:
            raise _os_trouble(root, error, Sentence("used as image store")) from error

    @property
    def root(self) -> Path:
        """Folder of the store."""
        return self._root

    @property
    def run(self) -> str:
        """Name of this program run; jobs and sessions carry it."""
        return self._run

    def close(self) -> None:
        """Say that this run has ended well and left nothing behind."""
        if self._lock.is_locked:
            mark = Path(self._lock.lock_file)
            # Before the lock goes: a mark without one would pass for a crash to a program that opens just now.
            # Windows removes no open file, so there it goes afterwards.
            with suppress(OSError):
                mark.unlink(missing_ok=True)
            self._lock.release()
            with suppress(OSError):
                mark.unlink(missing_ok=True)

    def put_image(self, image: SourceImage) -> str:
        """Keep an image's encoded bytes as they came; back comes its hash.

        Raises:
            StorageError: if the bytes are not those of its ``image_hash``, or cannot be written.
        """
        if _sha256(image.encoded) != image.image_hash:
            raise StorageError("{name} changed while it was in use: its hash is wrong. Take it again.", name=image.name)
        return self._put(image.encoded, image.image_hash)

    def put_bytes(self, content: bytes, content_hash: str) -> None:
        """Keep what another store keeps under ``content_hash``.

        Raises:
            StorageError: if it is something else, or cannot be written.
        """
        if _sha256(content) != content_hash:
            raise StorageError(
                "What was to be stored as {content_hash} is damaged: its hash is wrong.", content_hash=content_hash[:12]
            )
        self._put(content, content_hash)

    def put_map(self, anomaly_map: NDArray[np.float32]) -> str:
        """Keep an anomaly map as a 16-bit grey PNG; back comes the hash of that file.

        Args:
            anomaly_map: ``(H, W)`` float in [0, 1]; what lies outside is clipped.

        Raises:
            ShapeMismatchError: if it is not ``(H, W)`` of at least one pixel, or not finite.
            StorageError: if it cannot be written.
        """
        if anomaly_map.ndim != 2 or anomaly_map.size == 0 or not np.isfinite(anomaly_map).all():
            raise ShapeMismatchError(
                "an anomaly map must be (H, W) and finite, got shape {shape}", shape=anomaly_map.shape
            )
        levels = np.rint(np.clip(anomaly_map, 0.0, 1.0).astype(np.float64) * MAP_LEVELS).astype(np.uint16)
        encoded = io.BytesIO()
        Image.fromarray(levels).save(encoded, "PNG", compress_level=1)
        content = encoded.getvalue()
        return self._put(content, _sha256(content))

    def get_bytes(self, content_hash: str) -> bytes:
        """The bytes kept under a hash, checked against it.

        Raises:
            StorageError: if they are missing, were altered, or cannot be read; the message names the file.
        """
        path = self.path_of(content_hash)
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise StorageError(
                "{path} is missing from the image store. Restore it from a backup.", path=path
            ) from error
        except OSError as error:
            raise _os_trouble(path, error, Sentence("read")) from error
        if _sha256(content) != content_hash:
            raise StorageError("{path} is damaged: it is not what was stored. Restore it from a backup.", path=path)
        return content

    def get_map(self, content_hash: str) -> NDArray[np.float32]:
        """The anomaly map kept under a hash: ``(H, W)`` float32 in [0, 1].

        Raises:
            StorageError: as :meth:`get_bytes`, or if what is kept there is no anomaly map.
        """
        content = self.get_bytes(content_hash)
        try:
            with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
                levels = np.asarray(image)
        except UnidentifiedImageError:
            levels = np.empty(0)
        if levels.dtype != np.uint16 or levels.ndim != 2:
            raise StorageError(
                "{content_hash} is not an anomaly map. Restore it from a backup.",
                content_hash=self.path_of(content_hash),
            )
        return (levels / np.float32(MAP_LEVELS)).astype(np.float32)

    def require_room(self, reserve_bytes: int) -> None:
        """Refuse to go on when the disk is nearly full.

        Raises:
            DiskFullError: if less than ``reserve_bytes`` are free.
        """
        if shutil.disk_usage(self._root).free < reserve_bytes:
            raise DiskFullError(
                "The disk that holds {root} is full: less than {reserve_bytes:.0f} MiB are left. Free "
                "some space, then try again.",
                root=self._root,
                reserve_bytes=reserve_bytes / 2**20,
            )

    def stored(self) -> Iterator[Path]:
        """Every image and map that is kept."""
        yield from (path for path in self._files() if CONTENT_HASH.fullmatch(path.name))

    def path_of(self, content_hash: str) -> Path:
        """Where the content of a hash lies, whether it is there or not.

        Raises:
            StorageError: if this is no SHA-256, and so could lead anywhere.
        """
        if not CONTENT_HASH.fullmatch(content_hash):
            raise StorageError("This entry has no picture in the image store: nothing could be read or judged then.")
        return self._root / content_hash[:2] / content_hash

    def _put(self, content: bytes, content_hash: str) -> str:
        path = self.path_of(content_hash)
        try:
            self._make_folder(path.parent)
            if _holds(path, content):
                # Seen again: too young to be removed before the row that speaks of it is there.
                os.utime(path)
            else:
                self._write(path, content)
            # For a file that was there as well: its writer may have died before this.
            _flush_folder(path.parent)
        except OSError as error:
            raise _os_trouble(path, error, Sentence("written")) from error
        return content_hash

    def _write(self, path: Path, content: bytes) -> None:
        temporary = path.parent / f".{self._run}-{next(self._numbers)}{_TEMPORARY}"
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            _flush_folder(self._root)

    def _one_at_a_time(self) -> FileLock:
        return FileLock(self._root / _RUNS / "opening.lock", timeout=_LOCK_TIMEOUT_S)

    def _recover(self, after_crash: Callable[[Leftovers], None] | None) -> None:
        """Clean up after runs that ended without closing; looks nowhere after a run that closed."""
        marks = [mark for mark in (self._root / _RUNS).iterdir() if mark.suffix != ".lock"]
        dead = [mark for mark in marks if _is_unlocked(mark)]
        if not dead:
            return
        names = tuple(f".{mark.name}-" for mark in dead)
        stale = [path for path in self._files() if path.name.startswith(names)]
        for path in stale:
            path.unlink(missing_ok=True)
        # What a living run has just written may have no row yet: the search for pictures without one waits for its end.
        alone = len(dead) == len(marks)
        if after_crash is not None:
            since = min(mark.stat().st_mtime for mark in dead) - _CLOCK_TOLERANCE_S
            recent = [path for path in self.stored() if _changed_at(path) >= since]
            after_crash(Leftovers(tuple(mark.name for mark in dead), len(stale), tuple(recent) if alone else ()))
        # Last: a crash in here leaves the marks, and the next run begins anew.
        for mark in dead if alone or after_crash is None else []:
            mark.unlink(missing_ok=True)

    def _files(self) -> Iterator[Path]:
        for folder in self._root.iterdir():
            if folder.is_dir() and folder.name != _RUNS:
                yield from folder.iterdir()


def refuse_other_runs(root: Path) -> None:
    """Raise when any program has this image store open.

    Raises:
        DatabaseInUseError: if one has.
    """
    runs = root / _RUNS
    marks = [mark for mark in runs.iterdir() if mark.suffix != ".lock"] if runs.is_dir() else []
    if not all(_is_unlocked(mark) for mark in marks):
        raise DatabaseInUseError("Another program is working with {root}. Close it first, then try again.", root=root)


def _is_unlocked(mark: Path) -> bool:
    if not mark.exists():
        # That run has just closed. Locking it would make its mark anew, which would pass for a crash.
        return False
    lock = FileLock(mark)
    try:
        lock.acquire(timeout=0)
    except (Timeout, PermissionError):
        # Held, or another user's: not ours to clean up.
        return False
    lock.release()
    return True


def _changed_at(path: Path) -> float:
    """When it was last written or seen again; minus infinity for what another program has just removed."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return -math.inf


def _holds(path: Path, content: bytes) -> bool:
    """True if the file is there and whole; one that was damaged is written again."""
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except FileNotFoundError:
        return False


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _flush_folder(folder: Path) -> None:
    # Windows neither can nor need flush a folder.
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _os_trouble(path: Path, error: OSError, what: str) -> StorageError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError("The disk that holds {path} is full. Free some space, then try again.", path=path)
    reason = error.strerror or type(error).__name__
    return StorageError(
        "{path} cannot be {what}: {reason}. {choose_folder}",
        path=path,
        what=what,
        reason=reason,
        choose_folder=_CHOOSE_FOLDER,
    )
