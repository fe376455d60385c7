"""Folder: every image file that appears is judged, once it has been written to its end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import UnreadableImageError
from filo_core.imaging import changed_at, decode_image, hash_encoded, printable_name, read_encoded
from filo_core.line.settled_files import SETTLED_S, SettledFiles
from filo_core.line.triggers.base import Asks, Trigger, TriggerKind
from filo_core.loops import Loop

if TYPE_CHECKING:
    from filo_core.line.triggers.base import Ticket

_LOOK_EVERY_S = 0.2
_WEEK_S = 7 * 24 * 3600.0


class FolderTrigger:
    """Watches a folder by looking at it: works on network shares too, where the system sends no notices.

    A file is taken when its size and time of change have stayed the same for ``settled_s``. Its id is its content's
    hash, so that the same file is judged once, after a restart as well. A file that is no whole image is answered
    with NOT_INSPECTED and the reason.
    """

    def __init__(
        self, folder: Path, station: Asks, *, every_s: float = _LOOK_EVERY_S, settled_s: float = SETTLED_S
    ) -> None:
        self._files = SettledFiles(folder, settled_s)
        self._station = station
        self._every_s = every_s
        self._loop = Loop("filo-folder-trigger", self._run, "watches the folder")

    @property
    def problem(self) -> str:
        """Why the folder cannot be watched now, as a sentence; empty when all is well."""
        return self._loop.problem or self._files.problem

    def start(self) -> None:
        """Begin to watch."""
        self._loop.start()

    def stop(self) -> None:
        """Watch no more."""
        self._loop.stop()

    def _run(self) -> None:
        while not self._loop.must_stop():
            for path in self._files.take():
                ticket = self._station.ask(_trigger_of(path))
                if not self._wait_for(ticket):
                    return
            self._loop.pause(self._every_s)

    def _wait_for(self, ticket: Ticket) -> bool:
        # One after the other: a folder filled at once must not run into the station's limit.
        while ticket.wait(0.1) is None:
            if self._loop.must_stop():
                return False
        return True


def _trigger_of(path: Path) -> Trigger:
    name = printable_name(path.name)
    image_hash = ""
    try:
        encoded = read_encoded(path, name)
        image_hash = hash_encoded(encoded)
        image = decode_image(encoded, name, image_hash=image_hash, captured_at=changed_at(path))
    except UnreadableImageError as error:
        trigger_id = f"folder-{image_hash[:32] or name}"
        return Trigger(trigger_id, TriggerKind.FOLDER, problem=str(error), repeats_within_s=_WEEK_S)
    return Trigger(f"folder-{image_hash[:32]}", TriggerKind.FOLDER, image, repeats_within_s=_WEEK_S)
