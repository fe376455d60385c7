"""The pictures of one part beside each other, as one content: whatever shows a picture shows all views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.rendering import heat_scale
from filo_core.types import Box, Limits, Region
from filo_core.zones import Zone
from gui.canvas.pictures import PictureContent

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GAP_PX = 12
_HIGHEST_PX = 1200
_MAP_PX = 256
"""Height of the map put together: every view's own is about so large."""
_EMPTY = 40
_EMPTY_ASPECT = 4 / 3


@dataclass(frozen=True, slots=True, eq=False)
class ViewPicture:
    """One view: its name, and its picture with the map and limits of its own recipe; None where no picture came."""

    name: str
    content: PictureContent | None


def side_by_side(views: Sequence[ViewPicture], limits: Limits, decided: int) -> PictureContent:
    """The views in one row, as high as the highest of them, each with its name.

    Maps are put on the colours of ``limits``, which mean the same in each view then.

    Args:
        views: one or more.
        limits: of the part.
        decided: place of the view whose regions are shown.
    """
    height = min(max((view.content.size[1] for view in views if view.content), default=480), _HIGHEST_PX)
    widths = [_width(view, height) for view in views]
    across = sum(widths) + _GAP_PX * (len(views) - 1)
    pixels = np.full((height, across, 3), _EMPTY, np.uint8)
    share = _MAP_PX / height
    heat = np.zeros((_MAP_PX, max(round(across * share), 1)), np.float32)
    regions: tuple[Region, ...] = ()
    zones, left = [], 0
    for place, (view, width) in enumerate(zip(views, widths, strict=True)):
        content = view.content
        if content is not None:
            pixels[:, left : left + width] = cv2.resize(content.pixels, (width, height), interpolation=cv2.INTER_AREA)
            _lay(heat, content, round(left * share), round((left + width) * share), limits)
            if place == decided:
                regions = tuple(_moved(region, left, width / content.size[0]) for region in content.regions)
        edges = ((left + 1) / across, 0.002), ((left + width - 1) / across, 0.998)
        zones.append(Zone(view.name, edges))
        left += width + _GAP_PX
    has_map = any(view.content is not None and view.content.has_heat_map for view in views)
    return PictureContent(pixels, heat if has_map else None, limits if has_map else None, regions, tuple(zones))


def _width(view: ViewPicture, height: int) -> int:
    if view.content is None:
        return round(height * _EMPTY_ASPECT)
    width, own = view.content.size
    return max(round(width * height / own), 1)


def _lay(heat: NDArray[np.float32], content: PictureContent, left: int, right: int, limits: Limits) -> None:
    """A view's map into its place, on the colours of the part."""
    if content.anomaly_map is None or content.limits is None:
        return
    moved = np.interp(content.anomaly_map, heat_scale(content.limits), heat_scale(limits)).astype(np.float32)
    heat[:, left:right] = cv2.resize(moved, (right - left, heat.shape[0]), interpolation=cv2.INTER_LINEAR)


def _moved(region: Region, left: int, scale: float) -> Region:
    box = region.box
    return replace(
        region,
        box=Box(
            left + round(box.x * scale),
            round(box.y * scale),
            max(round(box.width * scale), 1),
            max(round(box.height * scale), 1),
        ),
    )
