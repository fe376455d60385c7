"""Patch matching as in SPADE and PatchCore: other memory banks for the same detector (Table II).

Both were published on layers of a WideResNet-50; here they look through the profile's encoder, so rows of theirs are
called after them and are not them.
"""

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
NEIGHBOURS = 9
"""Stored patches around the nearest one that weigh PatchCore's image score (Roth et al., 2022, eq. 7)."""
_HEADROOM = 4.0
"""Distances are divided by this many of the largest stored norm: a map stays in [0, 1] and keeps its proportions."""
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


class CoresetBank(MemoryBank):
    """PatchCore: locally pooled patches, thinned to a greedy coreset, distance to the nearest that is left.

    Features are not normalised, so their distances have a scale: a constant of the bank's own that changes no rank.
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
        self._references[key] = (pooled_features(stages),)
        self._coreset = None

    def distances(self, stages: Sequence[Tensor], windows: Sequence[float] = (1.0,)) -> tuple[Tensor, ...]:
        """One ``(N,)`` tensor in [0, 1]. PatchCore looks everywhere, whatever the windows.

        Raises:
            RecipeError: if the bank is empty.
        """
        del windows
        coreset, scale = self._thinned()
        nearest = torch.cdist(pooled_features(stages), coreset).amin(dim=1)
        return ((nearest / scale).clamp(0.0, 1.0),)

    def weighted_peak(self, stages: Sequence[Tensor]) -> float:
        """Image score in [0, 1]: the largest distance, less where the nearest stored patch has near neighbours.

        With m* nearest to the patch m that is farthest from all, and its b nearest stored patches N_b(m*), m* among
        them: (1 - exp(|m - m*|) / Σ exp(|m - n|)) |m - m*| (PatchCore's eqs. 6 and 7). A coreset of one patch has no
        neighbours to weigh by.

        Raises:
            RecipeError: if the bank is empty.
        """
        coreset, scale = self._thinned()
        away = torch.cdist(pooled_features(stages), coreset)
        nearest, which = away.min(dim=1)
        far = int(nearest.argmax())
        if len(coreset) == 1:
            return float((nearest[far] / scale).clamp(0.0, 1.0))
        found = int(which[far])
        around = torch.cdist(coreset[found][None], coreset)[0].topk(min(NEIGHBOURS, len(coreset)), largest=False)
        # The share of m* in a softmax is the fraction of the equation, without its overflow.
        share = (away[far, found] - away[far, around.indices].logsumexp(dim=0)).exp()
        return float(((1.0 - share) * nearest[far] / scale).clamp(0.0, 1.0))

    def _thinned(self) -> tuple[Tensor, float]:
        """The coreset, and what distances are divided by."""
        if self._coreset is None:
            if not self._references:
                raise RecipeError("No references set: call set_references() first, or add a good image.")
            patches = torch.cat([reference[0] for reference in self._references.values()])
            self._coreset = patches[greedy_coreset(patches, math.ceil(self._share * len(patches)))]
        return self._coreset, max(_HEADROOM * float(self._coreset.norm(dim=1).max()), 1e-9)


def pooled_features(stages: Sequence[Tensor]) -> Tensor:
    """``(N, sum of C)``: the stages of a square grid, each locally pooled, in one vector a patch."""
    return torch.cat([locally_pooled(stage) for stage in stages], dim=-1)


def locally_pooled(patches: Tensor) -> Tensor:
    """``(N, C)`` patches of a square grid, each the mean of its 3 x 3 neighbourhood; zeros beyond the border count.

    As PatchCore's authors do it, who unfold with zeros around.
    """
    side = math.isqrt(len(patches))
    grid = patches.float().T.reshape(1, -1, side, side)
    pooled = functional.avg_pool2d(grid, _POOLED, stride=1, padding=_POOLED // 2, count_include_pad=True)
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
