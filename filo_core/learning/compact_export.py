"""A trained model becomes a profile folder: weights, architecture and a manifest that names their hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save

from filo_core.errors import ProfileError
from filo_core.learning.anomaly_lexicon import vocabulary
from filo_core.learning.training_checkpoint import write_atomically
from filo_core.profiles.manifest import MANIFEST_NAME, ModelProfile, WeightsFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WEIGHTS_NAME = "weights.safetensors"
VOCABULARY_NAME = "vocabulary.json"
LARGEST_PROFILE_BYTES = 24_000_000


def export_profile(
    folder: Path,
    profile: ModelProfile,
    architecture: Mapping[str, Any],
    model: torch.nn.Module,
    trained_on: str,
    trained_by: str = "",
) -> ModelProfile:
    """Write the profile; the manifest last, so that one that was cut off is refused and never half used.

    Args:
        folder: made if it is not there; files of an earlier export are replaced.
        profile: numbers of the method to keep.
        architecture: what ``model`` was built from.
        model: its weights are stored as float16.
        trained_on: a sentence about the data, for the manifest.
        trained_by: command, seed and length of the run, for the manifest.

    Returns:
        The manifest as written, with ``trained`` true.

    Raises:
        ProfileError: if a weight is not a number, or the file would be larger than a shipped profile may be.
    """
    tensors = {name: tensor.detach().cpu().half().contiguous() for name, tensor in model.state_dict().items()}
    broken = [name for name, tensor in tensors.items() if not bool(torch.isfinite(tensor).all())]
    if broken:
        raise ProfileError(f"The weights are not numbers in {broken[0]}. Train again from an earlier checkpoint.")
    content = save(tensors)
    if len(content) > LARGEST_PROFILE_BYTES:
        raise ProfileError(
            f"The weights take {len(content) / 1e6:.0f} MB, more than the {LARGEST_PROFILE_BYTES / 1e6:.0f} MB that "
            "may be shipped. Choose a smaller architecture."
        )
    written = profile.model_copy(
        update={
            "trained": True,
            "weights": WeightsFile(file=WEIGHTS_NAME, sha256=hashlib.sha256(content).hexdigest()),
            "trained_on": trained_on,
            "trained_by": trained_by,
            "vocabulary": VOCABULARY_NAME,
        }
    )
    write_atomically(folder / WEIGHTS_NAME, content)
    write_atomically(folder / VOCABULARY_NAME, (json.dumps(asdict(vocabulary()), indent=1) + "\n").encode())
    write_atomically(folder / profile.architecture, (json.dumps(architecture, indent=2) + "\n").encode())
    write_atomically(folder / MANIFEST_NAME, (written.model_dump_json(indent=2) + "\n").encode())
    return written
