"""What of a picture is looked at, and how places in it, on the patch grid and on the anomaly map correspond."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.types import Box
from filo_core.zones import bounds_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.types import ProductDraft, Recipe


def field_of(setup: Recipe | ProductDraft, width: int, height: int) -> Box:
    """What is looked at of a ``width`` x ``height`` picture: what the drawn zones span, else the rectangle of before.

    A picture is cut to it before anything else, so that all pixels that a network takes are spent on it.
    """
    if not setup.zones:
        return view_box(setup.region_of_interest, width, height)
    left, top, right, bottom = bounds_of(setup.zones)
    x, y = min(round(left * width), width - 1), min(round(top * height), height - 1)
    return Box(x, y, max(round(right * width) - x, 1), max(round(bottom * height) - y, 1))


def view_box(roi: Box | None, width: int, height: int) -> Box:
    """What is looked at of a ``width`` x ``height`` picture: the region of interest as far as it lies inside."""
    if roi is not None:
        left, top = max(roi.x, 0), max(roi.y, 0)
        right, bottom = min(roi.x + roi.width, width), min(roi.y + roi.height, height)
        if right > left and bottom > top:
            return Box(left, top, right - left, bottom - top)
    return Box(0, 0, width, height)


def within_view(box: Box, seen: Box) -> Box:
    """A box of the whole picture in the pixels of its view."""
    return Box(box.x - seen.x, box.y - seen.y, box.width, box.height)


def on_whole_image(view_map: NDArray[np.float32], seen: Box, width: int, height: int) -> NDArray[np.float32]:
    """The map of a view over the whole picture; zero outside the view, which was not looked at.

    Args:
        view_map: ``(S, S)`` over the view.
        seen: the view, inside the picture.
        width: of the picture in pixels.
        height: the same.

    Returns:
        ``(S, S)``; a view is at least one cell of it wide and high, however small it is.
    """
    if (seen.width, seen.height) == (width, height):
        return view_map
    side = len(view_map)
    left, top = min(round(side * seen.x / width), side - 1), min(round(side * seen.y / height), side - 1)
    right = max(round(side * (seen.x + seen.width) / width), left + 1)
    bottom = max(round(side * (seen.y + seen.height) / height), top + 1)
    whole = np.zeros_like(view_map)
    whole[top:bottom, left:right] = cv2.resize(view_map, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    return whole


def cells_of(box: Box, width: int, height: int, grid: tuple[int, int]) -> NDArray[np.int64]:
    """Row-major indices of the grid's cells that a box in a ``width`` x ``height`` picture touches; at least one."""
    rows, columns = grid

    def span(start: int, length: int, size: int, cells: int) -> range:
        first = min(max(start * cells // size, 0), cells - 1)
        last = min(max(-(-(start + length) * cells // size) - 1, first), cells - 1)
        return range(first, last + 1)

    across, down = span(box.x, box.width, width, columns), span(box.y, box.height, height, rows)
    return np.array([row * columns + column for row in down for column in across], np.int64)
