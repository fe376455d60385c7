"""Turns a ``.pth`` into safetensors, in a process of its own: ``python -m filo_core.profiles.unpickle FROM TO``.

Nothing in the file is executed: torch reads tensors and plain containers only, and refuses everything else. The one
exception is TorchScript, which is opened where the caller has held the file against its published hash.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filo_core.errors import ProfileError
from filo_core.packaged import is_packaged

_WRAPPERS = ("model", "state_dict", "model_state_dict", "filo")
"""Keys that published checkpoints keep their tensors under; the last one is FiLo's."""
_PARALLEL = "module."
_SCRIPTED = "scripted"


def to_safetensors(source: Path, target: Path, *, scripted: bool = False) -> None:
    """Convert ``source`` into ``target``.

    Args:
        source: a ``.pth``.
        target: a ``.safetensors``.
        scripted: TorchScript, which holds code: only for a file whose hash is the published one.

    Raises:
        ProfileError: if there is no such file or target's folder, or the file is damaged, holds code, or no tensors.
    """
    if not source.is_file():
        raise ProfileError("{source} is no file. Check the path.", source=source)
    if target.is_dir() or not target.parent.is_dir():
        raise ProfileError(
            "{target} cannot be written. Give the path of a file in a folder that is there.", target=target
        )
    if is_packaged():
        raise ProfileError("Converting needs torch, which the installed program does without. Do it from source.")
    # The process runs elsewhere, and would look for a relative path there.
    files = (str(source.resolve()), str(target.resolve()))
    command = [sys.executable, "-m", "filo_core.profiles.unpickle", *files, *[_SCRIPTED] * scripted]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])  # noqa: S603 - ourselves
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it cannot be read"])[-1]
        raise ProfileError(
            "{source} was refused: {reason}. Download it again from where it was published.",
            source=source,
            reason=reason,
        )


def tensors_of(content: Any) -> dict[str, Any]:
    """The state in a checkpoint, its usual wrappers taken off.

    Raises:
        ValueError: if there is none.
    """
    import torch

    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping):
        raise ValueError("it holds no named tensors")
    tensors = {
        str(name).removeprefix(_PARALLEL): value.clone().contiguous()
        for name, value in content.items()
        if isinstance(value, torch.Tensor)
    }
    if not tensors:
        raise ValueError("it holds no named tensors")
    return tensors


def main(source: str, target: str, kind: str = "") -> int:
    """Exit status 0, or 1 with the reason as the last line of stderr."""
    import pickle

    import torch
    from safetensors.torch import save_file

    try:
        if kind == _SCRIPTED:
            content = torch.jit.load(source, map_location="cpu").state_dict()  # type: ignore[no-untyped-call]
        else:
            content = torch.load(source, map_location="cpu", weights_only=True)
        save_file(tensors_of(content), target)
    except pickle.UnpicklingError:
        sys.stderr.write("it holds more than tensors, or is damaged, and nothing in it was executed\n")
        return 1
    except (OSError, RuntimeError, EOFError, ValueError) as error:
        sys.stderr.write(f"{str(error).splitlines()[0]}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
