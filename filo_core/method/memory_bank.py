"""Memory bank of reference patches, one per stage (III-C4)."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from filo_core.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


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
                functional.normalize(query.float(), dim=-1), [r[i] for r in self._references.values()], windows
            )
            for i, query in enumerate(stages)
        )


def _nearest_distance(query: Tensor, references: Sequence[Tensor], windows: Sequence[float]) -> Tensor:
    # Reference by reference: the largest product stays (N, N), however many references there are.
    count = query.shape[0]
    best = [torch.full((count,), -1.0, device=query.device) for _ in windows]
    for patches in references:
        # Several passes of one reference lie behind each other, each with its whole grid.
        for passed in patches.split(count) if len(patches) % count == 0 else (patches,):
            similar = query @ passed.T
            for index, window in enumerate(windows):
                bound = window < 1.0 and len(passed) == count
                seen = similar.masked_fill(_far_apart(count, window, query.device), -1.0) if bound else similar
                best[index] = torch.maximum(best[index], seen.amax(dim=1))
    # Rounding can push the similarity of equal vectors past 1.
    return (1.0 - torch.stack(best).mean(dim=0)).clamp_min(0.0)


@lru_cache(maxsize=8)
def _far_apart(count: int, window: float, device: torch.device) -> Tensor:
    """``(N, N)`` bool: cells of a square grid that lie more than the window apart, in rows or in columns."""
    side = math.isqrt(count)
    places = torch.cartesian_prod(torch.arange(side, device=device), torch.arange(side, device=device))
    return (places[:, None] - places[None]).abs().amax(dim=-1) > window * side
