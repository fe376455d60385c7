"""Memory bank of reference patches, one per stage (III-C4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from filo_core.errors import RecipeError
from filo_core.method.room import in_batches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


@dataclass(frozen=True, slots=True)
class StoredPatch:
    """One patch of the bank: ``index`` counts through the passes of a reference, each with its whole grid."""

    key: str
    index: int
    distance: float
    """Cosine distance to what was asked about, the mean over the stages, in [0, 2]."""
    gridded: bool
    """False for taught patches, which are stored without their grid."""


class MemoryBank:
    """Patches of all references, kept apart by reference so that one can join or leave without a rebuild."""

    def __init__(self) -> None:
        self._references: dict[str, tuple[Tensor, ...]] = {}

    def __len__(self) -> int:
        return len(self._references)

    def add(self, key: str, stages: Sequence[Tensor]) -> None:
        """Store one reference under its image hash.

        Args:
            key: adding the same key again replaces it.
            stages: one ``(N, C)`` tensor a stage; normalised here.

        Raises:
            ValueError: if the number of stages differs from what is stored already.
        """
        known = next(iter(self._references.values()), None)
        if known is not None and len(known) != len(stages):
            raise ValueError(f"the bank holds {len(known)} stages, this reference has {len(stages)}")
        self._references[key] = tuple(functional.normalize(stage.float(), dim=-1) for stage in stages)

    def remove(self, key: str) -> None:
        """Take one reference out.

        Raises:
            KeyError: if it is not stored.
        """
        del self._references[key]

    def without(self, key: str) -> MemoryBank:
        """A bank that shares all patches but those of one reference, for leave-one-out scores.

        What was taught from a place in that very image (``key@…``) is left out with it.
        """
        taught = f"{key}@"
        bank = MemoryBank()
        bank._references = {
            name: stages for name, stages in self._references.items() if name != key and not name.startswith(taught)
        }
        return bank

    def copy(self) -> MemoryBank:
        """A bank that shares all patches, to which others can be added."""
        bank = MemoryBank()
        bank._references = dict(self._references)
        return bank

    def move_to(self, device: str) -> None:
        """Keep all patches on another device from now on."""
        self._references = {
            key: tuple(stage.to(device) for stage in stages) for key, stages in self._references.items()
        }

    def distances(self, stages: Sequence[Tensor], windows: Sequence[float] = (1.0,)) -> tuple[Tensor, ...]:
        """Cosine distance of every patch to its nearest stored patch, stage by stage. Eq. (5).

        Args:
            stages: one ``(N, C)`` tensor a stage, from the same encoder as the references.
            windows: how far away a match may lie, in shares of the picture's side; 1 is the whole picture. The
                distances under several windows are averaged. Anything but 1 needs a square grid, and does not bind
                patches that were stored without their grid.

        Returns:
            One ``(N,)`` float32 tensor a stage, in [0, 2].

        Raises:
            RecipeError: if the bank is empty.
        """
        if not self._references:
            raise RecipeError("No references set: call set_references() first, or add a good image to the product")
        return tuple(
            _nearest_distance(
                functional.normalize(query.float(), dim=-1),
                # Those of a bank that was filled before the model moved to another device follow it here.
                [r[i].to(query.device) for r in self._references.values()],
                windows,
            )
            for i, query in enumerate(stages)
        )

    def nearest(self, stages: Sequence[Tensor], cell: int, window: float = 1.0) -> StoredPatch:
        """The stored patch nearest to one patch of a picture, all stages taken together.

        Where eq. (5) lets every stage choose its own match, this is the one place that explains them best.

        Args:
            stages: one ``(N, C)`` tensor a stage, from the same encoder as the references; those that were stored
                behind them are left out.
            cell: the patch that is asked about, row-major over the grid.
            window: how far away a match may lie, as in :meth:`distances`.

        Raises:
            RecipeError: if the bank is empty.
        """
        if not self._references:
            raise RecipeError("No references set: call set_references() first, or add a good image to the product")
        count = stages[0].shape[0]
        queries = [functional.normalize(stage[cell].float(), dim=-1) for stage in stages]
        best: StoredPatch | None = None
        for key, stored in self._references.items():
            distances = torch.stack([1.0 - patches @ query for patches, query in zip(stored, queries, strict=False)])
            mean = distances.mean(dim=0)
            gridded = len(mean) % count == 0
            if gridded and window < 1.0:
                mean = mean.masked_fill(_too_far(cell, count, window, mean.device).repeat(len(mean) // count), 3.0)
            index = int(mean.argmin())
            distance = max(float(mean[index]), 0.0)
            if best is None or distance < best.distance:
                best = StoredPatch(key, index, distance, gridded)
        assert best is not None
        return best


def _too_far(cell: int, count: int, window: float, device: torch.device) -> Tensor:
    """``(count,)`` bool: which cells of a square grid lie beyond the window around ``cell``."""
    side = math.isqrt(count)
    place = torch.arange(count, device=device)
    across, down = (place % side - cell % side).abs(), (place // side - cell // side).abs()
    return torch.maximum(across, down) > window * side


def _nearest_distance(query: Tensor, references: Sequence[Tensor], windows: Sequence[float]) -> Tensor:
    # Pass by pass: the largest product stays (N, N), however many references there are and passes each has.
    count = query.shape[0]
    best = torch.full((len(windows), count), -1.0, device=query.device)
    bound = [index for index, window in enumerate(windows) if window < 1.0]
    free = [index for index, window in enumerate(windows) if window >= 1.0]
    for patches in references:
        gridded = len(patches) % count == 0
        anywhere = free if gridded else list(range(len(windows)))
        # Several passes of one reference lie behind each other, each with its whole grid.
        for passed in torch.split(patches, count):
            if gridded and bound:
                found = _nearest_within(query, passed, [windows[index] for index in bound])
                best[bound] = torch.maximum(best[bound], found)
            if anywhere:
                found = in_batches(partial(_best_of, passed), query, count)
                best[anywhere] = torch.maximum(best[anywhere], found)
    # Rounding can push the similarity of equal vectors past 1.
    return (1.0 - best.mean(dim=0)).clamp_min(0.0)


def _best_of(patches: Tensor, query: Tensor) -> Tensor:
    return (query @ patches.T).amax(dim=1)


def _nearest_within(query: Tensor, patches: Tensor, windows: Sequence[float]) -> Tensor:
    """``(W, N)``: largest similarity under each window, of ``(N, C)`` patches on the same square grid."""
    count, width = query.shape
    side = math.isqrt(count)
    reach = int(max(windows) * side)
    padded = functional.pad(patches, (0, 0, reach * side, reach * side)).contiguous()
    # Every row of the grid meets only the rows in reach, as overlapping views of the same memory.
    rows = padded.as_strided((side, (2 * reach + 1) * side, width), (side * width, width, 1))
    similar = (query.reshape(side, side, width) @ rows.transpose(1, 2)).reshape(count, -1)
    # From the widest window to the narrowest: what lies outside of one lies outside of all that follow.
    found = torch.empty(len(windows), count, device=query.device)
    for index in sorted(range(len(windows)), key=lambda index: -windows[index]):
        similar.masked_fill_(_outside(side, reach, windows[index], query.device), -1.0)
        torch.amax(similar, dim=1, out=found[index])
    return found


@lru_cache(maxsize=8)
def _outside(side: int, reach: int, window: float, device: torch.device) -> Tensor:
    """``(N, (2 reach + 1) * side)`` bool: which of the cells in reach lie beyond the window or the picture."""
    row, column, step, other = torch.meshgrid(
        torch.arange(side), torch.arange(side), torch.arange(-reach, reach + 1), torch.arange(side), indexing="ij"
    )
    far = torch.maximum(step.abs(), (column - other).abs()) > window * side
    beyond = (row + step < 0) | (row + step >= side)
    return (far | beyond).reshape(side * side, -1).to(device)
