"""The model of the window's live inspection: in a process of its own, so that it can hang without the window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from filo_core.line.model_process import load_detectors
from filo_core.line.supervised import SupervisedDetector

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from filo_core.engine import Engine
    from filo_core.method.interfaces import Detector
    from filo_core.types import Prediction, Recipe, SourceImage


JudgedBy = tuple[tuple["Recipe", tuple["SourceImage", ...]], ...]
"""Recipes that pictures are judged by, each with its good images."""


class LiveModel:
    """Keeps one supervised detector, that of the newest recipe: the next start finds it warm.

    Args:
        installed: where profiles lie that did not ship with the program.
    """

    def __init__(self, installed: Path | None = None) -> None:
        self._installed = installed
        self._recipe_hash = ""
        self._detector: SupervisedDetector | None = None

    def detectors(self, engine: Engine, recipe: Recipe, by: JudgedBy, on_note: Callable[[str], None]) -> list[Detector]:
        """Detectors that begin with the window's own model, and change to the process once that is ready.

        Args:
            engine: the window's own model.
            recipe: of the product.
            by: what pictures are judged by, each recipe with its good images: its own, or those of its views.
            on_note: told what the process says of itself.

        Raises:
            RecipeError: if a recipe was signed off for another model, or a reference is missing.
        """
        own = [engine.detector(*one) for one in by]
        if self._detector is None or self._recipe_hash != recipe.content_hash:
            self.close()
            make = partial(load_detectors, engine.profile, by, installed=self._installed)
            self._detector = SupervisedDetector(make, engine.device)
            self._recipe_hash = recipe.content_hash
        self._detector.on_note = on_note
        return [_WarmingUp(one, self._detector, place) for place, one in enumerate(own)]

    def close(self) -> None:
        """End the process."""
        detector, self._detector = self._detector, None
        if detector is not None:
            detector.close()


class _WarmingUp:
    def __init__(self, own: Detector, supervised: SupervisedDetector, which: int) -> None:
        self._own: Detector | None = own
        self._supervised = supervised
        self._which = which

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        # Only until it is ready for the first time: a picture that hangs one model would hang the other.
        if self._own is not None and not self._supervised.is_ready():
            return self._own.predict(pixels)
        self._own = None
        return self._supervised.predict(pixels, self._which)
