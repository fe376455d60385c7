"""The engine: one loaded profile, set up for recipes on demand. Lives on the thread that made it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from filo_core.calibration.limits import lowest_promise, promise_sentence, starting_limits
from filo_core.calibration.variations import gentle_variations
from filo_core.errors import RecipeError
from filo_core.events import Calibrated, StepDone
from filo_core.method.detector import FiLoDetector
from filo_core.method.text_side import TextSide
from filo_core.profiles.builder import LoadedProfile, load_profile, profile_folder
from filo_core.types import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from filo_core.types import ProductDraft, Recipe, SourceImage

_KEPT_DETECTORS = 4
_NO_LIMITS = Limits(ok=1.0, ng=1.0, region=1.0)


class Engine:
    """A loaded model profile that judges images of any recipe made for it."""

    def __init__(self, loaded: LoadedProfile) -> None:
        self._loaded = loaded
        self._detectors: OrderedDict[str, FiLoDetector] = OrderedDict()

    @property
    def profile(self) -> str:
        """Name of the model profile."""
        return self._loaded.profile.name

    @property
    def model_hash(self) -> str:
        """SHA-256 of the profile's numbers and weights; part of every recipe."""
        return self._loaded.model_hash

    @property
    def trained(self) -> bool:
        """False while the weights are seeded noise."""
        return self._loaded.profile.trained

    @property
    def device(self) -> str:
        """Where it computes, as torch names it."""
        return self._loaded.device

    def detector(self, recipe: Recipe, references: Sequence[SourceImage]) -> FiLoDetector:
        """Detector for one recipe; the last few are kept, since a line switches between few products.

        Raises:
            RecipeError: if the recipe was signed off for another model, or a reference is missing.
        """
        key = recipe.content_hash
        if key in self._detectors:
            self._detectors.move_to_end(key)
            return self._detectors[key]
        self._check(recipe, references)
        detector = self._new_detector(recipe)
        detector.set_references({reference.image_hash: reference.pixels for reference in references})
        self._detectors[key] = detector
        if len(self._detectors) > _KEPT_DETECTORS:
            self._detectors.popitem(last=False)
        return detector

    def calibrate(self, draft: ProductDraft, references: Sequence[SourceImage]) -> Iterator[StepDone | Calibrated]:
        """Leave-one-out scores of the references and the limits they suggest; :class:`Calibrated` comes last.

        Each part is scored with itself out of the memory bank. A part that is the only one is scored by the worst
        of its own gentle variations, which still count as one part. Several parts are not varied: on real
        categories that only widened the limits until anomalies passed.

        Raises:
            RecipeError: without a reference.
        """
        if not references:
            raise RecipeError(f"{draft.description.name} has no good image yet. Add at least one, then calibrate.")
        detector = self._new_detector(draft.recipe(_NO_LIMITS, self.model_hash))
        detector.set_references({reference.image_hash: reference.pixels for reference in references})
        total = len(references) + 1
        yield StepDone(1, total, "Memory bank filled")
        scores, peaks = [], []
        for count, reference in enumerate(references, start=1):
            if len(references) > 1:
                bank = detector.memory_bank.without(reference.image_hash)
                views: Sequence[NDArray[np.uint8]] = (reference.pixels,)
            else:
                bank, views = detector.memory_bank, gentle_variations(reference.pixels)
            predictions = [detector.predict_against(view, bank) for view in views]
            scores.append(max(prediction.image_score for prediction in predictions))
            peaks.append(max(float(prediction.anomaly_map.max()) for prediction in predictions))
            yield StepDone(count + 1, total, f"{reference.name} scored against the others")
        yield Calibrated(
            limits=starting_limits(scores, peaks),
            scores=tuple(scores),
            lowest_promise=lowest_promise(len(scores)),
            sentence=promise_sentence(len(scores)),
            model_hash=self.model_hash,
            trained=self.trained,
        )

    def _check(self, recipe: Recipe, references: Sequence[SourceImage]) -> None:
        if recipe.model_hash != self.model_hash:
            raise RecipeError(
                f"{recipe.product} was signed off for another model than the {self.profile!r} profile loaded now. "
                "Calibrate it and sign it off again."
            )
        given = {reference.image_hash for reference in references}
        missing = [reference.name for reference in recipe.references if reference.image_hash not in given]
        if missing:
            raise RecipeError(f"Good images of {recipe.product} are missing: {', '.join(missing)}. Add them again.")

    def _new_detector(self, recipe: Recipe) -> FiLoDetector:
        loaded = self._loaded
        text_side = None
        if loaded.heads is not None:
            text_side = TextSide(recipe, loaded.text_encoder, loaded.heads, loaded.model)
        return FiLoDetector(
            recipe, loaded.profile, loaded.backbone, loaded.text_encoder, loaded.localizer, text_side=text_side
        )


def load_engine(profile: str = "compact", device: str = "auto", installed: Path | None = None) -> Engine:
    """Load a profile. Takes seconds; call it on the thread that will compute.

    Args:
        profile: its name.
        device: ``auto``, ``cpu`` or ``cuda``.
        installed: where profiles lie that did not ship with the program.

    Raises:
        ProfileError: if the profile is unknown, incomplete or damaged, or the device is not there.
    """
    return Engine(load_profile(profile_folder(profile, installed), device))
