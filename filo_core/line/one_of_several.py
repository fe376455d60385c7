"""One of the detectors that several views of a part share a model through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.types import Prediction


class Several(Protocol):
    """Predicts by one of its detectors."""

    def predict(self, pixels: NDArray[np.uint8], which: int = 0) -> Prediction:
        """Prediction of ``(H, W, 3)`` uint8 RGB by the detector at that place."""
        ...


class OneOfSeveral:
    """The detector at one place, as any other detector."""

    def __init__(self, several: Several, which: int) -> None:
        self._several = several
        self._which = which

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """Prediction of ``(H, W, 3)`` uint8 RGB; raises what the others raise."""
        return self._several.predict(pixels, self._which)
