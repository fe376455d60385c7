"""Builds the parts of a profile: model, encoders, localizer, device and the hash a verdict refers to."""

from __future__ import annotations

import re
from pathlib import Path
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
from filo_core.method.head_settings import HeadSettings
from filo_core.method.image_encoder import OpenClipImageEncoder
from filo_core.method.patch_head import attach_patch_head
from filo_core.method.text_encoder import OpenClipTextEncoder
from filo_core.method.text_side import TextSide
from filo_core.method.word_tokenizer import Vocabulary, WordTokenizer
from filo_core.profiles.identity import model_hash
from filo_core.profiles.loaded import LoadedProfile
from filo_core.profiles.manifest import (
    MANIFEST_NAME,
    ModelProfile,
    read_architecture,
    read_manifest,
    read_vocabulary,
    verify_weights,
)
from filo_core.profiles.parts import build_heads, build_localizer
from filo_core.profiles.release import load_release
from filo_core.profiles.seeded import fill_seeded
from filo_core.profiles.start_weights import fill_start
from filo_core.profiles.unfilled import Unfilled

if TYPE_CHECKING:
    from filo_core.method.interfaces import Backbone, Localizer, TextEncoder


def choose_device(wish: str) -> str:
    """``"cuda"`` or ``"cpu"`` for ``"auto"``, otherwise the wish itself.

    Raises:
        ProfileError: if there is no such device, or CUDA is asked for where there is none.
    """
    if wish == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if re.fullmatch(r"cpu|cuda(:\d+)?", wish) is None:
        raise ProfileError("{wish!r} is no device. Use auto, cpu or cuda.", wish=wish[:40])
    if wish != "cpu" and not torch.cuda.is_available():
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
    chosen = choose_device(device)
    profile = read_manifest(folder)
    if seeded:
        profile = profile.model_copy(update={"trained": False, "weights": None, "heads_weights": None})
    architecture = read_architecture(folder, profile)
    if profile.method == "filo":
        return load_release(folder, profile, architecture, chosen, model_hash(profile, architecture, None))
    profile = _with_encoder(folder, profile, architecture)
    vocabulary = None if profile.vocabulary is None else read_vocabulary(folder, profile.vocabulary)
    model = _build_model(folder, profile, architecture)
    model.requires_grad_(requires_grad=False)
    try:
        backbone = image_encoder(model, profile, profile.heads, chosen)
    except ValueError as error:
        raise ProfileError(
            "{folder} does not fit together: {error}. Install the profile again.", folder=folder, error=error
        ) from error
    text_encoder = _text_encoder(folder, vocabulary, model, chosen)
    heads = build_heads(folder, profile, model, chosen)
    return LoadedProfile(
        profile=profile,
        backbone=backbone,
        text_encoder=text_encoder,
        localizer=_localizer(folder, profile, chosen),
        device=chosen,
        model_hash=model_hash(profile, architecture, vocabulary),
        model=model,
        heads=heads,
        new_text_side=heads and (lambda recipe: TextSide(recipe, text_encoder, heads, model)),
    )


def image_encoder(model: Any, profile: ModelProfile, heads: HeadSettings | None, device: str) -> Backbone:
    """The image encoder of a profile, with the V-V stages that these heads read."""
    heads = heads or HeadSettings()
    value_stages = heads.read_values
    if profile.encoder == "convolution":
        return ConvImageEncoder(
            model,
            profile.stages,
            profile.mean,
            profile.std,
            device,
            value_stages=value_stages,
            neighbourhoods=profile.neighbourhoods,
        )
    return OpenClipImageEncoder(
        model,
        profile.stages,
        profile.mean,
        profile.std,
        device,
        value_stages=value_stages,
        first_value_block=heads.first_value_block,
    )


def _with_encoder(folder: Path, profile: ModelProfile, architecture: dict[str, Any]) -> ModelProfile:
    """The manifest names the kind of the image tower; one from before it did gets what its architecture says."""
    vision = architecture.get("vision_cfg")
    kind = "convolution" if isinstance(vision, dict) and vision.get("timm_model_name") else "transformer"
    if "encoder" in profile.model_fields_set and profile.encoder != kind:
        raise ProfileError(
            "{folder} names an image encoder of kind {encoder!r}, and {architecture} describes one of "
            'kind {kind!r}. Write "encoder": "{kind}" into the manifest.',
            folder=folder / MANIFEST_NAME,
            encoder=profile.encoder,
            architecture=profile.architecture,
            kind=kind,
        )
    return profile.model_copy(update={"encoder": kind})


def _text_encoder(folder: Path, vocabulary: Vocabulary | None, model: Any, device: str) -> TextEncoder:
    if vocabulary is None:
        return OpenClipTextEncoder(model, SimpleTokenizer(context_length=model.context_length), device)
    tokenize = WordTokenizer(vocabulary, model.context_length)
    if tokenize.vocabulary_size != model.vocab_size:
        raise ProfileError(
            "{folder} does not fit together: its vocabulary has {vocabulary_size} tokens, its network "
            "{vocab_size}. Install the profile again.",
            folder=folder,
            vocabulary_size=tokenize.vocabulary_size,
            vocab_size=model.vocab_size,
        )
    return OpenClipTextEncoder(model, tokenize, device, knows=tokenize.knows)


def _localizer(folder: Path, profile: ModelProfile, device: str) -> Localizer:
    if profile.grounding is not None:
        return build_localizer(folder, profile.grounding, profile.seed, device)
    return ForegroundLocalizer() if profile.foreground else WholeImageLocalizer()


def _build_model(folder: Path, profile: ModelProfile, architecture: dict[str, Any]) -> Any:
    try:
        with Unfilled():
            model = open_clip.CLIP(**architecture)
            if profile.patch_head is not None:
                attach_patch_head(model, profile.patch_head)
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise ProfileError(
            "{folder} describes no usable model: {error}", folder=folder / profile.architecture, error=error
        ) from error
    if profile.weights is None:
        # A transformer begins from patches, which heads can be trained on; a convolutional tower from plain noise.
        fill = fill_seeded if profile.encoder == "convolution" else fill_start
        fill(model, profile.seed)
        return model
    path = verify_weights(folder, profile.weights)
    try:
        model.load_state_dict(load_file(path))
    except (RuntimeError, SafetensorError) as error:
        raise ProfileError(
            "{path} does not fit {architecture}: {error}", path=path, architecture=profile.architecture, error=error
        ) from error
    return model
