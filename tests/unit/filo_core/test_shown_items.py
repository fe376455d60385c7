"""Counted items are outlines on the picture, and the region says how many of how many."""

from __future__ import annotations

import numpy as np

from filo_core.rendering import draw_zones
from filo_core.shown_items import with_items
from filo_core.types import Box, ItemPlace, ItemsFound
from filo_core.zones import Zone, ZoneKind

_ZONE = Zone("board", ((0, 0), (1, 1)), kind=ZoneKind.COUNT)
_FOUND = ItemsFound(
    "board", "screws", 2, 0.7, (ItemPlace(Box(10, 20, 10, 10), 0.9), ItemPlace(Box(50, 60, 10, 10), 0.5))
)


def test_each_item_found_has_an_outline_and_what_is_none_has_not() -> None:
    board, item = with_items((_ZONE,), (_FOUND,), 100, 200)
    assert board.name == "board: 1 of 2 screws found"
    assert (item.name, item.points) == ("", ((0.1, 0.1), (0.2, 0.15)))


def test_an_outline_without_a_name_is_drawn_without_one() -> None:
    picture = np.zeros((200, 100, 3), np.uint8)
    (item,) = with_items((), (_FOUND,), 100, 200)
    drawn = draw_zones(picture, (item,))
    assert drawn[18:32, 8:22].any()
    assert not drawn[60:].any()
