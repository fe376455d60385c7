"""The newest frame in memory that two processes share."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from multiprocessing.context import SpawnContext

    from numpy.typing import NDArray

FIRST_CAPACITY = 3840 * 2160 * 3
"""Bytes of the room to begin with; a larger frame gets a larger room."""
_BEATS, _SEQUENCE, _HEIGHT, _WIDTH, _AWAITED = range(5)
_WALL, _MONOTONIC = range(2)
_LONGEST_DEAF_S = 0.05
"""Two processes that look at the same moment may miss each other: the one that waits looks again after this."""


class SharedFrame:
    """Room for one RGB frame, written by a camera's process and read by its owner.

    Anonymous shared memory: nothing is left in the file system when either side is killed. The lock is only ever
    waited for with a time limit, since a killed process never gives it back; owner and room are then replaced together.

    Args:
        context: makes the memory and the lock.
        capacity: largest frame in bytes, ``H * W * 3``.
    """

    def __init__(self, context: SpawnContext, capacity: int) -> None:
        # Types of ctypes arrays differ between platforms and say nothing here.
        self._numbers: Any = context.RawArray("q", 5)
        self._times: Any = context.RawArray("d", 2)
        self._pixels: Any = context.RawArray("B", capacity)
        self._lock = context.Lock()
        # Not a condition: a process that is killed while it holds one never gives it back.
        self._news = context.Semaphore(0)

    @property
    def capacity(self) -> int:
        """Largest frame in bytes."""
        return len(self._pixels)

    @property
    def beats(self) -> int:
        """Signs of life so far. Read without the lock: an aligned number is written whole."""
        return int(self._numbers[_BEATS])

    @property
    def sequence(self) -> int:
        """Number of the newest frame that is readable, 0 before the first."""
        return int(self._numbers[_SEQUENCE])

    def beat(self) -> None:
        """Give a sign of life."""
        self._numbers[_BEATS] += 1

    def write(self, rgb: NDArray[np.uint8], sequence: int, wall: float, monotonic: float, timeout: float = 0.2) -> bool:
        """Replace the frame; False when the reader held it for ``timeout`` seconds.

        Args:
            rgb: ``(H, W, 3)`` uint8, not larger than the capacity.
            sequence: number of the frame, from 1.
            wall: ``time.time()`` at the capture.
            monotonic: ``time.monotonic()`` at the capture.
            timeout: seconds to wait for the reader.
        """
        if not self._lock.acquire(timeout=timeout):
            return False
        try:
            room = np.frombuffer(self._pixels, np.uint8, rgb.size).reshape(rgb.shape)
            np.copyto(room, rgb)
            self._numbers[_HEIGHT], self._numbers[_WIDTH] = rgb.shape[:2]
            self._times[_WALL], self._times[_MONOTONIC] = wall, monotonic
            self._numbers[_SEQUENCE] = sequence
        finally:
            self._lock.release()
        if self._numbers[_AWAITED]:
            self._numbers[_AWAITED] = 0
            self._news.release()
        return True

    def wait(self, newer_than: int, timeout: float) -> bool:
        """Wait for a frame with a number above ``newer_than``, at most ``timeout`` seconds; True when there is one."""
        until = time.monotonic() + timeout
        while self.sequence <= newer_than:
            self._numbers[_AWAITED] = 1
            left = until - time.monotonic()
            if left <= 0:
                return self.sequence > newer_than
            self._news.acquire(timeout=min(left, _LONGEST_DEAF_S))
        return True

    def read(self, newer_than: int, timeout: float = 0.2) -> tuple[NDArray[np.uint8], int, float, float] | None:
        """A copy of the frame, its number, wall and monotonic time; None when it is not newer or cannot be had."""
        if self.sequence <= newer_than or not self._lock.acquire(timeout=timeout):
            return None
        try:
            shape = int(self._numbers[_HEIGHT]), int(self._numbers[_WIDTH]), 3
            pixels = np.frombuffer(self._pixels, np.uint8, shape[0] * shape[1] * 3).reshape(shape).copy()
            return pixels, self.sequence, float(self._times[_WALL]), float(self._times[_MONOTONIC])
        finally:
            self._lock.release()
