"""Patches of a convolutional tower in the joint space: all stages, each patch beside its surroundings (III-C)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from timm.layers.norm import LayerNorm2d
from torch import nn
from torch.nn import functional

from filo_core.method.grids import on_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

_AROUND = 7
"""Side of the neighbourhood that a patch is seen in, in patches, in each of two steps."""


class PatchHead(nn.Module):
    """Embeds every patch from all stages, as a blemish shows in the fine ones and what it is in the coarse ones.

    A patch is read beside its neighbours and beside the mean of its picture: without a reference, that is all there
    is to differ from.

    Args:
        widths: channels of each stage.
        hidden: channels in between.
        joint: width D of the joint space.
    """

    def __init__(self, widths: Sequence[int], hidden: int, joint: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(nn.Conv2d(width, hidden, 1, bias=False) for width in widths)
        self.first_norm = LayerNorm2d(hidden)
        self.first_around = nn.Conv2d(hidden, hidden, _AROUND, padding=_AROUND // 2, groups=hidden)
        self.mix = nn.Conv2d(3 * hidden, hidden, 1)
        self.second_norm = LayerNorm2d(hidden)
        self.second_around = nn.Conv2d(hidden, hidden, _AROUND, padding=_AROUND // 2, groups=hidden)
        self.second_mix = nn.Conv2d(hidden, hidden, 1)
        self.patch = nn.Conv2d(hidden, joint, 1)
        self.image = nn.Linear(2 * hidden, joint)

    def forward(self, maps: Sequence[Tensor], grid: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Patch and image embeddings.

        Args:
            maps: one ``(B, C, h, w)`` a stage.
            grid: rows and columns of patches.

        Returns:
            ``(B, D, rows, columns)`` and ``(B, D)``, both L2-normalised over D, float32.
        """
        units = (functional.normalize(on_grid(stage, grid), dim=1) * stage.shape[1] ** 0.5 for stage in maps)
        read = [layer(unit) for layer, unit in zip(self.stages, units, strict=True)]
        own = functional.gelu(self.first_norm(torch.stack(read).sum(dim=0)))
        mean = own.mean(dim=(2, 3), keepdim=True)
        seen = functional.gelu(self.mix(torch.cat([own, own - mean, self.first_around(own)], dim=1)))
        seen = seen + functional.gelu(self.second_mix(self.second_norm(self.second_around(seen))))
        whole = torch.cat([seen.mean(dim=(2, 3)), seen.amax(dim=(2, 3))], dim=1)
        return (
            functional.normalize(self.patch(seen).float(), dim=1),
            functional.normalize(self.image(whole).float(), dim=1),
        )


def attach_patch_head(model: Any, hidden: int) -> None:
    """Give the timm tower of an ``open_clip.CLIP`` a patch head in place of its projection of the pooled last stage."""
    visual = model.visual
    widths = [stage["num_chs"] for stage in visual.trunk.feature_info]
    joint = int(model.text_projection.shape[-1])
    visual.head = nn.Identity()
    visual.patch_head = PatchHead(widths, hidden, joint)
