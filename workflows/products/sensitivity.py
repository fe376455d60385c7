"""Indicative sensitivity of a product: synthetic anomalies of its own types, drawn on its own references."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filo_core.calibration.sensitivity import DRAWS, HeldOutPart, Sensitivity, measure_sensitivity
from filo_core.calibration.synthetic import kinds_of
from filo_core.errors import EvidenceError
from filo_core.events import StepDone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.engine import Engine
    from filo_core.loaded_model import RecipeDetector
    from filo_core.method.memory_bank import MemoryBank
    from filo_core.types import Prediction
    from workflows.products.catalogue import Catalogue


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """A detector that does not know one of its references."""

    detector: RecipeDetector
    bank: MemoryBank

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """Prediction of ``(H, W, 3)`` uint8 RGB without that reference."""
        return self.detector.predict_against(pixels, self.bank)


def sensitivity_steps(
    catalogue: Catalogue, name: str, engine: Engine, draws: int = DRAWS
) -> Iterator[StepDone | Sensitivity]:
    """A step a size and grade, the result last. Judged by the draft's limits; nothing is recorded.

    Raises:
        EvidenceError: if there are no limits yet, fewer than two good images, or no type that can be drawn.
    """
    draft = catalogue.draft(name)
    if draft.limits is None:
        raise EvidenceError("{name} has no limits yet. Calibrate it first.", name=name)
    recipe = draft.recipe(draft.limits, engine.model_hash_for(draft.eyes))
    images = catalogue.references(recipe)
    detector = engine.detector(recipe, images)
    good = {reference.image_hash for reference in recipe.references}
    parts = [
        HeldOutPart(image.name, image.pixels, LeftOut(detector, detector.memory_bank.without(image.image_hash)))
        for image in images
        if image.image_hash in good
    ]
    yield from measure_sensitivity(
        parts, draft.limits, kinds_of(draft.anomaly_types).kinds, product_kind=recipe.kind, draws=draws
    )
