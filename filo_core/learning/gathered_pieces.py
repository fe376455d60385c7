"""Pieces of what a training gathers, on disk: each is whole or not there, so that gathering can stop and go on."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from filo_core.errors import FolderError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def keep_piece(path: Path, **columns: NDArray[Any]) -> None:
    """Write columns of equal length; a reader sees all of them or no file.

    Raises:
        OSError: if it cannot be written.
    """
    space = path.with_suffix(".part.npz")
    np.savez(space, **columns)  # type: ignore[arg-type]
    space.replace(path)


def read_pieces(paths: Sequence[Path], names: Sequence[str]) -> list[NDArray[Any]]:
    """The named columns of one or more pieces, one behind the other.

    Raises:
        FolderError: if a piece is damaged.
    """
    pieces = []
    for path in paths:
        try:
            with np.load(path, allow_pickle=False) as arrays:
                pieces.append([arrays[name] for name in names])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise FolderError("{path} is damaged. Delete it and gather again.", path=path) from error
    return [np.concatenate(columns) for columns in zip(*pieces, strict=True)]
