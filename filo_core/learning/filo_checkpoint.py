"""A FiLo++ training run on disk: all learned tensors, AdamW's moments and a manifest, in one safetensors file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from filo_core.errors import ProfileError
from filo_core.learning.atomic_writing import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor
    from torch.optim import Optimizer

FORMAT = "filo-training-1"
_MODEL, _MOMENTS = "model.", "moments."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run stands: the next image to learn from."""

    stage: int = 0
    """Counts from 0; the number of stages once the run is complete."""
    epoch: int = 0
    index: int = 0
    """Within the epoch's own order."""
    seconds: float = 0.0
    """Spent so far, over all starts."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the tensors belong to."""

    run: str
    """SHA-256 over plan, profile and data: a run continues its own checkpoint only."""
    place: Place
    format: str = FORMAT


def save_run(path: Path, model: Mapping[str, Tensor], optimizer: Optimizer | None, manifest: Manifest) -> None:
    """Replace the checkpoint, whole or not at all."""
    tensors = {f"{_MODEL}{name}": tensor.detach().cpu().contiguous() for name, tensor in model.items()}
    if optimizer is not None:
        for index, moments in optimizer.state_dict()["state"].items():
            for name, tensor in moments.items():
                tensors[f"{_MOMENTS}{index}.{name}"] = tensor.detach().cpu().contiguous()
    write_atomically(path, save(tensors, metadata={"manifest": json.dumps(asdict(manifest))}))


def load_run(path: Path) -> tuple[dict[str, Tensor], dict[int, dict[str, Tensor]], Manifest]:
    """Model tensors by name, AdamW's moments by parameter, and the manifest.

    Raises:
        ProfileError: if the file is damaged or no checkpoint of this program. Nothing in it is ever executed.
    """
    model: dict[str, Tensor] = {}
    moments: dict[int, dict[str, Tensor]] = {}
    try:
        with safe_open(path, framework="pt") as stream:
            content = json.loads((stream.metadata() or {})["manifest"])
            for name in stream.keys():  # noqa: SIM118 - not a mapping
                if name.startswith(_MODEL):
                    model[name.removeprefix(_MODEL)] = stream.get_tensor(name)
                else:
                    index, moment = name.removeprefix(_MOMENTS).split(".")
                    moments.setdefault(int(index), {})[moment] = stream.get_tensor(name)
        manifest = Manifest(content["run"], Place(**content["place"]), content["format"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ProfileError(
            "{path} is not a training checkpoint: {error}. Choose another file.", path=path, error=error
        ) from error
    if manifest.format != FORMAT:
        raise ProfileError(
            "{path} is of the format {format}, not {known}. Choose another file.",
            path=path,
            format=manifest.format,
            known=FORMAT,
        )
    return model, moments, manifest


def restore_moments(optimizer: Optimizer, moments: Mapping[int, Mapping[str, Tensor]]) -> None:
    """Give AdamW back what it had; its groups list the parameters in the order they were saved in."""
    state = optimizer.state_dict()
    state["state"] = {index: dict(moment) for index, moment in moments.items()}
    optimizer.load_state_dict(state)
