"""Memory bank of reference patches, one per stage (III-C4)."""

from __future__ import annotations

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

    def distances(self, stages: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Cosine distance of every patch to its nearest stored patch, stage by stage. Eq. (5).

        Args:
            stages: one ``(N, C)`` tensor a stage, from the same encoder as the references.

        Returns:
            One ``(N,)`` float32 tensor a stage, in [0, 2].

        Raises:
            RecipeError: if the bank is empty.
        """
        if not self._references:
            raise RecipeError("No references set: call set_references() first, or add a good image to the product")
        return tuple(
            _nearest_distance(functional.normalize(query.float(), dim=-1), [r[i] for r in self._references.values()])
            for i, query in enumerate(stages)
        )


def _nearest_distance(query: Tensor, references: Sequence[Tensor]) -> Tensor:
    # Reference by reference: the largest product stays (N, N), however many references there are.
    best = torch.full((query.shape[0],), -1.0, device=query.device)
    for patches in references:
        best = torch.maximum(best, (query @ patches.T).amax(dim=1))
    # Rounding can push the similarity of equal vectors past 1.
    return (1.0 - best).clamp_min(0.0)
