"""Detectors that misbehave as models do. A module of its own, since a spawned process imports it by name.

What they do is in the picture's first value, so that every test says it with the picture it asks about.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import PartNotFoundError, ProfileError
from filo_core.types import Prediction

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIE, HANG, REFUSE, NO_ROOM, NO_GPU_ROOM, DIE_ONCE, HANG_ONCE, COMPUTE, COMPUTE_FOR_EVER = range(200, 209)
COMPUTE_S = 1.5
"""Seconds of a processor that ``COMPUTE`` uses up, however long that takes."""


class Odd:
    """Scores by brightness, unless the first value says otherwise."""

    def __init__(self, device: str, marker: str = "") -> None:
        self._device = device
        self._marker = Path(marker)
        self._until: float | None = None

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        what = int(pixels[0, 0, 0])
        if what in {DIE_ONCE, HANG_ONCE}:
            what = (DIE if what == DIE_ONCE else HANG) if self._is_first() else 0
        if what == DIE:
            os._exit(9)
        while what == HANG:
            time.sleep(3600)
        while what == COMPUTE_FOR_EVER or (what == COMPUTE and not self._has_computed()):
            sum(range(10_000))
        if what == REFUSE:
            raise ValueError("the picture is odd")
        if what == NO_ROOM:
            raise MemoryError
        if what == NO_GPU_ROOM and self._device != "cpu":
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        score = float(pixels.mean()) / 255.0
        return Prediction(score, np.full((4, 4), score, np.float32), (), {self._device: 0.0}, trained=False)

    def _has_computed(self) -> bool:
        if self._until is None:
            self._until = time.process_time() + COMPUTE_S
        return time.process_time() >= self._until

    def _is_first(self) -> bool:
        first = not self._marker.exists()
        self._marker.touch()
        return first


def make_odd(device: str, marker: str = "") -> Odd:
    return Odd(device, marker)


class WithFixture:
    """Finds a part in bright pictures alone."""

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        if pixels.mean() < 200:
            raise PartNotFoundError("The part was not found.")
        return Prediction(0.5, np.zeros((4, 4), np.float32), (), {}, trained=False)


def make_with_fixture(device: str) -> WithFixture:
    return WithFixture()


def make_nothing(device: str) -> Odd:
    raise ProfileError("compact: weights.safetensors is missing. Install it again.")


def make_too_large_for_gpu(device: str) -> Odd:
    if device != "cpu":
        raise RuntimeError("CUDA error: out of memory")
    return Odd(device)


def make_dying(device: str) -> Odd:
    os._exit(3)


def make_hanging(device: str, marker: str, wish: str) -> Odd:
    """Hangs while it loads, as long as the file ``wish`` is there; touches ``marker`` when it begins to."""
    while Path(wish).exists():
        Path(marker).touch()
        time.sleep(0.05)
    return Odd(device)


class Inverted:
    """Scores by darkness."""

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        score = 1.0 - float(pixels.mean()) / 255.0
        return Prediction(score, np.full((4, 4), score, np.float32), (), {}, trained=False)


def make_two(device: str) -> tuple[Odd, Inverted]:
    """One for each of two views."""
    return Odd(device), Inverted()
