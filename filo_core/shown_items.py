"""Counted items as outlines: painted wherever the drawn regions of a picture are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from filo_core.sentence import Sentence
from filo_core.types import ItemsFound
from filo_core.zones import Zone, ZoneKind, ZoneShape

if TYPE_CHECKING:
    from filo_core.sentence import InLanguage
    from filo_core.whole_part import WordsFound


def examples_on(zones: Sequence[Zone], picture: str) -> tuple[Zone, ...]:
    """Outlines of the items that were marked on a picture, which is called by its hash."""
    return tuple(
        Zone("", example.points, ZoneShape.RECTANGLE, ZoneKind.COUNT)
        for zone in zones
        if zone.count is not None
        for example in zone.count.examples
        if example.picture == picture
    )


def with_items(
    zones: Sequence[Zone],
    counts: Sequence[ItemsFound | WordsFound],
    width: int,
    height: int,
    said: InLanguage = str,
) -> tuple[Zone, ...]:
    """The zones of a picture, those that count with what was found in their name, and an outline an item found.

    Of what is looked at as a whole, what there is too much of is outlined.

    Args:
        zones: where they lie in the picture.
        counts: what was counted in it.
        width: of the picture in pixels.
        height: the same.
        said: puts a sentence into the language of who looks.
    """
    items = [one for one in counts if isinstance(one, ItemsFound)]
    found = {one.region: one for one in items}
    named = [
        replace(zone, name=said(Sentence("{name}: {count}", name=zone.name, count=found[zone.name].sentence)))
        if zone.name in found
        else zone
        for zone in zones
    ]
    boxes = [place.box for one in items for place in one.found]
    surplus = [corners for one in counts if not isinstance(one, ItemsFound) for corners in one.surplus]

    outlines = [
        Zone(
            "",
            ((box.x / width, box.y / height), ((box.x + box.width) / width, (box.y + box.height) / height)),
            ZoneShape.ELLIPSE,
            ZoneKind.COUNT,
        )
        for box in boxes
    ]
    return (*named, *outlines, *(Zone("", corners, ZoneShape.RECTANGLE, ZoneKind.WHOLE) for corners in surplus))
