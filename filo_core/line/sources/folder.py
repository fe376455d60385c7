"""A folder played as a camera: for demonstrations, trials and tests."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filo_core.errors import FolderError, UnreadableImageError
from filo_core.imaging import ImageListing, list_images, name_some, printable_name, read_image
from filo_core.line.sources.base import Frame, FrameSlot, SourceState
from filo_core.loops import Loop
from filo_core.sentence import Sentence, one_or_many, sentences

if TYPE_CHECKING:
    from pathlib import Path

_NAMED_FILES = 3
_LONGEST_STOP_S = 10.0
_SHORTEST_RETRY_S = 0.1


class FolderSource:
    """Plays the images of a folder in natural order, one every ``interval_s``.

    The folder is listed anew each time round, so images added meanwhile are played as well. Files that cannot be
    read, or have an extension that is not, are left out, counted and named in ``problem``; when none can, or the
    folder is gone, the source is LOST and tries again.

    Args:
        folder: images in it and below it are played.
        interval_s: from the start of one image to the next.
        loop: play for ever; else STOPPED after one time round.
    """

    def __init__(self, folder: Path, interval_s: float = 0.5, loop: bool = True) -> None:
        self._folder = folder
        self._interval_s = interval_s
        self._loop = loop
        self._slot = FrameSlot()
        self._is_pulled = False
        self._state = SourceState.STOPPED
        self._problem = ""
        self._playing = Loop(f"filo-folder-{self.name}", self._play, "plays a folder as a camera")
        self._starting = threading.Lock()

    def __repr__(self) -> str:
        return f"FolderSource({self.name!r}, {self._state})"

    @property
    def name(self) -> str:
        """The folder's name."""
        return printable_name(self._folder.name) or str(self._folder)

    @property
    def state(self) -> SourceState:
        """How it is now."""
        return SourceState.LOST if self._playing.problem else self._state

    @property
    def problem(self) -> str:
        """Why it is LOST, or which files of the last time round were left out; empty when all is well."""
        return self._playing.problem or self._problem

    @property
    def frames(self) -> int:
        """Images played since the start."""
        return self._slot.frames

    @property
    def dropped(self) -> int:
        """Images that the next one replaced before anybody took them."""
        return self._slot.dropped

    def start(self) -> None:
        """Begin to play; no effect while it plays."""
        with self._starting:
            if self._playing.is_running:
                return
            self._slot.clear()
            self._problem = ""
            self._state = SourceState.OPENING
            self._playing.start()

    def stop(self) -> None:
        """End; the thread is gone afterwards."""
        with self._starting:
            self._playing.stop(_LONGEST_STOP_S)
            self._slot.discard()
            self._problem = ""
            self._state = SourceState.STOPPED

    def pull(self) -> None:
        """Play each image until it was taken from now on, however long that takes: none is left out in between."""
        self._is_pulled = True

    def newest(self) -> Frame | None:
        """The image in turn, unless it was taken already."""
        return self._slot.take()

    def wait(self, timeout: float) -> bool:
        """Wait until there is an image to take, at most ``timeout`` seconds; True when there is one."""
        return self._slot.wait(timeout)

    def _play(self) -> None:
        while not self._playing.must_stop():
            self._play_once()
            if not self._loop and self._state is SourceState.RUNNING:
                self._state = SourceState.STOPPED
                return

    def _play_once(self) -> None:
        try:
            listing = list_images(self._folder)
        except FolderError as error:
            self._lose(str(error))
            self._playing.pause(max(self._interval_s, _SHORTEST_RETRY_S))
            return
        unreadable: list[str] = []
        images = listing.images
        for path in images:
            due = time.monotonic() + self._interval_s
            try:
                pixels = read_image(path).pixels
            except UnreadableImageError as error:
                unreadable.append(str(error))
            else:
                while self._is_pulled and not self._slot.wait_empty(_SHORTEST_RETRY_S):
                    if self._playing.must_stop():
                        return
                self._slot.put(pixels, datetime.now(UTC), time.monotonic())
                if self._state is SourceState.LOST:
                    self._problem = ""
                self._state = SourceState.RUNNING
            if self._playing.pause(max(0.0, due - time.monotonic())):
                return
        self._problem = " ".join(filter(None, (_name_unreadable(unreadable), self._name_left_out(listing))))
        if len(unreadable) == len(images):
            self._lose(self._problem)

    def _name_left_out(self, listing: ImageListing) -> str:
        if not listing.left_out:
            return ""
        return Sentence(
            "Left out, since their extension is not read: {left_out}.",
            left_out=name_some(listing.left_out, self._folder),
        )

    def _lose(self, problem: str) -> None:
        self._problem = problem
        self._state = SourceState.LOST


def _name_unreadable(problems: list[str]) -> str:
    if not problems:
        return ""
    named = sentences(*problems[:_NAMED_FILES])
    more = (
        Sentence(" And {problems} more.", problems=len(problems) - _NAMED_FILES) if len(problems) > _NAMED_FILES else ""
    )
    files = one_or_many(len(problems), "1 file", "{count} files")
    return Sentence("{files} could not be read. {named}{more}", files=files, named=named, more=more)
