"""Tensors that the project trained and ships in a safetensors file: data, never code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import ProfileError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class ShippedTensors:
    """What such a file holds."""

    identity: str
    """SHA-256 of the file."""
    tensors: dict[str, NDArray[np.float32]]
    about: dict[str, str]
    """What was written beside them."""


def read_shipped(path: Path, sha256: str, what: str) -> ShippedTensors:
    """The tensors in a file.

    Args:
        path: of the file.
        sha256: what its content must hash to; empty asks for nothing.
        what: the file should hold, for the sentence where it does not: "head for names".

    Raises:
        ProfileError: if it is missing, altered, cut short, or holds values that are not numbers.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = path.read_bytes()
    except OSError as error:
        raise ProfileError(
            "{path} cannot be read: {strerror}. Install the profile again.", path=path, strerror=error.strerror or error
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    if sha256 and digest != sha256:
        raise ProfileError(
            "{path} is not what its manifest describes (SHA-256 differs). Install the profile again.", path=path
        )
    try:
        tensors = {name: np.asarray(tensor, np.float32) for name, tensor in load(content).items()}
        about = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise none_in(path, what, error) from error
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ProfileError("{path} holds values that are not numbers. Install the profile again.", path=path)
    return ShippedTensors(digest, tensors, about)


def none_in(path: Path, what: str, error: Exception) -> ProfileError:
    """What is said of a file that holds something else."""
    return ProfileError(
        "{path} holds no {what}: {error}. Install the profile again.", path=path, what=what, error=str(error)[:200]
    )
