"""Builds the parts of a profile: model, encoders, localizer, device and the hash a verdict refers to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import open_clip
import torch
from open_clip.tokenizer import SimpleTokenizer
from safetensors import SafetensorError
from safetensors.torch import load_file

from filo_core.errors import ProfileError
from filo_core.method.conv_encoder import ConvImageEncoder
from filo_core.method.foreground import ForegroundLocalizer
from filo_core.method.grounding import WholeImageLocalizer
from filo_core.method.image_encoder import OpenClipImageEncoder
from filo_core.method.text_encoder import OpenClipTextEncoder
from filo_core.method.word_tokenizer import Vocabulary, WordTokenizer
from filo_core.profiles.manifest import (
    ModelProfile,
    read_architecture,
    read_manifest,
    read_vocabulary,
    verify_weights,
)
from filo_core.profiles.seeded import fill_seeded
from filo_core.resources import resource_path

if TYPE_CHECKING:
    from pathlib import Path

    from filo_core.method.interfaces import Backbone, Localizer, TextEncoder


@dataclass(frozen=True, slots=True, eq=False)
class LoadedProfile:
    """A profile ready to compute."""

    profile: ModelProfile
    backbone: Backbone
    text_encoder: TextEncoder
    localizer: Localizer
    device: str
    model_hash: str
    """SHA-256 over the manifest's numbers, the hash of its weights, and the architecture."""


def profile_folder(name: str) -> Path:
    """Folder of a shipped profile.

    Raises:
        ProfileError: if there is none of that name; the message lists those there are.
    """
    root = resource_path("models")
    known = sorted(path.parent.name for path in root.glob("*/manifest.json"))
    if name not in known:
        raise ProfileError(f"There is no model profile {name!r}. Available: {', '.join(known) or 'none'}.")
    return root / name


def choose_device(wish: str) -> str:
    """``"cuda"`` or ``"cpu"`` for ``"auto"``, otherwise the wish itself.

    Raises:
        ProfileError: if CUDA is asked for where there is none.
    """
    if wish == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wish.startswith("cuda") and not torch.cuda.is_available():
        raise ProfileError("The device 'cuda' was asked for, but this machine has no usable one. Use --device cpu.")
    return wish


def load_profile(folder: Path, device: str = "auto", *, seeded: bool = False) -> LoadedProfile:
    """Read, check and build the profile in ``folder``.

    Args:
        folder: with its manifest.
        device: ``auto``, ``cpu`` or ``cuda``.
        seeded: leave its weights out and take seeded noise, which says what the weights are worth.

    Raises:
        ProfileError: if anything of it is missing or damaged.
    """
    profile = read_manifest(folder)
    if seeded:
        profile = profile.model_copy(update={"trained": False, "weights": None})
    chosen = choose_device(device)
    architecture = read_architecture(folder, profile)
    vocabulary = None if profile.vocabulary is None else read_vocabulary(folder, profile.vocabulary)
    model = _build_model(folder, profile, architecture)
    model.requires_grad_(requires_grad=False)
    # A convolutional tower comes from timm, a transformer is open_clip's own.
    encoder = ConvImageEncoder if hasattr(model.visual, "trunk") else OpenClipImageEncoder
    try:
        backbone = encoder(model, profile.stages, profile.mean, profile.std, chosen)
    except ValueError as error:
        raise ProfileError(f"{folder} does not fit together: {error}. Install the profile again.") from error
    return LoadedProfile(
        profile=profile,
        backbone=backbone,
        text_encoder=_text_encoder(folder, vocabulary, model, chosen),
        localizer=ForegroundLocalizer() if profile.foreground else WholeImageLocalizer(),
        device=chosen,
        model_hash=_hash(profile, architecture, vocabulary),
    )


def _text_encoder(folder: Path, vocabulary: Vocabulary | None, model: Any, device: str) -> TextEncoder:
    if vocabulary is None:
        return OpenClipTextEncoder(model, SimpleTokenizer(context_length=model.context_length), device)
    tokenize = WordTokenizer(vocabulary, model.context_length)
    if tokenize.vocabulary_size != model.vocab_size:
        raise ProfileError(
            f"{folder} does not fit together: its vocabulary has {tokenize.vocabulary_size} tokens, its network "
            f"{model.vocab_size}. Install the profile again."
        )
    return OpenClipTextEncoder(model, tokenize, device, knows=tokenize.knows)


def _build_model(folder: Path, profile: ModelProfile, architecture: dict[str, Any]) -> Any:
    try:
        model = open_clip.CLIP(**architecture)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ProfileError(f"{folder / profile.architecture} describes no usable model: {error}") from error
    if profile.weights is None:
        fill_seeded(model, profile.seed)
        return model
    path = verify_weights(folder, profile.weights)
    try:
        model.load_state_dict(load_file(path))
    except (RuntimeError, SafetensorError) as error:
        raise ProfileError(f"{path} does not fit {profile.architecture}: {error}") from error
    return model


def _hash(profile: ModelProfile, architecture: dict[str, Any], vocabulary: Vocabulary | None) -> str:
    """Identity of a model: the manifest's numbers, which hold the hash of the weights file or the seed in its place.

    Computed weights differ in their last bits from machine to machine, so their bytes are no identity.
    """
    numbers = profile.model_dump(mode="json", exclude={"licence", "trained_on", "trained_by"})
    content: dict[str, Any] = {"profile": numbers, "network": architecture}
    if vocabulary is not None:
        content["words"] = asdict(vocabulary)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
