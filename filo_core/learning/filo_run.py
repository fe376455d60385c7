"""Sets a training run up: the frozen profile, the heads to train, the images to learn from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.benchmark.configurations import head_settings_of
from filo_core.benchmark.measuring import chosen_tests
from filo_core.learning.filo_learner import FiloLearner, FrozenModel
from filo_core.learning.filo_samples import TrainingSample, training_samples
from filo_core.learning.filo_training import FiloTrainer, TrainingPlan
from filo_core.method.trained_heads import TrainedHeads
from filo_core.profiles.builder import image_encoder, load_profile
from filo_core.profiles.folders import profile_folder
from filo_core.profiles.loaded import require_plain_clip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from filo_core.benchmark.categories import Category
    from filo_core.descriptions.library import AnomalyLibrary
    from filo_core.method.head_settings import HeadSettings
    from filo_core.profiles.manifest import ModelProfile

_CONTEXT_SHARE = 4
"""Context vectors take this part of the text tower's places at most: all twelve of CLIP's 77, six of 24."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedRun:
    """What ``train`` needs from here on."""

    folder: Path
    """Of the frozen profile."""
    profile: ModelProfile
    heads: TrainedHeads
    trainer: FiloTrainer


def prepare_run(
    profile: str,
    device: str,
    categories: Sequence[Category],
    plan: TrainingPlan,
    checkpoint: Path,
    configuration: str,
    *,
    limit: int | None = None,
    types: int | None = None,
    installed: Path | None = None,
    changes: Mapping[str, Any] | None = None,
    library: AnomalyLibrary | None = None,
) -> PreparedRun:
    """Load, build and, where the checkpoint is there, restore.

    Args:
        profile: name or folder of the frozen model.
        device: ``auto``, ``cpu`` or ``cuda``; on CUDA the run uses bfloat16.
        categories: their test images are learned from.
        plan: epochs, rates and seed.
        checkpoint: of this run.
        configuration: names the trained parts.
        limit: at most so many good and so many anomalous test images a category, as the seed chooses them.
        types: at most so many anomaly types a category.
        installed: where the user's own profiles lie.
        changes: fields of the heads' settings that are to be other than the configuration says.
        library: suggests the anomaly types; the built-in one unless given.

    Raises:
        FiloError: if a part of it is missing, damaged or contradicts another.
    """
    folder = profile_folder(profile, installed)
    loaded = load_profile(folder, device)
    require_plain_clip(loaded)
    plan = replace(plan, bfloat16=loaded.device.startswith("cuda"))
    settings = replace(head_settings_of(configuration, loaded.profile.stages), **(changes or {}))
    settings = _fitting(settings, loaded.model)
    heads = TrainedHeads(loaded.model, loaded.profile.stages, settings, plan.seed).to(loaded.device)
    backbone = image_encoder(loaded.model, loaded.profile, settings, loaded.device)
    learner = FiloLearner(FrozenModel(loaded.model, backbone, loaded.text_encoder), heads)
    samples = _samples(categories, plan.seed, limit, types, library)
    trainer = FiloTrainer(
        learner, samples, plan, checkpoint, profile_hash=f"{loaded.model_hash} {settings}", device=loaded.device
    )
    return PreparedRun(folder, loaded.profile, heads, trainer)


def _samples(
    categories: Sequence[Category], seed: int, limit: int | None, types: int | None, library: AnomalyLibrary | None
) -> list[TrainingSample]:
    chosen = [replace(category, tests=tuple(chosen_tests(category, seed, limit))) for category in categories]
    return [
        replace(sample, recipe=replace(sample.recipe, anomaly_types=sample.recipe.anomaly_types[:types]))
        for sample in training_samples(chosen, library)
    ]


def _fitting(settings: HeadSettings, model: Any) -> HeadSettings:
    """A short text tower keeps most of its places for the words, a shallow one has fewer blocks for deep tokens."""
    longest = max(int(model.context_length) // _CONTEXT_SHARE, 1)
    context = min(settings.context_vectors, longest)
    return replace(
        settings,
        context_vectors=context,
        deep_tokens=min(settings.deep_tokens, context),
        deep_blocks=min(settings.deep_blocks, len(model.transformer.resblocks) - 1),
    )
