"""What the system tells of a folder by itself, where it does: shares tell nothing of what other machines write."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.events import (
    EVENT_TYPE_CLOSED,
    EVENT_TYPE_CLOSED_NO_WRITE,
    EVENT_TYPE_CREATED,
    EVENT_TYPE_DELETED,
    EVENT_TYPE_MODIFIED,
    EVENT_TYPE_MOVED,
    EVENT_TYPE_OPENED,
    FileSystemEvent,
    FileSystemEventHandler,
)

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

logger = logging.getLogger(__name__)

_LONGEST_END_S = 5.0


class Notice(StrEnum):
    """What happened to a file."""

    CREATED = "created"
    OPENED = "opened"
    WRITTEN = "written"
    """Something was, and more may follow."""
    CLOSED = "closed"
    """By whoever wrote it."""
    LET_GO = "let go"
    """By whoever read it."""
    CAME = "came"
    """Under this name from elsewhere, so it is whole."""
    GONE = "gone"
    MOVED = "moved"
    """From another name below the folder."""


_NOTICES = {
    EVENT_TYPE_CREATED: Notice.CREATED,
    EVENT_TYPE_OPENED: Notice.OPENED,
    EVENT_TYPE_MODIFIED: Notice.WRITTEN,
    EVENT_TYPE_CLOSED: Notice.CLOSED,
    EVENT_TYPE_CLOSED_NO_WRITE: Notice.LET_GO,
    EVENT_TYPE_DELETED: Notice.GONE,
}
Tell = Callable[[Notice, Path, Path | None], None]
"""Told of a notice, the path it is about, and for a move where it was before."""


class FolderNotices:
    """Passes on what the system tells of a folder with its sub-folders.

    Args:
        folder: which one.
        tell: told on a thread of the watch; must return at once.
        tell_folder: told of a folder below that is new, moved or gone.
    """

    def __init__(self, folder: Path, tell: Tell, tell_folder: Callable[[], None]) -> None:
        self._folder = folder
        self._handler = _Handler(tell, tell_folder)
        self._observer: BaseObserver | None = None
        self._lock = threading.Lock()

    @property
    def are_on(self) -> bool:
        """Whether the system tells anything; where not, looking is all there is."""
        observer = self._observer
        return observer is not None and observer.is_alive() and all(one.is_alive() for one in observer.emitters)

    def start(self) -> None:
        """Begin to be told; where the system cannot, a line of the log says so."""
        from watchdog.observers import Observer

        with self._lock:
            self._end()
            observer = Observer()
            try:
                observer.schedule(self._handler, str(self._folder), recursive=True)
                observer.start()
            except (OSError, RuntimeError) as error:
                # No watches are left, or the folder is away: it is looked at all the same.
                logger.warning("the system tells nothing of %s (%s): it is looked at only", self._folder, error)
                _shut(observer)
                return
            self._observer = observer

    def stop(self) -> None:
        """End."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            _shut(observer)


def _shut(observer: BaseObserver) -> None:
    # Its own book-keeping fails where a folder vanishes meanwhile: what is left is ended by the second call.
    for _ in range(2):
        with contextlib.suppress(OSError, RuntimeError, KeyError, AssertionError):
            observer.stop()
            break
    with contextlib.suppress(RuntimeError):
        # One that sits in the kernel for a share that is gone ends some day.
        observer.join(_LONGEST_END_S)


class _Handler(FileSystemEventHandler):
    def __init__(self, tell: Tell, tell_folder: Callable[[], None]) -> None:
        self._tell = tell
        self._tell_folder = tell_folder

    def dispatch(self, event: FileSystemEvent) -> None:
        if event.is_directory:
            if event.event_type in {EVENT_TYPE_CREATED, EVENT_TYPE_DELETED, EVENT_TYPE_MOVED}:
                self._tell_folder()
        elif event.event_type == EVENT_TYPE_MOVED:
            before, after = _path(event.src_path), _path(event.dest_path)
            if after is not None:
                self._tell(Notice.MOVED if before is not None else Notice.CAME, after, before)
        elif (notice := _NOTICES.get(event.event_type)) is not None and (path := _path(event.src_path)) is not None:
            self._tell(notice, path, None)


def _path(path: str | bytes) -> Path | None:
    return Path(os.fsdecode(path)) if path else None
