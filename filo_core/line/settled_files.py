"""Image files of a folder that were written to their end, each arrival taken once."""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filo_core.errors import FiloError, UnreadableImageError
from filo_core.imaging import is_meant_as_image, printable_name, read_encoded
from filo_core.imaging.listing import natural_key, os_refusal
from filo_core.line.watching.looks import FolderLooks
from filo_core.line.watching.marks import Arrival, ArrivalMemory, Mark
from filo_core.line.watching.notices import FolderNotices, Notice
from filo_core.line.watching.wholeness import looks_whole
from filo_core.sentence import Sentence

SETTLED_S = 0.5
PATIENCE_S = 3.0
"""A file that is empty or not whole must have stood still for so long before it counts as one that stays so."""
_LONGEST_HELD_S = 30.0
"""A file that a program holds open and does not write into any more is taken all the same."""
_MOVE_S = 1.0
"""For the system to say that a file was moved here from another name; it holds that back for half a second."""
_LOST_S = 5.0
"""So long it is known what a file was that is gone."""
_TRY_NOTICES_EVERY_S = 30.0
_AGAIN_S = 0.2
"""A file that could not be looked at is looked at again after this."""
_MOST_BYTES = 64 << 20
"""Taken at a time; the rest waits on its disk."""


@dataclass(slots=True)
class _Unsettled:
    mark: Mark
    still_since: float
    """``time.monotonic()`` when it was first seen like this."""
    is_held: bool = False
    """Whether a program has it open, as far as the system tells."""
    is_part: bool = False
    """Whether it was read like this, and is not whole."""


class SettledFiles:
    """Takes what arrives in a folder. Not thread-safe but for the notices, :attr:`problem` and :meth:`wait`.

    It looks at the folder when asked, which works on network shares too, and goes by what the system tells between
    :meth:`start` and :meth:`stop`: then a file is taken as soon as it is closed. A file that was written again, or has
    gone and come back, has arrived again.

    Args:
        folder: with its sub-folders.
        settled_s: a whole file must have stood still for so long where nobody tells that it was closed.
        patience_s: the same for a file that is not whole.
        memory: which files were answered before the start.
    """

    def __init__(
        self,
        folder: Path,
        settled_s: float = SETTLED_S,
        *,
        patience_s: float = PATIENCE_S,
        memory: ArrivalMemory | None = None,
    ) -> None:
        self._folder = folder
        self._settled_s = settled_s
        self._patience_s = max(patience_s, settled_s)
        self._memory = memory
        self._looks = FolderLooks(folder)
        self._notices = FolderNotices(folder, self._take_notice, self._take_folder_notice)
        self._is_started = False
        self._told: deque[tuple[Notice, str, str]] = deque()
        self._try_notices_at = 0.0
        self._was_away = False
        self._gone: set[str] = set()
        self._nodes: dict[int, str] = {}
        self._lost: dict[str, tuple[float, Mark]] = {}
        self._news = threading.Event()
        self._taken: dict[str, Mark] = _remembered(memory)
        self._is_first = True
        self._waiting: dict[str, _Unsettled] = {}
        self._due: list[tuple[float, str]] = []
        self._problem = ""

    @property
    def problem(self) -> str:
        """Why the folder, or one below it, could not be looked at last, as a sentence; empty when all is well."""
        return self._problem

    @property
    def left_out(self) -> tuple[str, ...]:
        """Names of files that may be pictures and are not read, and of folders that are not looked into."""
        return (*self._looks.left_out, *(f"{where}/" for where in self._looks.never_read))

    def away(self, error: OSError) -> str:
        """That the folder cannot be looked at, as a sentence."""
        reason, remedy = os_refusal(error)
        return Sentence(
            "The watched folder {folder} {reason}. {remedy}",
            folder=printable_name(str(self._folder)),
            reason=reason,
            remedy=remedy,
        )

    def start(self) -> None:
        """Be told by the system from now on; without it the folder is only looked at."""
        # By the first look: to have a large tree watched takes its time, and a share may hang.
        self._is_started = True

    def stop(self) -> None:
        """Be told no more."""
        self._is_started = False
        self._notices.stop()
        self._news.set()

    def wait(self, timeout: float) -> None:
        """Wait until the system tells of something, at most ``timeout`` seconds."""
        self._news.wait(timeout)
        self._news.clear()

    def take(self) -> list[Path]:
        """The files that have arrived since they were last taken, in the order of their names."""
        return [arrival.path for arrival in self._ready()] if self._look() else []

    def arrivals(self) -> Iterator[Arrival]:
        """As :meth:`take`, with their bytes as they are now; about 64 MB at a time, each taken with the next step."""
        size = 0
        for arrival in self._ready() if self._look() else ():
            yield arrival
            size += len(arrival.encoded or b"")
            if size > _MOST_BYTES:
                return

    def remember(self, arrival: Arrival) -> None:
        """An arrival has its answer: it has none to get after a restart."""
        if self._memory is not None:
            with suppress(FiloError):
                self._memory.remember(arrival.name_on_disk, arrival.mark.to_text())

    def reconsider(self) -> None:
        """Look again at everything that has yet to be taken, after a look that was broken off."""
        self._due = [(time.monotonic(), name) for name in self._waiting]
        heapq.heapify(self._due)

    # Looking -----------------------------------------------------------------------------------------------------

    def _look(self) -> bool:
        """Take in what is new; False when the folder is away."""
        try:
            if not self._looks.check() or self._was_away:
                # Another folder in its place, or the same one back: what came meanwhile nobody has told of.
                self._begin_anew()
        except OSError as error:
            self._problem = self.away(error)
            self._was_away = True
            return False
        self._was_away = False
        self._be_told()
        while self._told:
            self._heed(*self._told.popleft())
        seen = set()
        for name, mark in self._looks.look():
            self._see(name, mark)
            seen.add(name)
        if self._is_first:
            self._is_first = False
            for name in [one for one in self._taken if one not in seen and self._looks.has_listed(one)]:
                # Removed while nobody watched.
                self._lose(name)
        self._forget_gone()
        self._problem = self._problem_below()
        return True

    def _begin_anew(self) -> None:
        self._looks.forget()
        self._notices.stop()
        self._try_notices_at = 0.0
        self._let_go()

    def _let_go(self) -> None:
        """Nobody tells any more that a file was closed."""
        self._told.clear()
        for waiting in self._waiting.values():
            waiting.is_held = False
        self.reconsider()

    def _be_told(self) -> None:
        now = time.monotonic()
        if self._is_started and not self._notices.are_on and now >= self._try_notices_at:
            self._try_notices_at = now + _TRY_NOTICES_EVERY_S
            self._let_go()
            self._notices.start()

    def _forget_gone(self) -> None:
        now = time.monotonic()
        for name in [one for one, (at, _) in self._lost.items() if now - at > _LOST_S]:
            _, mark = self._lost.pop(name)
            if self._nodes.get(mark.node) == name:
                del self._nodes[mark.node]
        if self._gone and self._memory is not None:
            with suppress(FiloError):
                self._memory.forget(self._gone)
                self._gone = set()

    def _problem_below(self) -> str:
        for where, why in self._looks.unreadable.items():
            named = printable_name(str(self._folder / where))
            return Sentence(
                "{named} cannot be read any more ({why}). Check its disk, and the rights to it.", named=named, why=why
            )
        return ""

    def _see(self, name: str, mark: Mark | None) -> None:
        if mark is None:
            self._lose(name)
            return
        taken = self._taken.get(name)
        if taken is not None and not mark.is_another_file_than(taken):
            return
        waiting = self._waiting.get(name)
        if waiting is None or mark != waiting.mark:
            is_held = waiting is not None and waiting.is_held
            # Where it is the one that had another name, the system is about to say so.
            after_s = max(self._settled_s, _MOVE_S) if self._notices.are_on and self._may_be_moved(name, mark) else None
            self._await(name, mark, is_held=is_held, after_s=after_s)

    def _may_be_moved(self, name: str, mark: Mark) -> bool:
        before = self._nodes.get(mark.node, name)
        known = self._taken.get(before) or self._lost.get(before, (0.0, None))[1]
        return before != name and known is not None and known.changed_ns == mark.changed_ns

    def _await(self, name: str, mark: Mark, *, is_held: bool, after_s: float | None = None) -> None:
        now = time.monotonic()
        waiting = self._waiting.get(name)
        if waiting is None or waiting.mark != mark:
            waiting = self._waiting[name] = _Unsettled(mark, now)
        waiting.is_held = is_held
        if waiting.is_part:
            # Whoever reads it, as is done here, changes nothing.
            self._put_off(waiting.still_since + self._patience_s, name)
        elif not is_held:
            self._put_off(now + (self._settled_s if after_s is None else after_s), name)
        else:
            self._put_off(waiting.still_since + _LONGEST_HELD_S, name)

    def _lose(self, name: str) -> None:
        self._waiting.pop(name, None)
        mark = self._taken.pop(name, None)
        if mark is not None:
            self._gone.add(name)
            self._lost[name] = time.monotonic(), mark

    # Taking ------------------------------------------------------------------------------------------------------

    def _ready(self) -> Iterator[Arrival]:
        names: list[str] = []
        while self._due and self._due[0][0] <= time.monotonic():
            names.append(heapq.heappop(self._due)[1])
        names = sorted(set(names), key=lambda name: natural_key(Path(name)), reverse=True)
        try:
            while names:
                arrival = self._try(names[-1])
                if arrival is not None:
                    yield arrival
                    # Only now: one that was broken off over comes again.
                    self._taken[names[-1]] = arrival.mark
                    self._nodes[arrival.mark.node] = names[-1]
                    self._waiting.pop(names[-1], None)
                    self._gone.discard(names[-1])
                names.pop()
        finally:
            for name in names:
                if name in self._waiting:
                    self._put_off(0.0, name)

    def _try(self, name: str) -> Arrival | None:
        """The file if it has arrived; else it is put off, or gone."""
        waiting = self._waiting.get(name)
        try:
            mark = self._looks.status(name) if waiting is not None else None
        except OSError:
            self._put_off(time.monotonic() + _AGAIN_S, name)
            return None
        if waiting is None or mark is None:
            self._waiting.pop(name, None)
            return None
        if mark != waiting.mark:
            self._await(name, mark, is_held=waiting.is_held)
            return None
        still_s = time.monotonic() - waiting.still_since
        if waiting.is_held and still_s < _LONGEST_HELD_S:
            return None
        return self._read_as(name, mark, waiting, is_still=still_s >= self._patience_s)

    def _read_as(self, name: str, mark: Mark, waiting: _Unsettled, *, is_still: bool) -> Arrival | None:
        encoded = self._read(name)
        if not is_still and (encoded is None or not looks_whole(encoded)):
            waiting.is_part = True
            self._put_off(waiting.still_since + self._patience_s, name)
            return None
        if self._mark_of(name) != mark:
            # It was written to while it was read, or went away.
            self._put_off(time.monotonic() + _AGAIN_S, name)
            return None
        return Arrival(self._folder / name, name, mark, encoded)

    def _put_off(self, until: float, name: str) -> None:
        heapq.heappush(self._due, (max(until, time.monotonic()), name))

    def _read(self, name: str) -> bytes | None:
        try:
            return read_encoded(self._folder / name, printable_name(name))
        except UnreadableImageError:
            return None

    # Being told --------------------------------------------------------------------------------------------------

    def _take_notice(self, notice: Notice, path: Path, before: Path | None) -> None:
        name = self._name_of(path)
        told = notice, name, self._name_of(before) if before is not None else ""
        if name and (not self._told or self._told[-1] != told):
            self._told.append(told)
            self._news.set()

    def _take_folder_notice(self) -> None:
        # Its folder has another time of change now, which the next look finds.
        self._news.set()

    def _name_of(self, path: Path) -> str:
        if not path.is_relative_to(self._folder):
            return ""
        below = path.relative_to(self._folder)
        hidden = any(part.startswith(".") for part in below.parts)
        return "" if hidden or not is_meant_as_image(path.name) else below.as_posix()

    def _heed(self, notice: Notice, name: str, before: str) -> None:
        if notice is Notice.GONE:
            self._lose(name)
            return
        if notice is Notice.MOVED and (before in self._taken or before in self._lost):
            # The same file under another name has its answer.
            self._taken[name] = mark = self._mark_of(name) or self._taken.get(before) or self._lost[before][1]
            self._nodes[mark.node] = name
            self._waiting.pop(name, None)
            self._gone.discard(name)
            self._lose(before)
            self._lost.pop(before, None)
            self.remember(Arrival(self._folder / name, name, mark, None))
            return
        self._waiting.pop(before, None)
        try:
            found = self._looks.status(name)
        except OSError:
            self._looks.missed(name)
            return
        if found is not None:
            self._looks.told_of(name)
            self._heed_mark(notice, name, found)

    def _mark_of(self, name: str) -> Mark | None:
        try:
            return self._looks.status(name)
        except OSError:
            return None

    def _heed_mark(self, notice: Notice, name: str, mark: Mark) -> None:
        taken, waiting = self._taken.get(name), self._waiting.get(name)
        if taken is not None and not mark.is_another_file_than(taken):
            return
        match notice:
            case Notice.OPENED | Notice.WRITTEN:
                self._await(name, mark, is_held=True)
            case Notice.LET_GO:
                if waiting is not None and waiting.is_held:
                    self._await(name, mark, is_held=False)
            case _:
                self._await(name, mark, is_held=False, after_s=0.0)


def _remembered(memory: ArrivalMemory | None) -> dict[str, Mark]:
    if memory is None:
        return {}
    marks = {name: Mark.from_text(text) for name, text in memory.known().items()}
    return {name: mark for name, mark in marks.items() if mark is not None}
