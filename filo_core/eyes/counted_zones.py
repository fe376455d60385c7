"""What a recipe's drawn zones count: from the boxes that a person marked to how many items a picture shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from filo_core.errors import RecipeError
from filo_core.eyes.counting import KnownItems, Marked, known_items, zone_counted
from filo_core.method.sighting import Sighting, sighting_of
from filo_core.method.zone_masks import zone_mask
from filo_core.types import Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.eyes.counting import MaskOf
    from filo_core.eyes.features import Features
    from filo_core.types import Recipe, ZoneScore
    from filo_core.zones import ItemCount, Zone

    Picture = NDArray[np.uint8]


class ZoneCounter:
    """Counts items in those zones of a recipe that ask for it.

    Args:
        recipe: with its zones.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._counting = tuple((zone, zone.count) for zone in recipe.zones if zone.count is not None)

    @property
    def content(self) -> list[object]:
        """What decides which items are known; empty where nothing is counted."""
        return [(count.expected, count.examples) for _, count in self._counting]

    def items_of(
        self, seen: Sequence[tuple[str, Sequence[Features]]], references: Mapping[str, Picture]
    ) -> tuple[KnownItems, ...]:
        """Items that good parts show, a counting zone each.

        Args:
            seen: good parts by name, with what each trunk sees.
            references: their pictures, as far as an item was marked in them.

        Raises:
            RecipeError: if one was marked in another picture.
        """
        return tuple(
            known_items(count, seen, self._marked(zone, count, references), self._mask_of(zone))
            for zone, count in self._counting
        )

    def counted(
        self, features: Sequence[Features], items: Sequence[KnownItems], sight: Sighting
    ) -> dict[str, ZoneScore]:
        """By the zone's name, what is counted in a picture.

        Args:
            features: what each trunk sees of it.
            items: those of :meth:`items_of`.
            sight: what is looked at of the picture.
        """
        return {
            zone.name: zone_counted(zone.name, count, known, features, self._mask_of(zone), sight)
            for (zone, count), known in zip(self._counting, items, strict=True)
        }

    def _mask_of(self, zone: Zone) -> MaskOf:
        return partial(zone_mask, self._recipe.zones, zone)

    def _marked(self, zone: Zone, count: ItemCount, references: Mapping[str, Picture]) -> dict[str, list[Marked]]:
        found: dict[str, list[Marked]] = {}
        for example in count.examples:
            if example.picture not in references:
                raise RecipeError(
                    "Region {name} shows what it counts on a picture that is no good image of the product any more. "
                    "Mark one item on another good image.",
                    name=zone.name,
                )
            height, width = references[example.picture].shape[:2]
            (left, top), (right, bottom) = example.points
            x, y = round(left * width), round(top * height)
            drawn = Box(x, y, max(round(right * width) - x, 1), max(round(bottom * height) - y, 1))
            sight = sighting_of(self._recipe, references[example.picture])
            box, (high, wide) = sight.to_view(drawn), sight.view.shape[:2]
            marked = box.y / high, box.x / wide, box.height / high, box.width / wide
            found.setdefault(example.picture, []).append(marked)
        return found
