"""One life of a camera's process, as its owner sees it."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import time
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from filo_core.line.sources.capturing import CaptureSettings, News
from filo_core.line.sources.shared_frame import SharedFrame

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    from filo_core.line.sources.camera_process import CameraProcess

logger = logging.getLogger(__name__)

_CLOSE_GRACE_S = 1.0
_KILL_GRACE_S = 5.0


class CameraSession:
    """One life of the camera's process, with the memory it writes into."""

    def __init__(self, process_of: CameraProcess, settings: CaptureSettings, capacity: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.room = SharedFrame(context, capacity)
        self._owner, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(
            target=process_of, args=(settings, self.room, theirs), name="filo-camera", daemon=True
        )
        self._process.start()
        theirs.close()
        self._ended = False
        self._seen = 0
        self.trouble = ""
        """Why it opens the device again, as a sentence; empty before that was ever needed."""
        self._beats = 0
        self._beat_at = time.monotonic()

    @property
    def is_opening(self) -> bool:
        """True until its first picture, and again from each loss to the next picture."""
        return self.room.sequence == self._seen

    def expect_reopening(self, trouble: str) -> None:
        """Note that the process opens the device again, and why."""
        self._seen, self.trouble = self.room.sequence, trouble

    def silence(self, now: float) -> float:
        """Seconds since the last sign of life was seen."""
        if (beats := self.room.beats) != self._beats:
            self._beats, self._beat_at = beats, now
        return now - self._beat_at

    def look(self, timeout: float) -> News | None:
        """What the process says, or that it has ended; None while there is nothing new."""
        ready: list[Any] = wait([self._owner, self._process.sentinel], timeout)
        if self._owner in ready:
            with contextlib.suppress(EOFError, OSError):
                news: News = self._owner.recv()
                return news
        if not ready:
            return None
        self._process.join(_KILL_GRACE_S)
        return News(None, self._process.exitcode or 0)

    def close(self) -> None:
        """Let the process end by itself, and kill it when it does not; no effect on one that has ended."""
        if not self._ended:
            self._owner.close()
            self._process.join(_CLOSE_GRACE_S)
            self.kill()

    def kill(self) -> None:
        """End the process whatever it hangs in; no effect on one that has ended."""
        if self._ended:
            return
        self._ended = True
        self._owner.close()
        self._process.kill()
        self._process.join(_KILL_GRACE_S)
        if self._process.is_alive():
            # It sits in the kernel; the driver lets go of it some day.
            logger.warning("a camera's process does not end (process %s)", self._process.pid)
        else:
            self._process.close()
