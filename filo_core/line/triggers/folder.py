"""Folder: every image file that arrives is judged, once it has been written to its end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import UnreadableImageError
from filo_core.imaging import changed_at, decode_image, hash_encoded, read_encoded
from filo_core.line.part_collecting import PART_WAIT_S, PartCollector
from filo_core.line.part_runs import problem_of_files, shows_no_view
from filo_core.line.settled_files import PATIENCE_S, SETTLED_S
from filo_core.line.triggers.base import Asks, Trigger, TriggerKind
from filo_core.line.triggers.folder_ids import id_of, id_of_part
from filo_core.line.watched_folder import LOOK_EVERY_S, WatchedFolder
from filo_core.line.watching.marks import Arrival
from filo_core.loops import Loop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filo_core.line.part_files import PartFiles
    from filo_core.line.triggers.base import Ticket
    from filo_core.line.watching.marks import ArrivalMemory
    from filo_core.types import SourceImage
    from filo_core.views import JudgingView

_LOOK_EVERY_S = 0.1
"""Whether to stop; an arrival is noticed at once."""
_WEEK_S = 7 * 24 * 3600.0
_LONGEST_STOP_S = 5.0


class FolderTrigger:
    """Asks for every arrival of a watched folder, one after the other, with a trigger that names the file.

    Its id is made of name, content and times of the file. So the same arrival is judged once, after a restart as well;
    the same content under another name, or dropped again, is another part. A file that is no whole image is answered
    with NOT_INSPECTED and the reason.

    Args:
        folder: what to watch, with its sub-folders.
        station: answers.
        every_s: how often to look, whatever the system tells.
        settled_s: see :class:`~filo_core.line.settled_files.SettledFiles`, as for the next two.
        patience_s: of a file that is not whole.
        memory: which files were answered before.
        views: of the recipe, where a part has several: its files are put together by what their names end in.
        part_wait_s: how long a part waits for the picture of a view.

    Raises:
        FolderError: if it is not known what the files of a view end in.
    """

    def __init__(
        self,
        folder: Path,
        station: Asks,
        *,
        every_s: float = LOOK_EVERY_S,
        settled_s: float = SETTLED_S,
        patience_s: float = PATIENCE_S,
        memory: ArrivalMemory | None = None,
        views: Sequence[JudgingView] = (),
        part_wait_s: float = PART_WAIT_S,
    ) -> None:
        self._views = tuple(views)
        suffixes = {view.name: view.suffix for view in self._views}
        self._parts = PartCollector(suffixes, folder, part_wait_s) if views else None
        self._files = WatchedFolder(folder, every_s=every_s, settled_s=settled_s, patience_s=patience_s, memory=memory)
        self._station = station
        self._loop = Loop("filo-folder-trigger", self._run, "asks for the files of the folder")

    @property
    def problem(self) -> str:
        """Why the folder cannot be watched now, as a sentence; empty when all is well."""
        return self._loop.problem or self._files.problem

    def start(self) -> None:
        """Begin to watch."""
        self._files.start()
        self._loop.start()

    def stop(self) -> None:
        """Watch no more. A share that hangs keeps its threads beyond that, and nobody else."""
        self._loop.ask_to_stop()
        self._files.stop(_LONGEST_STOP_S)
        self._loop.join()

    def _run(self) -> None:
        while not self._loop.must_stop():
            self._files.wait(_LOOK_EVERY_S)
            if self._parts is not None:
                self._ask_for_parts(self._parts)
                continue
            arrival = self._files.next()
            # One after the other: a folder filled at once must not run into the station's limit.
            if arrival is not None and self._wait_for(self._station.ask(_trigger_of(arrival))):
                self._files.done(arrival)

    def _ask_for_parts(self, parts: PartCollector) -> None:
        collected = parts.collect(self._files.waiting())
        for arrival in (*collected.late, *collected.replaced):
            self._files.done(arrival)
        for part in collected.parts:
            if not self._wait_for(self._station.ask(_trigger_of_part(part, self._views))):
                return
            for arrival in part.arrivals:
                self._files.done(arrival)
        if not collected.parts and not self._loop.must_stop():
            # Something waits for the rest of its part.
            self._loop.pause(_LOOK_EVERY_S)

    def _wait_for(self, ticket: Ticket) -> bool:
        while ticket.wait(_LOOK_EVERY_S) is None:
            if self._loop.must_stop():
                return False
        return True


def _trigger_of_part(part: PartFiles, views: Sequence[JudgingView]) -> Trigger:
    read = {arrival: _read(arrival) for arrival in part.arrivals}
    trigger_id = id_of_part(part.name, [(arrival, one.image_hash) for arrival, one in read.items()])
    asked = Trigger(trigger_id, TriggerKind.FOLDER, repeats_within_s=_WEEK_S, file=part.name)
    if not part.views:
        return replace(asked, problem=shows_no_view(part, views))
    pictures: dict[str, SourceImage | str] = {}
    for view in views:
        problem = problem_of_files(part, view)
        (first, *_) = (*part.views.get(view.name, ()), None)
        one = read.get(first) if isinstance(first, Arrival) else None
        pictures[view.name] = problem or (one.image or one.problem if one is not None else "")
    return replace(asked, views=pictures)


@dataclass(frozen=True, slots=True)
class _Opened:
    image_hash: str
    image: SourceImage | None = None
    problem: str = ""


def _read(arrival: Arrival) -> _Opened:
    image_hash = ""
    try:
        # Read again where it could not be: the reason is wanted.
        encoded = read_encoded(arrival.path, arrival.name) if arrival.encoded is None else arrival.encoded
        image_hash = hash_encoded(encoded)
        captured_at = changed_at(arrival.path)
        return _Opened(image_hash, decode_image(encoded, arrival.name, image_hash=image_hash, captured_at=captured_at))
    except UnreadableImageError as error:
        return _Opened(image_hash, problem=str(error))


def _trigger_of(arrival: Arrival) -> Trigger:
    read = _read(arrival)
    return Trigger(
        id_of(arrival, read.image_hash),
        TriggerKind.FOLDER,
        read.image,
        repeats_within_s=_WEEK_S,
        problem=read.problem,
        file=arrival.name,
    )
