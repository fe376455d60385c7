"""A model that measures brightness, and dies or hangs once at the stage that a file names: for the soak."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools.brightness import Brightness

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.types import Prediction

LOADING, JUDGING, AFTER, HANG = "while it loads", "while it judges", "after its answer", "hung"
HANG_LOADING = "hung while it loads"


class Fragile(Brightness):
    """Obeys the wish once, and takes it back first."""

    def __init__(self, wish: Path) -> None:
        self._wish = wish

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """As :class:`Brightness`, unless a wish is there."""
        wish = _taken(self._wish)
        if wish == JUDGING:
            _die()
        if wish == HANG:
            _hang()
        if wish == AFTER:
            threading.Timer(0.01, _die).start()
        return super().predict(pixels)


def make_fragile(_device: str, *, wish: str) -> Fragile:
    """For the supervised process."""
    path = Path(wish)
    if path.exists() and (words := path.read_text(encoding="utf-8")) in {LOADING, HANG_LOADING}:
        _taken(path)
        _die() if words == LOADING else _hang()
    return Fragile(path)


def _taken(wish: Path) -> str:
    try:
        words = wish.read_text(encoding="utf-8")
        wish.unlink()
    except FileNotFoundError:
        return ""
    return words


def _hang() -> None:
    while True:
        time.sleep(60.0)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
