"""Feature maps of several resolutions on one grid of patches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


def on_grid(feature_map: Tensor, grid: tuple[int, int]) -> Tensor:
    """``(B, C, rows, columns)`` float32 from ``(B, C, h, w)``: finer maps are averaged, coarser ones interpolated."""
    feature_map = feature_map.float()
    if feature_map.shape[-2] > grid[0]:
        return functional.adaptive_avg_pool2d(feature_map, grid)
    if feature_map.shape[-2] < grid[0]:
        return functional.interpolate(feature_map, size=grid, mode="bilinear", align_corners=False)
    return feature_map
