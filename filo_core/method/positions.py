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


def positions_of(boxes: Iterable[GroundingBox], *, top1: bool = False) -> tuple[Position, ...]:
    """Union of the cells of the box centres in reading order; without a box all nine.

    Args:
        boxes: that survived.
        top1: only the box with the highest score counts.
    """
    chosen = list(boxes)
    if top1 and chosen:
        chosen = [max(chosen, key=lambda box: box.score)]
    cells = {position_of((box.left + box.right) / 2, (box.top + box.bottom) / 2) for box in chosen}
    return tuple(position for position in Position if position in cells) or tuple(Position)
