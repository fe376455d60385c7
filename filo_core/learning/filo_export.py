"""Trained heads become a profile folder that the engine loads: the frozen model's files, the heads, a manifest."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save

from filo_core.errors import ProfileError
from filo_core.learning.atomic_writing import write_atomically
from filo_core.learning.filo_losses import ADAPTER_TEMPERATURE
from filo_core.method.adapter import Adapter
from filo_core.profiles.manifest import MANIFEST_NAME, ModelProfile, WeightsFile

if TYPE_CHECKING:
    from pathlib import Path

    from filo_core.method.head_settings import HeadSettings
    from filo_core.method.trained_heads import TrainedHeads

HEADS_NAME = "heads.safetensors"
TEXT_SHARE = 0.5
"""Of M_vl in eq. (7): the paper's, now that there is a text side worth asking."""


def export_heads(source: Path, profile: ModelProfile, heads: TrainedHeads, target: Path, trained_on: str) -> None:
    """Write the profile; the manifest last, so that one that was cut off is refused and never half used.

    Whether the profile calls itself trained stays what it was: that is said of the frozen model.

    Args:
        source: folder of the profile the heads were trained on.
        profile: its manifest.
        heads: of both stages.
        target: folder to write, made if it is not there.
        trained_on: a sentence about the data, appended to the manifest's.

    Raises:
        ProfileError: if a weight is not a number, or source and target are the same folder.
    """
    if source.resolve() == target.resolve():
        raise ProfileError("{target} is the profile that was trained on. Export to another folder.", target=target)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in heads.state_dict().items()}
    broken = [name for name, tensor in tensors.items() if not bool(torch.isfinite(tensor).all())]
    if broken:
        raise ProfileError(
            "The heads are not numbers in {broken}. Train again with smaller learning rates.", broken=broken[0]
        )
    content = save(tensors)
    written = profile.model_copy(
        update={
            "name": target.name,
            "heads_weights": WeightsFile(file=HEADS_NAME, sha256=hashlib.sha256(content).hexdigest()),
            "heads": _settings_as_trained(heads),
            "vision_language_weight": TEXT_SHARE,
            "text_score": True,
            "trained_on": f"{profile.trained_on}; heads: {trained_on}",
        }
    )
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(MANIFEST_NAME, HEADS_NAME))
    write_atomically(target / HEADS_NAME, content)
    write_atomically(target / MANIFEST_NAME, (written.model_dump_json(indent=2) + "\n").encode())


def _settings_as_trained(heads: TrainedHeads) -> HeadSettings:
    """The scale of eq. (1) is the one the adapter was trained with, once it was."""
    adapter = heads.adapter
    untrained = not isinstance(adapter, Adapter) or not bool(adapter.up.weight.any() or adapter.up.bias.any())
    return heads.settings if untrained else replace(heads.settings, score_scale=1.0 / ADAPTER_TEMPERATURE)
