"""What a recipe's drawn zones count: items like those that a person marked, and words of parts as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from filo_core.errors import RecipeError
from filo_core.eyes.counting import KnownItems, Marked, known_items, zone_counted
from filo_core.eyes.part_words import KnownWords, known_words, zone_words
from filo_core.method.sighting import Sighting, sighting_of
from filo_core.method.zone_masks import zone_mask
from filo_core.types import Box, ZoneScore
from filo_core.zones import ZoneKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.eyes.bank import PatchBank
    from filo_core.eyes.counting import MaskOf
    from filo_core.eyes.features import Eye, Features
    from filo_core.types import Recipe
    from filo_core.zones import ItemCount, Zone

    Picture = NDArray[np.uint8]


class ZoneCounter:
    """Counts items, or words, in those zones of a recipe that ask for it.

    Args:
        recipe: with its zones.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._counting = tuple((zone, zone.count) for zone in recipe.zones if zone.count is not None)

        self._as_a_whole = tuple(zone for zone in recipe.zones if zone.kind is ZoneKind.WHOLE)

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

    def words_of(
        self, seen: Sequence[tuple[str, Sequence[Features]]], eyes: Sequence[Eye]
    ) -> tuple[KnownWords | None, ...]:
        """Words of good parts, a zone each that is looked at as a whole.

        Args:
            seen: good parts by name, with what each trunk sees.
            eyes: the trunks; patches of the deep one are words, of the light one where it is alone.
        """
        if not self._as_a_whole:
            return ()
        trunk = next((number for number, eye in enumerate(eyes) if eye.is_deep), 0)
        return tuple(known_words(seen, trunk, self._mask_of(zone)) for zone in self._as_a_whole)

    def counted(self, features: Sequence[Features], bank: PatchBank, sight: Sighting) -> dict[str, ZoneScore]:
        """By the zone's name, what is counted in a picture.

        Args:
            features: what each trunk sees of it.
            bank: with what :meth:`items_of` and :meth:`words_of` gave.
            sight: what is looked at of the picture.
        """
        items = {
            zone.name: zone_counted(zone.name, count, known, features, self._mask_of(zone), sight)
            for (zone, count), known in zip(self._counting, bank.items, strict=True)
        }
        words = {
            zone.name: ZoneScore(zone.name, 0.0, 0.0)
            if known is None
            else zone_words(zone.name, known, features, self._mask_of(zone), sight)
            for zone, known in zip(self._as_a_whole, bank.words, strict=True)
        }
        return items | words

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
