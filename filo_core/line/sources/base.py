"""What every source of live images offers: the newest frame, never a queue of old ones."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source. ``pixels`` is ``(H, W, 3)`` uint8 RGB and belongs to whoever took the frame."""

    pixels: NDArray[np.uint8] = field(repr=False)
    frame_id: int
    """Counts every frame of the source from 1, across reconnects; a gap means frames were overwritten."""
    captured_at: datetime
    """UTC."""
    captured_monotonic: float
    """``time.monotonic()`` at the capture, to tell the frame's age."""


class SourceState(StrEnum):
    """How a source is."""

    OPENING = "opening"
    """Started, no picture yet."""
    RUNNING = "running"
    LOST = "lost"
    """No pictures, or the same again and again; ``problem`` says why, and the source keeps trying."""
    STOPPED = "stopped"
    """Not started, stopped, or played to its end."""


class ImageSource(Protocol):
    """A camera, or something that plays one. Every member may be used from any thread.

    ``frames`` counts what was captured since :meth:`start`; every frame is taken once, still to be taken, or among
    ``dropped``.
    """

    @property
    def name(self) -> str:
        """What an operator calls it; holds no password."""
        ...

    @property
    def state(self) -> SourceState:
        """How it is now."""
        ...

    @property
    def problem(self) -> str:
        """While LOST: what happened and what to do, as a sentence."""
        ...

    @property
    def frames(self) -> int:
        """Frames captured since the start."""
        ...

    @property
    def dropped(self) -> int:
        """Frames that a newer one replaced before anybody took them."""
        ...

    def start(self) -> None:
        """Begin to capture, and return at once; no effect on a source that has begun."""
        ...

    def stop(self) -> None:
        """End, and let go of the device; no effect on a source that has ended. It may be started again."""
        ...

    def newest(self) -> Frame | None:
        """The newest frame, to one caller only; None when it was taken already, and after :meth:`stop`."""
        ...

    def wait(self, timeout: float) -> bool:
        """Wait until there is a frame to take, at most ``timeout`` seconds; True when there is one."""
        ...


class FrameSlot:
    """Room for one frame, which can be waited for: the newest replaces the one before. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._frame: Frame | None = None
        self._frames = 0
        self._dropped = 0

    @property
    def frames(self) -> int:
        """Frames put since the last :meth:`clear`."""
        return self._frames

    @property
    def dropped(self) -> int:
        """Frames replaced untaken since the last :meth:`clear`."""
        return self._dropped

    def put(self, pixels: NDArray[np.uint8], captured_at: datetime, captured_monotonic: float) -> None:
        """Offer a frame; it gets the next number."""
        with self._lock:
            self._dropped += self._frame is not None
            self._frames += 1
            self._frame = Frame(pixels, self._frames, captured_at, captured_monotonic)
            self._lock.notify_all()

    def wait(self, timeout: float) -> bool:
        """Wait until there is a frame in the slot, at most ``timeout`` seconds; True when there is one."""
        with self._lock:
            return self._lock.wait_for(lambda: self._frame is not None, timeout)

    def wait_empty(self, timeout: float) -> bool:
        """Wait until the frame was taken, at most ``timeout`` seconds; True when there is none."""
        with self._lock:
            return self._lock.wait_for(lambda: self._frame is None, timeout)

    def take(self) -> Frame | None:
        """The frame in the slot, which is empty then."""
        with self._lock:
            frame, self._frame = self._frame, None
            self._lock.notify_all()
            return frame

    def discard(self) -> None:
        """Drop the frame in the slot, if any."""
        with self._lock:
            self._dropped += self._frame is not None
            self._frame = None

    def clear(self) -> None:
        """Empty the slot and count from 0 again."""
        with self._lock:
            self._frame = None
            self._frames = self._dropped = 0
