"""Parts of a profile beside CLIP itself: learned heads and the Grounding DINO localizer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from filo_core.errors import ProfileError
from filo_core.method.trained_heads import TrainedHeads
from filo_core.profiles.identity import maps_of_values_alone
from filo_core.profiles.manifest import verify_weights
from filo_core.profiles.seeded import fill_seeded
from filo_core.profiles.unfilled import Unfilled

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from filo_core.method.grounding_dino import GroundingDinoLocalizer
    from filo_core.profiles.manifest import GroundingFiles, ModelProfile, WeightsFile


def build_heads(folder: Path, profile: ModelProfile, model: Any, device: str) -> TrainedHeads | None:
    """The profile's heads; without a weights file of their own at their training-free start.

    Untrained, the linear layers on the original path say nothing of places (the paper prints the last at 38.4 pixel
    AUROC), so the map averages the V-V stages alone, where there are any.

    Raises:
        ProfileError: if the weights are damaged or do not fit.
    """
    if profile.heads is None:
        return None
    settings = replace(profile.heads, linear=profile.heads.linear and not maps_of_values_alone(profile))
    heads = TrainedHeads(model, profile.stages, settings, profile.seed)
    if profile.heads_weights is not None:
        load_weights(heads, folder, profile.heads_weights)
    return heads.to(device).eval()


def build_localizer(folder: Path, files: GroundingFiles, seed: int, device: str) -> GroundingDinoLocalizer:
    """Grounding DINO from the profile's own files.

    Raises:
        ProfileError: if a file is missing, damaged or does not fit.
    """
    from filo_core.method.grounding_dino import GroundingDinoLocalizer, build_grounding_dino

    vocabulary = folder / files.vocabulary
    if not vocabulary.is_file():
        raise ProfileError("{vocabulary} is missing. Install the profile again.", vocabulary=vocabulary)
    try:
        with Unfilled():
            model = build_grounding_dino(files.settings, files.bert, vocabulary)
    except (OSError, TypeError, ValueError, AttributeError) as error:
        raise ProfileError(
            "{folder} describes no usable localizer: {error}. Install the profile again.", folder=folder, error=error
        ) from error
    if files.weights is None:
        fill_seeded(model, seed)
    else:
        load_weights(model, folder, files.weights)
    return GroundingDinoLocalizer(model, files.settings, device)


def load_weights(module: nn.Module, folder: Path, weights: WeightsFile) -> None:
    """Fill a module from a checked safetensors file.

    Raises:
        ProfileError: if the file is missing, damaged, or names other tensors than the module has.
    """
    path = verify_weights(folder, weights)
    try:
        module.load_state_dict(load_file(path))
    except (RuntimeError, SafetensorError) as error:
        raise ProfileError("{path} does not fit its profile: {error}", path=path, error=error) from error
