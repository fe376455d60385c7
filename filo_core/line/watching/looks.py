"""Looking at a folder a little at a time: a look costs what is new, and in the end every file was looked at again."""

# ruff: noqa: PTH112, PTH114, PTH116, PTH118, PTH208 - called for every file of a folder that may hold a hundred thousand

from __future__ import annotations

import errno
import itertools
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from filo_core.imaging import FileKind, kind_of_file
from filo_core.line.watching.marks import Mark

_FILES_A_LOOK = 150
_SECONDS_A_LOOK = 0.005
"""Files are looked at again by so many at a time, and not longer, so that a look never holds up what is new."""
_CHECK_TIME_EVERY = 16
_PAUSE_SHARE = 100
"""Between two rounds, as a multiple of what listing took."""
_FOLDERS_A_LOOK = 64
_GRAIN_S = 2.5
"""Some disks tell times to two seconds: a folder is listed once more when it has been still for so long."""
_AGAIN_S = 0.5
"""A file that could not be looked at is looked at again after this."""
_TOLD_S = 1.0
"""So long ago a notice explains that a folder has changed."""


@dataclass(slots=True)
class _Folder:
    changed_ns: int = -1
    names: set[str] = field(default_factory=set)
    """Of its images."""
    others: set[str] = field(default_factory=set)
    """Of everything else in it."""
    again_at: float | None = None
    told_at: float = 0.0


@dataclass(slots=True)
class _Found:
    gone: set[str]
    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


class FolderLooks:
    """What lies in a folder and below it. Files by their paths below it, with forward slashes.

    Args:
        folder: which one.
    """

    def __init__(self, folder: Path) -> None:
        self._root = folder
        self._folders: dict[str, _Folder] = {}
        self._read_once: set[str] = set()
        self._unreadable: dict[str, OSError] = {}
        self._was_mounted = False
        self._turns: Iterator[str] = iter(())
        self._round: Iterator[tuple[str, Mark | None]] = iter(())
        self._next_round_at = 0.0
        self._has_begun = False
        self._identity: tuple[int, int] | None = None
        self._left_out: dict[str, tuple[str, ...]] = {}

    @property
    def left_out(self) -> tuple[str, ...]:
        """Files that may be pictures and are not read, and linked folders, which are not entered."""
        return tuple(sorted(itertools.chain.from_iterable(self._left_out.values())))

    @property
    def unreadable(self) -> dict[str, str]:
        """Why folders cannot be read in which parts may lie, by their paths; empty when all is well."""
        never = self.never_read
        return {
            where: error.strerror or type(error).__name__
            for where, error in self._unreadable.items()
            if where not in never
        }

    @property
    def never_read(self) -> tuple[str, ...]:
        """Folders below that may not be read and never could: no part was ever seen in them."""
        refused = (where for where, error in self._unreadable.items() if isinstance(error, PermissionError))
        return tuple(sorted(where for where in refused if where not in self._read_once))

    def has_listed(self, name: str) -> bool:
        """Whether the folder of a file was listed."""
        where = name.rpartition("/")[0]
        return where in self._read_once and where not in self._unreadable

    def forget(self) -> None:
        """Look at everything anew, as at the start."""
        self._folders.clear()
        self._left_out.clear()
        self._unreadable.clear()
        self._has_begun = False

    def check(self) -> bool:
        """Whether it is the same folder as at the last look; False for another one in its place.

        Raises:
            OSError: if it cannot be looked at.
        """
        status = os.stat(self._root)
        if not stat.S_ISDIR(status.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "it is not a folder", str(self._root))
        is_mounted = os.path.ismount(self._root)
        if self._was_mounted and not is_mounted:
            # What is left of a share that was unmounted is an empty folder.
            raise OSError(errno.ENODEV, "its share is not mounted", str(self._root))
        self._was_mounted = is_mounted
        with os.scandir(self._root) as entries:
            next(entries, None)
        identity, self._identity = self._identity, (status.st_dev, status.st_ino)
        return identity is None or identity == self._identity

    def told_of(self, name: str) -> None:
        """The system has told of a file itself, and it was looked at: its folder need not be listed for it."""
        folder = self._folders.get(name.rpartition("/")[0])
        if folder is not None:
            folder.told_at = time.monotonic()
            folder.names.add(name.rpartition("/")[2])

    def missed(self, name: str) -> None:
        """A file could not be looked at: it is new at the next look at its folder."""
        folder = self._folders.get(name.rpartition("/")[0])
        if folder is not None:
            folder.names.discard(name.rpartition("/")[2])
            folder.again_at = time.monotonic() + _AGAIN_S

    def look(self) -> Iterator[tuple[str, Mark | None]]:
        """Files with their marks: those with new names, and a few others in turn; None for one that is gone.

        The first look gives them all.
        """
        if not self._has_begun:
            self._has_begun = True
            yield from self._whole_round()
            return
        for where in self._due_folders():
            yield from self._news_of(where)
        yield from self._some_of_the_round()

    def status(self, name: str) -> Mark | None:
        """The mark of one file; None where there is none.

        Raises:
            OSError: if it is not known whether there is one.
        """
        try:
            status = os.stat(self._at(name))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return None if stat.S_ISDIR(status.st_mode) else Mark.of(status)

    def _at(self, name: str) -> str:
        return os.path.join(self._root, name) if name else str(self._root)

    def _due_folders(self) -> list[str]:
        due = list(itertools.islice(self._turns, _FOLDERS_A_LOOK))
        if len(due) < _FOLDERS_A_LOOK:
            self._turns = iter(list(self._folders))
            due += itertools.islice(self._turns, min(_FOLDERS_A_LOOK - len(due), len(self._folders)))
        return list(dict.fromkeys(due))

    def _news_of(self, where: str) -> Iterator[tuple[str, Mark | None]]:
        folder = self._folders.get(where)
        if folder is None:
            return
        try:
            changed_ns = os.stat(self._at(where)).st_mtime_ns
        except FileNotFoundError:
            yield from self._drop(where)
            return
        except OSError as error:
            self._note_unreadable(where, error)
            return
        now = time.monotonic()
        is_changed = changed_ns != folder.changed_ns
        is_due = folder.again_at is not None and now >= folder.again_at
        if where not in self._unreadable and not is_changed and not is_due:
            return
        folder.again_at = now + _GRAIN_S if is_changed else None
        if is_changed and now - folder.told_at < _TOLD_S:
            # What the system has told of is known; the listing that follows finds what it has not.
            folder.changed_ns = changed_ns
            return
        yield from self._list(where, only_new=True)

    def _whole_round(self) -> Iterator[tuple[str, Mark | None]]:
        begun = time.thread_time()
        open_folders = [""]
        while open_folders:
            where = open_folders.pop()
            before = set(self._folders)
            yield from self._list(where, only_new=False)
            open_folders += [name for name in self._folders if name not in before and name != where]
        self._next_round_at = time.monotonic() + (time.thread_time() - begun) * _PAUSE_SHARE / 10

    def _some_of_the_round(self) -> Iterator[tuple[str, Mark | None]]:
        until = time.monotonic() + _SECONDS_A_LOOK
        for number in range(_FILES_A_LOOK):
            found = next(self._round, None)
            if found is None:
                if time.monotonic() >= self._next_round_at:
                    self._round = self._slow_round()
                return
            yield found
            if number % _CHECK_TIME_EVERY == 0 and time.monotonic() > until:
                return

    def _slow_round(self) -> Iterator[tuple[str, Mark | None]]:
        took_s = 0.0
        for where in list(self._folders):
            begun = time.thread_time()
            files = self._list(where, only_new=False)
            first = next(files, None)
            # To list a folder of very many files is what costs, and is not done in parts.
            took_s += time.thread_time() - begun
            if first is not None:
                yield first
                yield from files
        self._next_round_at = time.monotonic() + took_s * _PAUSE_SHARE

    def _list(self, where: str, *, only_new: bool) -> Iterator[tuple[str, Mark | None]]:
        """List one folder; its new folders are known afterwards, and listed at once where only what is new counts."""
        folder = self._folders.setdefault(where, _Folder())
        try:
            folder.changed_ns = os.stat(self._at(where)).st_mtime_ns
            found = self._sorted_out(where, folder)
        except FileNotFoundError:
            yield from self._drop(where)
            return
        except OSError as error:
            self._note_unreadable(where, error)
            return
        self._unreadable.pop(where, None)
        self._read_once.add(where)
        for name in found.gone:
            yield _below(where, name), None
        for name in found.files if only_new else tuple(folder.names):
            try:
                yield _below(where, name), self.status(_below(where, name))
            except OSError:
                self.missed(_below(where, name))
        for name in found.folders:
            inside = _below(where, name)
            if inside not in self._folders:
                self._folders[inside] = _Folder()
                if only_new:
                    yield from self._list(inside, only_new=True)

    def _sorted_out(self, where: str, folder: _Folder) -> _Found:
        """What a folder holds that it did not before. Only that is looked at: there may be very many others."""
        if not folder.names and not folder.others:
            with os.scandir(self._at(where)) as entries:
                new = [(entry.name, _is_folder(entry), entry.is_symlink()) for entry in entries]
            gone: set[str] = set()
        else:
            names = set(os.listdir(self._at(where)))
            gone = folder.names - names
            folder.names -= gone
            folder.others &= names
            paths = ((name, self._at(_below(where, name))) for name in names - folder.names - folder.others)
            new = [(name, os.path.isdir(path), os.path.islink(path)) for name, path in paths]
            left_out = self._left_out.get(where, ())
            self._left_out[where] = tuple(one for one in left_out if one.rpartition("/")[2] in names)
        return self._take_in(where, folder, new, gone)

    def _take_in(self, where: str, folder: _Folder, new: list[tuple[str, bool, bool]], gone: set[str]) -> _Found:
        found = _Found(gone)
        left_out: list[str] = []
        for name, is_folder, is_link in new:
            kind = FileKind.COMPANION if is_folder else kind_of_file(name)
            if kind is FileKind.IMAGE:
                found.files.append(name)
                continue
            folder.others.add(name)
            if is_folder and not name.startswith("."):
                (left_out if is_link else found.folders).append(_below(where, name) if is_link else name)
            elif kind is FileKind.LEFT_OUT:
                left_out.append(_below(where, name))
        folder.names.update(found.files)
        self._left_out[where] = (*self._left_out.get(where, ()), *left_out)
        return found

    def _drop(self, where: str) -> Iterator[tuple[str, Mark | None]]:
        """A folder is gone, and its files with it; the watched one itself is only away."""
        if not where:
            return
        folder = self._folders.pop(where, None)
        self._left_out.pop(where, None)
        self._unreadable.pop(where, None)
        for name in folder.names if folder is not None else ():
            yield _below(where, name), None

    def _note_unreadable(self, where: str, error: OSError) -> None:
        self._unreadable[where] = error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _below(where: str, name: str) -> str:
    return f"{where}/{name}" if where else name
