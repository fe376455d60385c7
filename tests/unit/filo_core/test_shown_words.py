"""What there is too much of in a part seen as a whole is outlined beside the drawn regions."""

from __future__ import annotations

from filo_core.shown_items import with_items
from filo_core.types import Box, ItemPlace, ItemsFound
from filo_core.whole_part import WordOff, WordsFound
from filo_core.zones import Zone, ZoneKind

_CORNERS = ((0.1, 0.2), (0.3, 0.4))


def test_surplus_words_are_outlined_and_the_regions_keep_their_names() -> None:
    zones = (Zone("whole part", ((0.0, 0.0), (1.0, 1.0)), kind=ZoneKind.WHOLE),)
    words = WordsFound("whole part", 0.8, (WordOff((0.1, 0.2), 2.0, 9.0),), (_CORNERS,))
    items = ItemsFound("board", "screws", 1, 0.5, (ItemPlace(Box(10, 20, 20, 10), 0.9),))
    named, item, surplus = with_items(zones, (words, items), 100, 200)
    assert named == zones[0]
    assert (item.kind, item.points) == (ZoneKind.COUNT, ((0.1, 0.1), (0.3, 0.15)))
    assert (surplus.kind, surplus.points, surplus.name) == (ZoneKind.WHOLE, _CORNERS, "")
