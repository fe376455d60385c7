"""The published FiLo checkpoint, once converted, as a profile like any other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from open_clip.tokenizer import SimpleTokenizer

from filo_core.errors import ProfileError
from filo_core.filo_release.boxes import suppress_unmarked
from filo_core.filo_release.model import FiLoRelease
from filo_core.filo_release.parts import ReleaseBackbone, ReleaseLocalizer, ReleaseSide
from filo_core.method.grounding import WholeImageLocalizer, suppress_outside
from filo_core.method.text_encoder import OpenClipTextEncoder
from filo_core.profiles.loaded import LoadedProfile
from filo_core.profiles.parts import build_localizer, load_weights
from filo_core.profiles.seeded import fill_seeded
from filo_core.profiles.unfilled import Unfilled

if TYPE_CHECKING:
    from pathlib import Path

    from filo_core.method.grounding import Suppress
    from filo_core.method.interfaces import Localizer
    from filo_core.profiles.manifest import ModelProfile


def load_release(
    folder: Path, profile: ModelProfile, architecture: dict[str, Any], device: str, model_hash: str
) -> LoadedProfile:
    """Build FiLo's released network and its parts.

    Without Grounding DINO nothing is suppressed and all nine positions are asked about: the release itself always has
    it, and treats an image without a box as one with a box in its centre.

    Args:
        folder: of the profile.
        profile: its manifest.
        architecture: for :class:`~filo_core.filo_release.model.FiLoRelease`.
        device: where it computes.
        model_hash: of the profile.

    Raises:
        ProfileError: if a file is missing, damaged or does not fit.
    """
    try:
        with Unfilled():
            model = FiLoRelease(architecture)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ProfileError(
            "{folder} describes no usable model: {error}", folder=folder / profile.architecture, error=error
        ) from error
    model.requires_grad_(requires_grad=False)
    if profile.weights is None:
        fill_seeded(model, profile.seed)
    else:
        load_weights(model, folder, profile.weights)
    model.to(device).eval()
    localizer: Localizer = WholeImageLocalizer()
    suppress: Suppress = suppress_outside
    if profile.grounding is not None:
        localizer = ReleaseLocalizer(build_localizer(folder, profile.grounding, profile.seed, device))
        suppress = suppress_unmarked
    clip = model.clip_model
    return LoadedProfile(
        profile=profile,
        backbone=ReleaseBackbone(model, device),
        text_encoder=OpenClipTextEncoder(clip, SimpleTokenizer(context_length=clip.context_length), device),
        localizer=localizer,
        device=device,
        model_hash=model_hash,
        model=clip,
        new_text_side=partial(ReleaseSide, model=model, localized=profile.grounding is not None),
        suppress=suppress,
    )
