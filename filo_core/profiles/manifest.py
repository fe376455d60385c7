"""A model profile on disk: a folder with ``manifest.json`` beside an architecture and, once trained, weights."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from filo_core.errors import ProfileError
from filo_core.method.grounding_settings import GroundingSettings
from filo_core.method.head_settings import HeadSettings
from filo_core.method.numbers import MethodNumbers
from filo_core.method.word_tokenizer import Vocabulary
from filo_core.printable import printable_name
from filo_core.profiles.eyes_manifest import EyesProfile

MANIFEST_NAME = "manifest.json"
_HUB_NAMES = ("hf_",)
"""Of open_clip: ``hf_model_name``, ``hf_tokenizer_name``, ``hf_model_pretrained``."""
_HUB_SWITCHES = frozenset({"timm_model_pretrained", "pretrained", "pretrained_hf"})
_HUB_ADDRESS = re.compile(r"^(hf[-_]hub|hub|local-dir):|://", re.IGNORECASE)


class WeightsFile(BaseModel):
    """A safetensors file of the profile and what it must hash to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class GroundingFiles(BaseModel):
    """Grounding DINO of a profile: local files only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bert: dict[str, int | float | str]
    """Numbers of the BERT it reads captions with, as ``transformers.BertConfig`` names them."""
    vocabulary: str
    """BERT's ``vocab.txt``."""
    weights: WeightsFile | None = None
    """None: seeded noise."""
    settings: GroundingSettings = GroundingSettings()


class ModelProfile(MethodNumbers):
    """A set of weights, where they come from, and the numbers of the method that belong to them."""

    name: str
    method: Literal["filo++", "filo"] = "filo++"
    """``filo``: the released predecessor's network, inference and oddities (design note 5)."""
    architecture: str
    """File with the open_clip model configuration."""
    encoder: Literal["transformer", "convolution"] = "transformer"
    """What its image tower is: open_clip's own transformer, which has a V-V path, or a convolutional one of timm's."""
    vocabulary: str | None = None
    """File with the words of the text tower, as JSON; open_clip's own tokenizer where there is none."""
    weights: WeightsFile | None = None
    seed: int = 0
    """Fills the weights where there is no file."""
    patch_head: int | None = Field(default=None, ge=8)
    """Channels of the head that embeds the patches of a convolutional tower; its last stage is projected without."""
    stages: tuple[int, ...] = Field(min_length=1)
    """1-based transformer blocks whose patch tokens are matched."""
    neighbourhoods: tuple[tuple[int, int], ...] = ()
    """Stages of a convolutional tower to be matched also as averages over squares of patches: (stage, patches)."""
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    foreground: bool = False
    """Whether pieces on a plain ground are localised by colour; λ applies outside of them."""
    heads: HeadSettings | None = None
    """Prompts, linear layers, MDCI and adapter; without them the projected last stage alone meets the text."""
    heads_weights: WeightsFile | None = None
    """None: the heads are at their training-free start."""
    grounding: GroundingFiles | None = None
    """Grounding DINO; without it nothing is suppressed."""
    licence: str
    trained_on: str
    trained_by: str = ""
    """Command, commit, seed and length of the training run."""

    @property
    def lights_phrases(self) -> bool:
        """Its text side names types and says where they are."""
        return self.names_types

    @model_validator(mode="after")
    def _trained_needs_weights(self) -> ModelProfile:
        if self.trained and self.weights is None:
            raise ValueError("a profile without a weights file cannot be called trained")
        return self


def read_manifest(folder: Path) -> ModelProfile:
    """The network profile described in ``folder``.

    Raises:
        ProfileError: if the manifest is missing, damaged or contradicts itself, or is of a profile of trunks.
    """
    profile = read_any_manifest(folder)
    if isinstance(profile, EyesProfile):
        raise ProfileError(
            "{name} looks through pretrained trunks and has no network of its own to work on. Choose "
            "another profile, such as full.",
            name=profile.name,
        )
    return profile


def read_any_manifest(folder: Path) -> ModelProfile | EyesProfile:
    """The profile described in ``folder``, of either kind.

    Raises:
        ProfileError: if the manifest is missing, damaged or contradicts itself.
    """
    path = folder / MANIFEST_NAME
    try:
        content = path.read_bytes()
        kind = json.loads(content)
        if isinstance(kind, dict) and kind.get("method") == "eyes":
            return EyesProfile.model_validate_json(content)
        return ModelProfile.model_validate_json(content)
    except FileNotFoundError as error:
        raise ProfileError(
            "{path} does not exist: this is not a model profile. Install it again.", path=path
        ) from error
    except (OSError, ValueError) as error:
        raise ProfileError(
            "{path} cannot be used: {error}. Install the profile again.", path=path, error=error
        ) from error


def read_architecture(folder: Path, profile: ModelProfile) -> dict[str, Any]:
    """Keyword arguments for open_clip's ``CLIP``.

    Raises:
        ProfileError: if the file is missing, is not JSON, or would have weights fetched from somewhere.
    """
    path = folder / profile.architecture
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ProfileError(
            "{path} cannot be read: {error}. Install the profile again.", path=path, error=error
        ) from error
    asked = _what_would_be_fetched(content)
    if asked:
        raise ProfileError(
            "{path} asks for {asked}, which would fetch something from the network. A profile brings "
            "all it needs: its numbers here, its weights in a file. Take that out of it.",
            path=path,
            asked=printable_name(asked),
        )
    return content


def _what_would_be_fetched(content: Any) -> str:
    """The first entry of an architecture that open_clip or timm would go to a hub for; empty where there is none."""
    if isinstance(content, dict):
        for name, value in content.items():
            if (str(name).startswith(_HUB_NAMES) or str(name) in _HUB_SWITCHES) and value:
                return str(name)
        content = list(content.values())
    if isinstance(content, list):
        return next(filter(None, map(_what_would_be_fetched, content)), "")
    return content if isinstance(content, str) and _HUB_ADDRESS.search(content) else ""


def read_vocabulary(folder: Path, file: str) -> Vocabulary:
    """Words of the profile's text tower.

    Raises:
        ProfileError: if the file is missing or holds no words.
    """
    path = folder / file
    try:
        return TypeAdapter(Vocabulary).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ProfileError(
            "{path} cannot be read: {error}. Install the profile again.", path=path, error=error
        ) from error


def verify_weights(folder: Path, weights: WeightsFile) -> Path:
    """Path of the weights file, once its SHA-256 is what the manifest says.

    Raises:
        ProfileError: if the file is missing or differs.
    """
    path = folder / weights.file
    if path.parent.resolve() != folder.resolve() or path.suffix != ".safetensors":
        raise ProfileError(
            "{file} is not a safetensors file inside {folder}. Install the profile again.",
            file=weights.file,
            folder=folder,
        )
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ProfileError(
            "{path} cannot be read: {error}. Install the profile again.", path=path, error=error
        ) from error
    if digest != weights.sha256:
        raise ProfileError(
            "{path} is not what its manifest describes (SHA-256 differs). Install the profile again.", path=path
        )
    return path
