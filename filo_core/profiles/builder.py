"""Builds the parts of a profile: model, encoders, localizer, device and the hash a verdict refers to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import open_clip
import torch
from open_clip.tokenizer import SimpleTokenizer
from safetensors import SafetensorError
from safetensors.torch import load_file

from filo_core.errors import ProfileError
from filo_core.method.grounding import WholeImageLocalizer
from filo_core.method.head_settings import HeadSettings
from filo_core.method.image_encoder import OpenClipImageEncoder
from filo_core.method.text_encoder import OpenClipTextEncoder
from filo_core.profiles.manifest import MANIFEST_NAME, ModelProfile, read_architecture, read_manifest, verify_weights
from filo_core.profiles.parts import build_heads, build_localizer
from filo_core.profiles.start_weights import fill_start
from filo_core.resources import resource_path

if TYPE_CHECKING:
    from filo_core.method.interfaces import Backbone, Localizer, TextEncoder
    from filo_core.method.trained_heads import TrainedHeads


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
    model: Any = None
    """The ``open_clip.CLIP`` all of it reads."""
    heads: TrainedHeads | None = None


def profile_folders(installed: Path | None = None) -> dict[str, Path]:
    """Folders of all profiles by name: those shipped, and those in ``installed``, which do not hide a shipped one."""
    roots = [resource_path("models"), *([] if installed is None else [installed])]
    found = [path.parent for root in reversed(roots) for path in root.glob("*/manifest.json")]
    return {folder.name: folder for folder in found if not folder.name.startswith(".")}


def profile_folder(name: str, installed: Path | None = None) -> Path:
    """Folder of a shipped or installed profile, or ``name`` itself where it is one's folder, as ``train`` writes.

    Raises:
        ProfileError: if there is none of that name; the message lists those there are.
    """
    if (Path(name) / MANIFEST_NAME).is_file():
        return Path(name)
    known = profile_folders(installed)
    if name not in known:
        raise ProfileError(f"There is no model profile {name!r}. Available: {', '.join(sorted(known)) or 'none'}.")
    return known[name]


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


def load_profile(folder: Path, device: str = "auto") -> LoadedProfile:
    """Read, check and build the profile in ``folder``.

    Raises:
        ProfileError: if anything of it is missing or damaged.
    """
    profile = read_manifest(folder)
    chosen = choose_device(device)
    architecture = read_architecture(folder, profile)
    model = _build_model(folder, profile, architecture)
    model.requires_grad_(requires_grad=False)
    try:
        backbone = image_encoder(model, profile, profile.heads, chosen)
    except ValueError as error:
        raise ProfileError(f"{folder} does not fit together: {error}. Install the profile again.") from error
    return LoadedProfile(
        profile=profile,
        backbone=backbone,
        text_encoder=OpenClipTextEncoder(model, SimpleTokenizer(context_length=model.context_length), chosen),
        localizer=_localizer(folder, profile, chosen),
        device=chosen,
        model_hash=_hash(profile, architecture),
        model=model,
        heads=build_heads(folder, profile, model, chosen),
    )


def image_encoder(model: Any, profile: ModelProfile, heads: HeadSettings | None, device: str) -> OpenClipImageEncoder:
    """The image encoder of a profile, with the V-V stages that these heads read."""
    heads = heads or HeadSettings()
    return OpenClipImageEncoder(
        model,
        profile.stages,
        profile.mean,
        profile.std,
        device,
        value_stages=heads.value_stages if heads.kernels else (),
        first_value_block=heads.first_value_block,
    )


def _localizer(folder: Path, profile: ModelProfile, device: str) -> Localizer:
    if profile.grounding is None:
        return WholeImageLocalizer()
    return build_localizer(folder, profile.grounding, profile.seed, device)


def _build_model(folder: Path, profile: ModelProfile, architecture: dict[str, Any]) -> Any:
    try:
        model = open_clip.CLIP(**architecture)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ProfileError(f"{folder / profile.architecture} describes no usable model: {error}") from error
    if profile.weights is None:
        fill_start(model, profile.seed)
        return model
    path = verify_weights(folder, profile.weights)
    try:
        model.load_state_dict(load_file(path))
    except (RuntimeError, SafetensorError) as error:
        raise ProfileError(f"{path} does not fit {profile.architecture}: {error}") from error
    return model


def _hash(profile: ModelProfile, architecture: dict[str, Any]) -> str:
    """Identity of a model: the manifest's numbers, which hold the hash of the weights file or the seed in its place.

    Computed weights differ in their last bits from machine to machine, so their bytes are no identity.
    """
    absent = {part for part in ("heads", "heads_weights", "grounding") if getattr(profile, part) is None}
    numbers = profile.model_dump(mode="json", exclude={"licence", "trained_on"} | absent)
    content = {"profile": numbers, "network": architecture}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
