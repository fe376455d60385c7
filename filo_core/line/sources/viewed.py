"""A source that can also be looked at: whoever looks takes no frame away from the line that judges."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filo_core.line.sources.base import Frame, ImageSource, SourceState


class ViewedSource:
    """An :class:`~filo_core.line.sources.base.ImageSource` around another one.

    ``newest`` gives each frame once, as ever. :meth:`look` gives the newest frame as often as it is asked for, and what
    it fetched is still to be taken. Every member may be used from any thread.

    Args:
        source: where the frames come from; nobody else takes frames from it.
    """

    def __init__(self, source: ImageSource) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._seen: Frame | None = None
        self._is_taken = True
        self._is_pulled = False

    def pull(self) -> None:
        """Leave out no picture of a source that waits for whoever takes them, as a folder does; a camera cannot."""
        pull = getattr(self._source, "pull", None)
        if pull is not None:
            pull()
            self._is_pulled = True

    @property
    def is_pulled(self) -> bool:
        """Whether each picture waits until it was taken: when it was captured then says nothing."""
        return self._is_pulled

    @property
    def name(self) -> str:
        """As the source's."""
        return self._source.name

    @property
    def state(self) -> SourceState:
        """As the source's."""
        return self._source.state

    @property
    def problem(self) -> str:
        """As the source's."""
        return self._source.problem

    @property
    def frames(self) -> int:
        """As the source's."""
        return self._source.frames

    @property
    def dropped(self) -> int:
        """As the source's: a frame that was only looked at is not among them."""
        return self._source.dropped

    def start(self) -> None:
        """Begin to capture."""
        self._source.start()

    def stop(self) -> None:
        """End, and forget what was seen."""
        self._source.stop()
        with self._lock:
            self._seen, self._is_taken = None, True

    def newest(self) -> Frame | None:
        """The newest frame, to one caller only; None when it was taken already."""
        with self._lock:
            self._fetch()
            if self._is_taken:
                return None
            self._is_taken = True
            return self._seen

    def look(self) -> Frame | None:
        """The newest frame there is, whoever has taken it; None before the first one."""
        with self._lock:
            self._fetch()
            return self._seen

    def wait(self, timeout: float) -> bool:
        """Wait until there is a frame to take, at most ``timeout`` seconds; True when there is one."""
        if self._has_untaken():
            return True
        # Whoever looked meanwhile has fetched it, so the source itself may have nothing any more.
        return self._source.wait(timeout) or self._has_untaken()

    def _has_untaken(self) -> bool:
        with self._lock:
            return not self._is_taken

    def _fetch(self) -> None:
        if self._is_pulled and not self._is_taken:
            return
        frame = self._source.newest()
        if frame is not None:
            self._seen, self._is_taken = frame, False
