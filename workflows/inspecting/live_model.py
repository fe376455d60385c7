"""The model of the window's live inspection: in a process of its own, so that it can hang without the window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from filo_core.line.model_process import load_detector
from filo_core.line.supervised import SupervisedDetector

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from filo_core.engine import Engine
    from filo_core.method.interfaces import Detector
    from filo_core.types import Prediction, Recipe, SourceImage


class LiveModel:
    """Keeps one supervised detector, that of the newest recipe: the next start finds it warm.

    Args:
        installed: where profiles lie that did not ship with the program.
    """

    def __init__(self, installed: Path | None = None) -> None:
        self._installed = installed
        self._recipe_hash = ""
        self._detector: SupervisedDetector | None = None

    def detector(
        self, engine: Engine, recipe: Recipe, references: tuple[SourceImage, ...], on_note: Callable[[str], None]
    ) -> Detector:
        """A detector that begins with the window's own model, and changes to the process once that is ready.

        Raises:
            RecipeError: if the recipe was signed off for another model, or a reference is missing.
        """
        own = engine.detector(recipe, references)
        if self._detector is None or self._recipe_hash != recipe.content_hash:
            self.close()
            make = partial(load_detector, engine.profile, recipe, references, installed=self._installed)
            self._detector = SupervisedDetector(make, engine.device)
            self._recipe_hash = recipe.content_hash
        self._detector.on_note = on_note
        return _WarmingUp(own, self._detector)

    def close(self) -> None:
        """End the process."""
        detector, self._detector = self._detector, None
        if detector is not None:
            detector.close()


class _WarmingUp:
    def __init__(self, own: Detector, supervised: SupervisedDetector) -> None:
        self._own: Detector | None = own
        self._supervised = supervised

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        # Only until it is ready for the first time: a picture that hangs one model would hang the other.
        if self._own is not None and not self._supervised.is_ready():
            return self._own.predict(pixels)
        self._own = None
        return self._supervised.predict(pixels)
