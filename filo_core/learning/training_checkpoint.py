"""A training run on disk: one safetensors file, replaced whole, so that a killed run continues from the last one."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from filo_core.errors import ProfileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """How far a run is, over all its pieces."""

    step: int = 0
    pairs: int = 0
    """Query views matched so far."""
    minutes: float = 0.0
    pieces: int = 0
    """How often the run was started; part of the data's seed, so that no piece repeats another."""


def write_atomically(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``: after a crash there is the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def write_checkpoint(path: Path, tensors: Mapping[str, Tensor], progress: TrainingProgress) -> None:
    """Store all tensors of a run with its progress."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, save(plain, metadata={"progress": json.dumps(asdict(progress))}))


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], TrainingProgress]:
    """Tensors and progress of a run.

    Raises:
        ProfileError: if the file is not a checkpoint of this program.
    """
    try:
        with safe_open(path, framework="pt") as stream:
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
            progress = TrainingProgress(**json.loads((stream.metadata() or {})["progress"]))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ProfileError(f"{path} is not a training checkpoint: {error}. Start without it.") from error
    return tensors, progress
