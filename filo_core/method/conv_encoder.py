"""Convolutional image encoder: an open_clip vision tower from timm, read at several depths on one grid (III-C)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from filo_core.method.grids import on_grid
from filo_core.method.interfaces import ImageFeatures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

PATCH_PX = 8
"""Side of a patch in pixels of the input: the grid that all stages are brought to before they are matched."""


class ConvImageEncoder:
    """Patch features of chosen stages and the joint-space embeddings of a convolutional open_clip model.

    Args:
        model: an ``open_clip.CLIP`` whose vision tower is a ``TimmModel`` of four stages.
        stages: 1-based stages, ascending.
        mean: per channel, RGB, in [0, 1].
        std: the same.
        neighbourhoods: those of the stages to be averaged as well, as pairs of stage and side in patches.
    """

    def __init__(
        self,
        model: Any,
        stages: Sequence[int],
        mean: Sequence[float],
        std: Sequence[float],
        device: str = "cpu",
        *,
        neighbourhoods: Sequence[tuple[int, int]] = (),
    ) -> None:
        self._visual = model.visual.to(device, memory_format=torch.channels_last).eval()
        depth = len(self._visual.trunk.feature_info)
        if not stages or list(stages) != sorted(set(stages)) or not 1 <= stages[0] <= stages[-1] <= depth:
            raise ValueError(f"stages must ascend within 1..{depth}, got {list(stages)}")
        self._stages = tuple(stages)
        self._neighbourhoods = tuple(neighbourhoods)
        self._mean = torch.tensor(mean, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(std, device=device).view(1, 3, 1, 1)
        self._device = device
        self.image_size = int(self._visual.image_size[0])

    def prepare(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Squeeze to the input square (aspect is not kept), bicubic with antialiasing."""
        side = self.image_size
        resized = Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
        tensor = torch.from_numpy(np.array(resized)).to(self._device).permute(2, 0, 1)[None].float() / 255.0
        return (tensor - self._mean) / self._std

    @torch.inference_mode()
    def encode(self, batch: Tensor) -> ImageFeatures:
        """One pass; see :class:`~filo_core.method.interfaces.ImageFeatures` for the shapes."""
        matched, joint, image = read_tower(self._visual, batch, self._stages, self._neighbourhoods)
        rows, columns = (side // PATCH_PX for side in batch.shape[-2:])
        patches = functional.normalize(on_grid(joint, (rows, columns)), dim=1).flatten(2).transpose(1, 2)
        count = len(self._stages)
        return ImageFeatures(image, matched[:count], patches, (rows, columns), neighbourhoods=matched[count:])


def read_tower(
    visual: Any, batch: Tensor, stages: Sequence[int], neighbourhoods: Sequence[tuple[int, int]] = ()
) -> tuple[tuple[Tensor, ...], Tensor, Tensor]:
    """One pass through the tower, with gradients where there are any.

    Args:
        visual: open_clip's ``TimmModel``, with a patch head or without.
        batch: ``(B, 3, S, S)`` normalised, S a multiple of 32.
        stages: 1-based stages, ascending.
        neighbourhoods: as in :class:`ConvImageEncoder`.

    Returns:
        One ``(B, N, C)`` a stage with ``N = (S / PATCH_PX) ** 2`` and one ``(B, N / 4, C)`` a neighbourhood, the
        patches in the joint space as ``(B, D, h, w)``, and the image embedding ``(B, D)``; the latter two
        L2-normalised over D. With a patch head h and w are those of the grid; without, the last stage is projected
        and they are S / 32.
    """
    maps = visual.trunk.forward_intermediates(
        batch.contiguous(memory_format=torch.channels_last), intermediates_only=True
    )
    rows, columns = (side // PATCH_PX for side in batch.shape[-2:])
    gridded = {stage: on_grid(maps[stage - 1], (rows, columns)) for stage in stages}
    kept = tuple(gridded[stage].flatten(2).transpose(1, 2) for stage in stages)
    kept += tuple(averaged(gridded[stage], patches) for stage, patches in neighbourhoods)
    if hasattr(visual, "patch_head"):
        joint, image = visual.patch_head(maps, (rows, columns))
        return kept, joint, image
    last = visual.trunk.head.norm(maps[-1])
    joint = functional.normalize(visual.head(last.permute(0, 2, 3, 1)).float(), dim=-1).permute(0, 3, 1, 2)
    image = functional.normalize(visual.head(visual.trunk.forward_head(maps[-1])).float(), dim=-1)
    return kept, joint, image


def averaged(feature_map: Tensor, patches: int) -> Tensor:
    """``(B, rows * columns / 4, C)`` from ``(B, C, rows, columns)``: means of unit features, at every other patch.

    The noise of single patches hides what is faint and wide; it is gone from the mean of a neighbourhood.

    Args:
        feature_map: an even number of rows and columns.
        patches: side of the neighbourhood, even.
    """
    rim = (patches - 2) // 2
    units = functional.pad(functional.normalize(feature_map, dim=1), (rim, rim, rim, rim), mode="replicate")
    return functional.avg_pool2d(units, patches, stride=2).flatten(2).transpose(1, 2)
