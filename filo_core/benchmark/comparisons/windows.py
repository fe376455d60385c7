"""WinCLIP's windows: every small part of the image through CLIP on its own (Tables I and II).

Not crops but patch tokens: a window's tokens and the class token go through the transformer without all others,
which gives what masking the rest does at a fraction of the work.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from filo_core.benchmark.comparisons.plain import PromptSide
from filo_core.method.interfaces import ImageFeatures
from filo_core.method.memory_bank import MemoryBank
from filo_core.method.scoring import anomalous_probability, upsample
from filo_core.method.vv_attention import embed_patches

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from filo_core.method.interfaces import Backbone

WINDOW_SIDES = (2, 3)
"""Sides in patches; the whole image comes on top."""
_BATCH = 256
_SMALLEST = 1e-6


def window_indices(grid: tuple[int, int], side: int) -> Tensor:
    """``(W, side²)`` int64: the patches of every window, row-major, one patch apart."""
    index = torch.arange(grid[0] * grid[1]).view(1, 1, *grid).float()
    return functional.unfold(index, side)[0].T.long()


class WindowBackbone:
    """An image encoder whose stages are the last stage's patches, then the windows of each size, ``(1, W, D)``.

    Args:
        backbone: of the profile.
        visual: the ``VisionTransformer`` inside it.
    """

    def __init__(self, backbone: Backbone, visual: Any) -> None:
        self._backbone = backbone
        self._visual = visual
        self.image_size = backbone.image_size

    def prepare(self, pixels: NDArray[np.uint8]) -> Tensor:
        """As the profile's encoder does."""
        return self._backbone.prepare(pixels)

    def encode(self, batch: Tensor) -> ImageFeatures:
        """Features of a batch of one."""
        plain = self._backbone.encode(batch)
        windows = [
            window_embeddings(self._visual, batch, window_indices(plain.grid, side))[None] for side in WINDOW_SIDES
        ]
        return ImageFeatures(
            image_embedding=plain.image_embedding,
            stages=(plain.stages[-1], *windows),
            patch_embeddings=plain.patch_embeddings,
            grid=plain.grid,
        )


class WindowSide(PromptSide):
    """WinCLIP's zero-shot map: harmonic over the windows of a patch, then over the sizes and the whole image."""

    def map(self, features: ImageFeatures, side: int) -> Tensor:
        """``(side, side)`` in [0, 1]."""
        patches = features.grid[0] * features.grid[1]
        maps = [anomalous_probability(features.image_embedding[0], self.normal, self.anomalous).expand(patches)]
        for window_side, windows in zip(WINDOW_SIDES, features.stages[1:], strict=True):
            scores = anomalous_probability(windows[0], self.normal, self.anomalous)
            maps.append(harmonic_map(scores, window_indices(features.grid, window_side), patches))
        inverse = torch.stack([1.0 / scale.clamp_min(_SMALLEST) for scale in maps]).mean(dim=0)
        return upsample((1.0 / inverse).view(1, 1, *features.grid), side)


class WindowBank(MemoryBank):
    """WinCLIP's few-shot memory: patches and windows of each size, each against its like; half the cosine distance."""

    def distances(self, stages: Sequence[Tensor], windows: Sequence[float] = (1.0,)) -> tuple[Tensor, ...]:
        """One ``(N,)`` tensor a scale, in [0, 1], N the patches of a square grid.

        WinCLIP looks everywhere: ``windows``, which bind matches to their place, are not its sliding windows.

        Raises:
            RecipeError: if the bank is empty.
        """
        del windows
        patches, *larger = (distance / 2.0 for distance in super().distances(stages))
        side = math.isqrt(len(patches))
        spread = [
            harmonic_map(distance, window_indices((side, side), window_side), len(patches))
            for window_side, distance in zip(WINDOW_SIDES, larger, strict=True)
        ]
        return (patches, *spread)


@torch.inference_mode()
def window_embeddings(visual: Any, batch: Tensor, windows: Tensor) -> Tensor:
    """``(W, D)`` L2-normalised class embeddings, one a window.

    Args:
        visual: open_clip's ``VisionTransformer``.
        batch: ``(1, 3, S, S)`` prepared.
        windows: ``(W, P)`` patch indices.
    """
    tokens = embed_patches(visual, batch)[0]
    rows = []
    for part in torch.split(windows.to(tokens.device), _BATCH):
        hidden = torch.cat([tokens[:1].expand(len(part), 1, -1), tokens[1 + part]], dim=1)
        for block in visual.transformer.resblocks:
            hidden = block(hidden)
        joint = visual.ln_post(hidden[:, 0])
        rows.append(joint if visual.proj is None else joint @ visual.proj)
    return functional.normalize(torch.cat(rows).float(), dim=-1)


def harmonic_map(scores: Tensor, windows: Tensor, patches: int) -> Tensor:
    """``(patches,)`` harmonic mean of the scores of all windows a patch lies in.

    Args:
        scores: ``(W,)`` in (0, 1].
        windows: ``(W, P)`` patch indices; every patch is in one at least.
        patches: of the grid.
    """
    inverse = (1.0 / scores.clamp_min(_SMALLEST)).repeat_interleave(windows.shape[1])
    index = windows.flatten().to(scores.device)
    total = torch.zeros(patches, device=scores.device).index_add(0, index, inverse)
    count = torch.zeros(patches, device=scores.device).index_add(0, index, torch.ones_like(inverse))
    return count / total
