"""Looks of named regions on disk, in pieces that do not depend on each other: gathering them can stop and go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import FolderError
from filo_core.learning.gathered_pieces import keep_piece, read_pieces
from filo_core.learning.named_regions import find_parts, named_regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.eyes.features import Eye

PARTS_A_PIECE = 5
_TRAIN, _HELD_OUT = 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Regions with names: ``looks`` (n, D) float16, ``kinds`` (n,), ``true_masks`` (n,), ``parts`` (n,) they are of."""

    looks: NDArray[np.float16]
    kinds: NDArray[np.int64]
    true_masks: NDArray[np.bool_]
    parts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.kinds)

    def where(self, chosen: NDArray[np.bool_]) -> Looks:
        """Those that are chosen."""
        return Looks(self.looks[chosen], self.kinds[chosen], self.true_masks[chosen], self.parts[chosen])


def gather(
    folder: Path, images: Path, eyes: Sequence[Eye], sides: Sequence[int], seed: int, parts: int, *, held_out: bool
) -> Iterator[int]:
    """Gather looks into ``folder`` until it holds those of so many made-up parts; the number so far, a piece each.

    Args:
        folder: made if it is not there; pieces that are there are kept.
        images: pictures to paint on, see :func:`~filo_core.learning.named_regions.find_parts`.
        eyes: the light trunk at each of its sizes.
        sides: of the views in pixels, one for each of ``eyes``.
        seed: the same gives the same pieces.
        parts: how many.
        held_out: of pictures that training never sees, and another seed.

    Raises:
        FolderError: if there are no images, or the folder cannot be written.
    """
    pictures = find_parts(images, held_out=held_out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(-(-parts // PARTS_A_PIECE)):
            path = folder / _name(number, held_out=held_out)
            if not path.exists():
                drawn = named_regions(pictures, eyes, sides, (seed, _HELD_OUT if held_out else _TRAIN, number))
                found = [(at, one) for at, part in enumerate(islice(drawn, PARTS_A_PIECE)) for one in part]
                keep_piece(
                    path,
                    looks=np.array([one.look for _, one in found], np.float16),
                    kinds=np.array([one.kind for _, one in found], np.int64),
                    true_masks=np.array([one.true_mask for _, one in found]),
                    parts=np.array([number * PARTS_A_PIECE + at for at, _ in found], np.int64),
                )
            yield (number + 1) * PARTS_A_PIECE
    except OSError as error:
        raise FolderError(
            "{folder} cannot be written: {reason}. Choose another folder.",
            folder=folder,
            reason=error.strerror or error,
        ) from error


def read_looks(folder: Path, *, held_out: bool) -> Looks:
    """Everything that was gathered.

    Raises:
        FolderError: if there is nothing, or a piece is damaged.
    """
    paths = sorted(path for path in folder.glob(_name(None, held_out=held_out)) if ".part." not in path.name)
    if not paths:
        raise FolderError("{folder} holds no looks of named regions. Gather some first.", folder=folder)
    return Looks(*read_pieces(paths, ("looks", "kinds", "true_masks", "parts")))


def _name(number: int | None, *, held_out: bool) -> str:
    kind = "held-out" if held_out else "train"
    return f"{kind}-*.npz" if number is None else f"{kind}-{number:04d}.npz"
