"""A model that computes for long over one picture. Loads little: the process of a supervised one starts with it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from tools.brightness import Brightness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.types import Prediction

SLOW = 9
"""Brightness of the picture it takes long over."""
_SECONDS = 1.5


class Slow(Brightness):
    """Measures brightness."""

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """As brightness does, after seconds of a processor where the picture is as bright as :data:`SLOW`."""
        until = time.process_time() + (_SECONDS if int(pixels[0, 0, 0]) == SLOW else 0.0)
        while time.process_time() < until:
            sum(range(10_000))
        return super().predict(pixels)


def make_slow(_device: str) -> Slow:
    """For the supervised process."""
    return Slow()
