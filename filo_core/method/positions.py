"""Position words (III-C2): the nine cells of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filo_core.types import Position

if TYPE_CHECKING:
    from collections.abc import Iterable

    from filo_core.method.interfaces import GroundingBox

_ROWS = tuple(Position)


def position_of(center_x: float, center_y: float) -> Position:
    """Cell that holds a point given in fractions of the image; points outside belong to the nearest cell."""
    column = min(max(int(3 * center_x), 0), 2)
    row = min(max(int(3 * center_y), 0), 2)
    return _ROWS[3 * row + column]


def positions_of(boxes: Iterable[GroundingBox]) -> tuple[Position, ...]:
    """Union of the cells of the box centres in reading order; without a box all nine."""
    cells = {position_of((box.left + box.right) / 2, (box.top + box.bottom) / 2) for box in boxes}
    return tuple(position for position in Position if position in cells) or tuple(Position)
