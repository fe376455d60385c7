"""Patch matching as in SPADE and PatchCore: other memory banks for the same detector (Table II)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from filo_core.errors import RecipeError
from filo_core.method.memory_bank import MemoryBank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

CORESET_SHARE = 0.1
"""PatchCore keeps this share of its patches."""
_POOLED = 3
"""Patches a side that PatchCore's local neighbourhood has."""


class PyramidBank(MemoryBank):
    """SPADE: the stages of a patch in one vector, its distance to the nearest reference patch.

    Distances are Euclidean between L2-normalised vectors and halved, so that a map stays in [0, 1]. With as many
    references as shots, SPADE's choice of the most similar references takes them all.
    """

    def add(self, key: str, stages: Sequence[Tensor]) -> None:
        """Store one reference; ``(N, C)`` a stage."""
        super().add(key, [self._one(stages)])

    def distances(self, stages: Sequence[Tensor], windows: Sequence[float] = (1.0,)) -> tuple[Tensor, ...]:
        """One ``(N,)`` tensor in [0, 1]: all stages together. SPADE looks everywhere, whatever the windows.

        Raises:
            RecipeError: if the bank is empty.
        """
        del windows
        (cosine,) = super().distances([self._one(stages)])
        return (halved_euclidean(cosine),)

    def _one(self, stages: Sequence[Tensor]) -> Tensor:
        return torch.cat([functional.normalize(stage.float(), dim=-1) for stage in stages], dim=-1)


class CoresetBank(PyramidBank):
    """PatchCore: locally pooled patches, thinned to a greedy coreset, distance to the nearest that is left.

    The coreset is chosen anew when a reference was added since.

    Args:
        share: of the patches that are kept, in (0, 1].
    """

    def __init__(self, share: float = CORESET_SHARE) -> None:
        super().__init__()
        self._share = share
        self._coreset: Tensor | None = None

    def add(self, key: str, stages: Sequence[Tensor]) -> None:
        """Store one reference; ``(N, C)`` a stage, N the patches of a square grid."""
        super().add(key, stages)
        self._coreset = None

    def distances(self, stages: Sequence[Tensor], windows: Sequence[float] = (1.0,)) -> tuple[Tensor, ...]:
        """One ``(N,)`` tensor in [0, 1]. PatchCore looks everywhere, whatever the windows.

        Raises:
            RecipeError: if the bank is empty.
        """
        del windows
        if self._coreset is None:
            if not self._references:
                raise RecipeError("No references set: call set_references() first, or add a good image.")
            patches = torch.cat([reference[0] for reference in self._references.values()])
            self._coreset = patches[greedy_coreset(patches, math.ceil(self._share * len(patches)))]
        query = functional.normalize(self._one(stages), dim=-1)
        nearest = (query @ self._coreset.T).amax(dim=1)
        return (halved_euclidean((1.0 - nearest).clamp_min(0.0)),)

    def _one(self, stages: Sequence[Tensor]) -> Tensor:
        return super()._one([locally_pooled(stage) for stage in stages])


def locally_pooled(patches: Tensor) -> Tensor:
    """``(N, C)`` patches of a square grid, each the mean of its 3 x 3 neighbourhood; at the border of what there is."""
    side = math.isqrt(len(patches))
    grid = patches.float().T.reshape(1, -1, side, side)
    pooled = functional.avg_pool2d(grid, _POOLED, stride=1, padding=_POOLED // 2, count_include_pad=False)
    return pooled.flatten(2)[0].T


def greedy_coreset(patches: Tensor, count: int) -> Tensor:
    """Indices of ``count`` of the ``(N, C)`` patches, from the first on always the one farthest from those chosen."""
    chosen = [0]
    nearest = torch.cdist(patches, patches[:1]).squeeze(1)
    for _ in range(count - 1):
        farthest = int(nearest.argmax())
        chosen.append(farthest)
        nearest = torch.minimum(nearest, torch.cdist(patches, patches[farthest : farthest + 1]).squeeze(1))
    return torch.tensor(chosen)


def halved_euclidean(cosine_distance: Tensor) -> Tensor:
    """Half the Euclidean distance of two L2-normalised vectors from their cosine distance."""
    return (cosine_distance / 2.0).clamp(0.0, 1.0).sqrt()
