"""A camera that is not there: a drawn part on a belt, with anomalies planted in known frames.

Address: ``test://part?every=4&rate=10&size=640x480&seed=1``. Every ``every``-th frame has an anomaly, 0 for none. With
``stuck=50`` it hangs as cameras do: it repeats its 50th picture until it is opened again.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

from filo_core.errors import SourceError
from filo_core.line.sources.camera_process import begin_process
from filo_core.line.sources.capturing import CaptureSettings, keep_capturing
from filo_core.line.sources.device import Picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from numpy.typing import NDArray

    from filo_core.line.sources.shared_frame import SharedFrame

SCHEME = "test"
_LARGEST_SIDE, _SMALLEST_SIDE = 4096, 64
_HIGHEST_RATE = 200.0
_WHOLE_NUMBERS = {"every": 4, "seed": 1, "stuck": 0}


@dataclass(frozen=True, slots=True)
class TestPattern:
    """What the camera shows. Frame numbers count from 1 each time it is started."""

    __test__ = False  # a source, not a test case

    every: int = 4
    rate: float = 10.0
    width: int = 640
    height: int = 480
    seed: int = 1
    stuck: int = 0
    """Number of the picture that it repeats, 0 for none."""

    @classmethod
    def of(cls, address: str) -> TestPattern:
        """The pattern that an address asks for.

        Raises:
            SourceError: if it asks for something that cannot be drawn.
        """
        asked = {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}
        try:
            width, height = (int(side) for side in asked.get("size", "640x480").split("x"))
            every, seed, stuck = (int(asked.get(name, usual)) for name, usual in _WHOLE_NUMBERS.items())
            pattern = cls(every, float(asked.get("rate", 10)), width, height, seed, stuck)
        except ValueError:
            pattern = cls(every=-1)
        sides = (pattern.width, pattern.height)
        drawable = min(sides) >= _SMALLEST_SIDE and max(sides) <= _LARGEST_SIDE and 0 < pattern.rate <= _HIGHEST_RATE
        if min(pattern.every, pattern.seed, pattern.stuck) < 0 or not drawable:
            raise SourceError(
                "The test camera takes test://part?every=4&rate=10&size=640x480&seed=1. Check the values."
            )
        return pattern

    def is_anomalous(self, number: int) -> bool:
        """The truth about a frame."""
        return self.every > 0 and number % self.every == 0

    def picture(self, number: int) -> NDArray[np.uint8]:
        """``(H, W, 3)`` uint8 RGB; the same number is always the same picture."""
        rng = np.random.default_rng((self.seed, number))
        rows, columns = np.mgrid[0 : self.height, 0 : self.width].astype(np.float32)
        # The part lies a little differently each time, as parts do.
        x, y = rng.uniform(-0.01, 0.01, 2)
        u, v = columns / self.width - 0.5 - x, rows / self.height - 0.5 - y
        grey = np.full(u.shape, 60.0, np.float32)
        plate = (np.abs(u) < 0.36) & (np.abs(v) < 0.36)
        grey[plate] = (170.0 + 12.0 * np.sin(220.0 * v))[plate]
        for hole_u, hole_v in ((-0.26, -0.26), (0.26, -0.26), (-0.26, 0.26), (0.26, 0.26)):
            grey[(u - hole_u) ** 2 + (v - hole_v) ** 2 < 0.05**2] = 40.0
        if self.is_anomalous(number):
            grey = _planted(grey, u, v, rng)
        noisy = grey + rng.normal(0.0, 2.0, grey.shape)
        return np.repeat(noisy.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _planted(
    grey: NDArray[np.float32], u: NDArray[np.float32], v: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """A scratch or a stain on the plate."""
    at_u, at_v = rng.uniform(-0.15, 0.15, 2)
    if rng.random() < 0.5:
        angle = rng.uniform(0.0, np.pi)
        along = (u - at_u) * np.cos(angle) + (v - at_v) * np.sin(angle)
        across = (v - at_v) * np.cos(angle) - (u - at_u) * np.sin(angle)
        return np.where((np.abs(along) < 0.15) & (np.abs(across) < 0.008), np.float32(15.0), grey)
    return np.where((u - at_u) ** 2 + (v - at_v) ** 2 < 0.06**2, grey * np.float32(0.35), grey)


def capture_pattern(settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    """Draw until the owner closes the connection; runs in a process of its own, as every camera does."""
    ending = begin_process(owner)
    pattern = TestPattern.of(str(settings.address.secret))
    numbers = itertools.count(1)
    keep_capturing(lambda _: _PatternDevice(pattern, numbers), settings, room, owner, ending)


class _PatternDevice:
    is_file = is_stream = False

    def __init__(self, pattern: TestPattern, numbers: Iterator[int]) -> None:
        self._pattern = pattern
        self._numbers = numbers
        self._number = 0
        self.interval_s = 1.0 / pattern.rate

    def read(self) -> Picture:
        if not self._number or self._number != self._pattern.stuck:
            self._number = next(self._numbers)
        return Picture(self._pattern.picture(self._number), time.time(), time.monotonic())

    def close(self) -> None:
        """There is nothing to let go of."""
