"""What tells one arrival of a file from the next under the same name."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from filo_core.imaging import printable_name


@dataclass(frozen=True, slots=True)
class Mark:
    """A file as it stands on its disk."""

    size: int
    changed_ns: int
    """When its content was changed, as whoever wrote it says."""
    status_ns: int
    """When anything about it was changed, as its disk says."""
    rights: tuple[int, ...]
    """Mode, owner, group and number of names."""
    node: int = field(default=0, compare=False)
    """What its disk knows it by, whatever its name; shares may give it another one at any time."""

    @classmethod
    def of(cls, status: os.stat_result) -> Mark:
        """The mark of a file's status."""
        rights = status.st_mode, status.st_uid, status.st_gid, status.st_nlink
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, rights, status.st_ino)

    @classmethod
    def from_text(cls, text: str) -> Mark | None:
        """The mark that :meth:`to_text` wrote; None for anything else."""
        size, changed, status, rights = (text.split(" ") + [""] * 4)[:4]
        try:
            return cls(int(size), int(changed), int(status), tuple(int(part) for part in rights.split("-")))
        except ValueError:
            return None

    def to_text(self) -> str:
        """One line, to be kept."""
        return f"{self.size} {self.changed_ns} {self.status_ns} {'-'.join(map(str, self.rights))}"

    def is_another_file_than(self, before: Mark) -> bool:
        """Whether the file was written since: also by a copy that keeps its time of change, or one of the same size.

        A new time of status alone is no arrival where rights or names explain it.
        """
        if (self.size, self.changed_ns) != (before.size, before.changed_ns):
            return True
        return self.status_ns != before.status_ns and self.rights == before.rights


class ArrivalMemory(Protocol):
    """Keeps which files of a folder were answered, over restarts. Every method may raise a FiloError."""

    def known(self) -> Mapping[str, str]:
        """Marks as texts, by the file's name below the folder."""
        ...

    def remember(self, name: str, mark: str) -> None:
        """A file has its answer."""
        ...

    def forget(self, names: Collection[str]) -> None:
        """Files are not there any more: the next one under such a name is another one."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A file that arrived whole, or does not get any more so."""

    path: Path
    name_on_disk: str
    """Its path below the folder, with forward slashes."""
    mark: Mark
    encoded: bytes | None
    """Its bytes as they were read; None where they could not be, or were not asked for."""

    @property
    def name(self) -> str:
        """Its path below the folder, as it is shown and kept."""
        return printable_name(self.name_on_disk)
