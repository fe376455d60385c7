"""Sets the one detector up as a configuration says: the methods of Table II score an image in their own way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from filo_core.benchmark.comparisons.patch_banks import CoresetBank, PyramidBank
from filo_core.benchmark.comparisons.plain import PromptSide, imagenet_prompts, plain_prompts, winclip_prompts
from filo_core.benchmark.comparisons.windows import WindowBackbone, WindowBank, WindowSide
from filo_core.benchmark.drafts import draft_of
from filo_core.imaging import read_image
from filo_core.method.detector import FiLoDetector
from filo_core.method.grounding import WholeImageLocalizer
from filo_core.method.memory_bank import MemoryBank
from filo_core.method.text_side import TextSide
from filo_core.types import ANY_LIMITS, Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from torch import Tensor

    from filo_core.benchmark.categories import Category
    from filo_core.benchmark.configurations import Configuration
    from filo_core.benchmark.measuring import MakeDetector
    from filo_core.descriptions.library import AnomalyLibrary
    from filo_core.method.detector import FewShotPeak
    from filo_core.method.interfaces import GroundingBox, ImageFeatures, TextAnswer, VisionLanguage
    from filo_core.profiles.loaded import LoadedProfile
    from filo_core.types import Recipe

_BANKS: dict[str, Callable[[], MemoryBank]] = {
    "stages": MemoryBank,
    "spade": PyramidBank,
    "patchcore": CoresetBank,
    "windows": WindowBank,
}


def _mean_peak(bank: MemoryBank, stages: Sequence[Tensor], distances: Sequence[Tensor]) -> float:
    """WinCLIP+: the highest patch of the few-shot map alone (Jeong et al., 2023, 4.3)."""
    del bank, stages
    return float(torch.stack(list(distances)).mean(dim=0).max())


def _weighted_peak(bank: MemoryBank, stages: Sequence[Tensor], distances: Sequence[Tensor]) -> float:
    del distances
    assert isinstance(bank, CoresetBank), "made by the same configuration"
    return bank.weighted_peak([stage[0] for stage in stages])


_PEAKS: dict[str, FewShotPeak] = {"windows": _mean_peak, "patchcore": _weighted_peak}


class EverywhereSide:
    """A text side that is not told where the boxes are: no position enhancement."""

    def __init__(self, inner: VisionLanguage) -> None:
        self._inner = inner

    def answer(self, features: ImageFeatures, boxes: Sequence[GroundingBox]) -> TextAnswer:
        """As without a box."""
        del boxes
        return self._inner.answer(features, ())


def configured_maker(configuration: Configuration, loaded: LoadedProfile, library: AnomalyLibrary) -> MakeDetector:
    """Makes the detector of a configuration for a category and its references.

    Args:
        configuration: what to switch on.
        loaded: the profile; with the configuration's heads where it needs some.
        library: suggests the anomaly types.
    """
    backbone = loaded.backbone
    if configuration.matching == "windows":
        backbone = WindowBackbone(loaded.backbone, loaded.model.visual)
    profile = loaded.profile
    if configuration.matching != "stages":
        profile = profile.model_copy(update={"reference_offsets_px": (0,)})
    if not configuration.smoothed:
        profile = profile.model_copy(update={"gaussian_sigma_px": 0.0})
    weight = 0.0 if configuration.text == "none" else 0.5
    profile = profile.model_copy(update={"vision_language_weight": weight, "text_score": weight > 0.0})

    def make(references: Sequence[Path], category: Category) -> FiLoDetector:
        images = [read_image(path) for path in references]
        kept = tuple(Reference(image.image_hash, image.name) for image in images)
        recipe = draft_of(category, library, kept).recipe(ANY_LIMITS, loaded.model_hash)
        detector = FiLoDetector(
            recipe,
            profile,
            backbone,
            loaded.text_encoder,
            loaded.localizer if configuration.grounding else WholeImageLocalizer(),
            text_side=_text_side(configuration, loaded, recipe),
            new_bank=_BANKS[configuration.matching],
            peak_share=configuration.peak_share,
            few_shot_peak=_PEAKS.get(configuration.matching),
        )
        detector.set_references({image.image_hash: image.pixels for image in images})
        return detector

    return make


def _text_side(configuration: Configuration, loaded: LoadedProfile, recipe: Recipe) -> VisionLanguage | None:
    encoder = loaded.text_encoder
    side: VisionLanguage
    match configuration.text:
        case "none":
            return None
        case "clip":
            return PromptSide(plain_prompts(recipe.class_name), encoder)
        case "clip-ac":
            return PromptSide(imagenet_prompts(recipe.class_name), encoder)
        case "windows":
            return WindowSide(winclip_prompts(recipe.class_name), encoder)
        case "states":
            side = TextSide(replace(recipe, anomaly_types=()), encoder)
        case "described":
            side = TextSide(recipe, encoder)
        case "trained":
            assert loaded.heads is not None, "the caller loads the heads of a trained configuration"
            side = TextSide(recipe, encoder, loaded.heads, loaded.model)
    return side if configuration.positions else EverywhereSide(side)
