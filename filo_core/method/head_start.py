"""Where trained heads start: at CLIP's own last norm and projection, or at seeded noise where there is none."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor


class PlainNorm(nn.Module):
    """Layer norm of any width, without parameters."""

    def forward(self, patches: Tensor) -> Tensor:
        """``(N, C)`` from ``(N, C)``."""
        return functional.layer_norm(patches, patches.shape[-1:])


def norm_of(visual: Any) -> nn.Module:
    """What patch tokens go through before a head: a transformer's last norm, frozen; none of a convolutional tower."""
    return copy.deepcopy(visual.ln_post) if hasattr(visual, "ln_post") else PlainNorm()


def projections(model: Any, stages: Sequence[int], seed: int) -> Iterator[Tensor]:
    """``(C, D)`` a stage, from its patch tokens into the joint space.

    Every stage of a transformer has the width that CLIP's own projection reads. The stages of a convolutional tower
    have a width each, and what CLIP never projected begins as noise of unit gain.

    Args:
        model: an ``open_clip.CLIP``.
        stages: 1-based.
        seed: of the noise.
    """
    visual = model.visual
    if not hasattr(visual, "trunk"):
        yield from (visual.proj.detach() for _ in stages)
        return
    joint = model.text_projection.shape[1]
    for stage in stages:
        width = visual.trunk.feature_info[stage - 1]["num_chs"]
        noise = torch.randn(width, joint, generator=torch.Generator().manual_seed(seed + stage))
        yield noise / math.sqrt(width)
