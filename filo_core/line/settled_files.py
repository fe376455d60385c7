"""Image files of a folder that were written to their end, each taken once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from filo_core.errors import FolderError
from filo_core.imaging import look_at_folder, name_below

SETTLED_S = 0.5


@dataclass(frozen=True, slots=True)
class _Look:
    size: int
    changed_ns: int
    since: float
    """``time.monotonic()`` when it was first seen like this."""


class SettledFiles:
    """Looks at the folder when asked: works on network shares too, where the system sends no notices.

    Args:
        folder: with its sub-folders.
        settled_s: size and time of change must have stayed the same for so long.
    """

    def __init__(self, folder: Path, settled_s: float = SETTLED_S) -> None:
        self._folder = folder
        self._settled_s = settled_s
        self._seen: dict[Path, _Look] = {}
        self._taken: dict[Path, tuple[int, int]] = {}
        self._problem = ""
        self.left_out: tuple[str, ...] = ()
        """Names of the files of the last look that may be pictures and are not read."""

    @property
    def problem(self) -> str:
        """Why the folder could not be looked at last, as a sentence; empty when all is well."""
        return self._problem

    def take(self) -> list[Path]:
        """The files that are settled and were not taken as they are now, in the order of their names."""
        try:
            listing = look_at_folder(self._folder)
        except FolderError as error:
            self._problem = str(error)
            return []
        self._problem = ""
        self.left_out = tuple(name_below(path, self._folder) for path in listing.left_out)
        paths = listing.images
        there = set(paths)
        self._taken = {path: mark for path, mark in self._taken.items() if path in there}
        self._seen = {path: look for path, look in self._seen.items() if path in there}
        return [path for path in paths if self._is_settled(path)]

    def _is_settled(self, path: Path) -> bool:
        try:
            status = path.stat()
        except OSError:
            return False
        mark = status.st_size, status.st_mtime_ns
        if self._taken.get(path) == mark:
            return False
        now = time.monotonic()
        look = self._seen.get(path)
        if look is None or (look.size, look.changed_ns) != mark:
            self._seen[path] = _Look(*mark, now)
            return False
        if now - look.since < self._settled_s:
            return False
        del self._seen[path]
        self._taken[path] = mark
        return True
