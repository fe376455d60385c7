"""Folder: every image file that appears is judged, once it has been written to its end."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import FolderError, UnreadableImageError
from filo_core.imaging import changed_at, decode_image, hash_encoded, list_images, printable_name, read_encoded
from filo_core.line.triggers.base import Asks, Trigger, TriggerKind

if TYPE_CHECKING:
    from filo_core.line.triggers.base import Ticket

_LOOK_EVERY_S = 0.2
_SETTLED_S = 0.5
_WEEK_S = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class _Look:
    size: int
    changed_ns: int
    since: float
    """``time.monotonic()`` when it was first seen like this."""


class FolderTrigger:
    """Watches a folder by looking at it: works on network shares too, where the system sends no notices.

    A file is taken when its size and time of change have stayed the same for ``settled_s``. Its id is its content's
    hash, so that the same file is judged once, after a restart as well. A file that is no whole image is answered
    with NOT_INSPECTED and the reason.
    """

    def __init__(
        self, folder: Path, station: Asks, *, every_s: float = _LOOK_EVERY_S, settled_s: float = _SETTLED_S
    ) -> None:
        self._folder = folder
        self._station = station
        self._every_s = every_s
        self._settled_s = settled_s
        self._seen: dict[Path, _Look] = {}
        self._taken: dict[Path, tuple[int, int]] = {}
        self._problem = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="filo-folder-trigger", daemon=True)

    @property
    def problem(self) -> str:
        """Why the folder cannot be watched now, as a sentence; empty when all is well."""
        return self._problem

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            for path in self._settled():
                ticket = self._station.ask(_trigger_of(path))
                if not self._wait_for(ticket):
                    return
            self._stopping.wait(self._every_s)

    def _wait_for(self, ticket: Ticket) -> bool:
        # One after the other: a folder filled at once must not run into the station's limit.
        while ticket.wait(0.1) is None:
            if self._stopping.is_set():
                return False
        return True

    def _settled(self) -> list[Path]:
        try:
            paths = list_images(self._folder).images
        except FolderError as error:
            # An empty folder is what a watched folder is between two parts.
            self._problem = "" if self._folder.is_dir() else str(error)
            if not self._problem:
                self._seen.clear()
                self._taken.clear()
            return []
        self._problem = ""
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


def _trigger_of(path: Path) -> Trigger:
    name = printable_name(path.name)
    image_hash = ""
    try:
        encoded = read_encoded(path, name)
        image_hash = hash_encoded(encoded)
        image = decode_image(encoded, name, captured_at=changed_at(path))
    except UnreadableImageError as error:
        trigger_id = f"folder-{image_hash[:32] or name}"
        return Trigger(trigger_id, TriggerKind.FOLDER, problem=str(error), repeats_within_s=_WEEK_S)
    return Trigger(f"folder-{image_hash[:32]}", TriggerKind.FOLDER, image, repeats_within_s=_WEEK_S)
