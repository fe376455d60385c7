"""A detector whose regions get the names that their product has learnt, whichever process the model is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.naming.prototypes import LearnedNames
    from filo_core.types import Prediction


class Predicts(Protocol):
    """A model set up for one recipe."""

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """What it says of a picture."""
        ...


class NamedDetector:
    """Asks another detector, then names what it found. Scores, maps and regions stay as they are.

    Args:
        detector: finds the regions, and says what they look like.
        names: as they are at this moment; asked with every picture, and never raises.
    """

    def __init__(self, detector: Predicts, names: Callable[[], LearnedNames]) -> None:
        self._detector = detector
        self._names = names

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """As the other detector, with learnt names; whatever that raises is raised here."""
        return self._names().applied(self._detector.predict(pixels))
