"""Feature maps of several resolutions on one grid of patches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


def grid_of(patches: Tensor, grid: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of ``(N, ...)`` patches that cover a picture as ``grid`` does, in as many patches or fewer."""
    step = round(math.sqrt(grid[0] * grid[1] / len(patches)))
    return grid[0] // step, grid[1] // step


def on_grid(feature_map: Tensor, grid: tuple[int, int]) -> Tensor:
    """``(B, C, rows, columns)`` float32 from ``(B, C, h, w)``: finer maps are averaged, coarser ones interpolated."""
    feature_map = feature_map.float()
    if feature_map.shape[-2] > grid[0]:
        return functional.adaptive_avg_pool2d(feature_map, grid)
    if feature_map.shape[-2] < grid[0]:
        return functional.interpolate(feature_map, size=grid, mode="bilinear", align_corners=False)
    return feature_map


def shifted(batch: Tensor, dx: int, dy: int) -> Tensor:
    """``(B, 3, S, S)`` images moved right by ``dx`` and down by ``dy`` pixels, the border repeated."""
    if dx == dy == 0:
        return batch
    height, width = batch.shape[-2:]
    margin = (max(dx, 0), max(-dx, 0), max(dy, 0), max(-dy, 0))
    padded = functional.pad(batch, margin, mode="replicate")
    top, left = max(-dy, 0), max(-dx, 0)
    return padded[..., top : top + height, left : left + width]
