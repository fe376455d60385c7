"""Multi-scale deformable cross-modal interaction, MDCI (III-C3, eq. 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional
from torchvision.ops import DeformConv2d

from filo_core.method.scoring import SIMILARITY_SCALE, side_shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


class ShapedKernel(nn.Module):
    """D_j of eq. (2): a convolution of one shape into the joint space, deformable or plain.

    It starts as CLIP's own projection of the mean over its window, so that an untrained one pools patches.

    Args:
        size: height and width in patches, odd.
        projection: ``(C, D)``, CLIP's.
        deformable: offsets and mask from a convolution that starts at zero, mask = 2·sigmoid: a plain one at first.
        dense: every channel reaches every output; otherwise one window a channel, then the projection.
    """

    def __init__(self, size: tuple[int, int], projection: Tensor, *, deformable: bool, dense: bool = False) -> None:
        super().__init__()
        width, joint = projection.shape
        padding = (size[0] // 2, size[1] // 2)
        self._taps = size[0] * size[1]
        self._dense = dense
        kind = DeformConv2d if deformable else nn.Conv2d
        groups, out = (1, joint) if dense else (width, width)
        self.pool = kind(width, out, size, padding=padding, groups=groups, bias=False)
        start = projection.T[:, :, None, None] if dense else torch.ones(())
        self.pool.weight.data.copy_((start / self._taps).expand_as(self.pool.weight))
        self.offset = nn.Conv2d(width, 3 * self._taps, size, padding=padding) if deformable else None
        if self.offset is not None:
            nn.init.zeros_(self.offset.weight)
            nn.init.zeros_(self.offset.bias)  # type: ignore[arg-type]
        self.project = None if dense else nn.Linear(width, joint, bias=False)
        if self.project is not None:
            self.project.weight.data.copy_(projection.T)

    def forward(self, patches: Tensor) -> Tensor:
        """``(N, D)``, not normalised, from ``(1, C, rows, columns)``."""
        if self.offset is None:
            pooled = self.pool(patches)
        else:
            shift, mask = self.offset(patches).float().split([2 * self._taps, self._taps], dim=1)
            # torchvision has no bfloat16 kernel for this one.
            with torch.autocast(patches.device.type, enabled=False):
                pooled = self.pool(patches.float(), shift, 2.0 * mask.sigmoid())
        rows = pooled.flatten(2)[0].T
        return rows if self.project is None else self.project(rows)  # type: ignore[no-any-return]


class Interaction(nn.Module):
    """One stage of MDCI: all kernels on its patch features, held against the two sides. Eq. (2) before Up().

    Args:
        sizes: of the kernels.
        projection: ``(C, D)``, CLIP's.
        deformable: see :class:`ShapedKernel`.
        dense: the same.
        fusion: ``"prob"`` takes the mean of the kernels' softmaxes, ``"feature"`` one softmax of their summed features.
        scale: of the softmax.
    """

    def __init__(
        self,
        sizes: Sequence[tuple[int, int]],
        projection: Tensor,
        *,
        deformable: bool,
        dense: bool = False,
        fusion: str = "prob",
        scale: float = SIMILARITY_SCALE,
    ) -> None:
        super().__init__()
        self._fusion = fusion
        self._scale = scale
        self.kernels = nn.ModuleList(
            ShapedKernel(size, projection, deformable=deformable, dense=dense) for size in sizes
        )

    def forward(self, patches: Tensor, normal: Tensor, anomalous: Tensor) -> Tensor:
        """``(N, 2)`` shares of the two sides of ``(1, C, rows, columns)`` patches; Norm() is the mean over kernels."""
        if self._fusion == "feature":
            joint = torch.stack([kernel(patches) for kernel in self.kernels]).sum(dim=0)
            return self._shares(joint, normal, anomalous)
        return torch.stack([self._shares(kernel(patches), normal, anomalous) for kernel in self.kernels]).mean(dim=0)

    def _shares(self, joint: Tensor, normal: Tensor, anomalous: Tensor) -> Tensor:
        unit = functional.normalize(joint.float(), dim=-1)
        return side_shares(unit, normal.float(), anomalous.float(), self._scale)
