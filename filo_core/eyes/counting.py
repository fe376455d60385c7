"""Items that are counted: places that look like those a person marked on good pictures, none upon another.

What a window over a trunk's features shows is their mean over it, of unit length: it hardly depends on how an item is
turned, nor on a shift by less than its size. A place is as like an item as the nearest known one is (cosine, averaged
over the trunks). A person marks one; every good part shows as many as were asked for, so the likest places of each are
known items as well, in the light and the pose they come in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from filo_core.calibration.counting import Turns, count_score, least_likeness
from filo_core.eyes.features import unit
from filo_core.eyes.frames import on_picture
from filo_core.types import Box, ItemPlace, ItemsFound, ZoneScore

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.eyes.features import Features
    from filo_core.method.sighting import Sighting
    from filo_core.zones import ItemCount

    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]
    Size = tuple[float, float]
    Place = tuple[int, int, float]
    MaskOf = Callable[[int, int], Mask]
    """Cells of a grid of so many rows and columns in which an item's centre may lie."""

Marked = tuple[float, float, float, float]
"""Top, left, height and width of a box, in fractions of what is looked at."""

_APART = 0.85
"""Of an item's size: how far centres of two places lie apart at least, along either side."""
_MOST_PLACES = 400
_TAKEN = -2.0
"""Below every likeness."""


@dataclass(frozen=True, slots=True, eq=False)
class KnownItems:
    """Items that good parts show, by part: a ``(items, C)`` array of unit length a trunk."""

    size: Size
    """Height and width of an item, in fractions of the view."""
    by_part: Mapping[str, tuple[Floats, ...]]
    least: float
    """Likeness from which on a place is an item, as the good parts say."""

    @property
    def by_trunk(self) -> tuple[Floats, ...]:
        """Those of all parts, ``(items, C)`` a trunk."""
        return tuple(np.concatenate(of_trunk) for of_trunk in zip(*self.by_part.values(), strict=True))

    def without(self, key: str) -> KnownItems:
        """All but those of one part."""
        return replace(self, by_part={name: items for name, items in self.by_part.items() if name != key})

    def to_arrays(self) -> dict[str, Floats]:
        """Everything in it by name, as :meth:`from_arrays` takes it."""
        arrays = {f"{trunk}/{key}": one for key, part in self.by_part.items() for trunk, one in enumerate(part)}
        return arrays | {"size": np.array((*self.size, self.least), np.float64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> KnownItems:
        """What :meth:`to_arrays` gave.

        Raises:
            KeyError: if something is missing.
            ValueError: if something is of another shape.
        """
        height, width, least = map(float, arrays["size"])
        trunks = range(1 + max(int(name.split("/", 1)[0]) for name in arrays if name != "size"))
        keys = [name.split("/", 1)[1] for name in arrays if name.startswith("0/")]
        by_part = {key: tuple(np.asarray(arrays[f"{trunk}/{key}"], np.float32) for trunk in trunks) for key in keys}
        return cls((height, width), by_part, least)


def known_items(
    count: ItemCount,
    parts: Sequence[tuple[str, Sequence[Features]]],
    marked: Mapping[str, Sequence[Marked]],
    mask_of: MaskOf,
) -> KnownItems:
    """Items of all good parts, from those that a person marked.

    Args:
        count: what is counted.
        parts: good parts by name, with what each trunk sees, the light one first.
        marked: boxes by part, one or more in all.
        mask_of: where items are counted.
    """
    boxes = [box for of_part in marked.values() for box in of_part]
    size = float(np.median([box[2] for box in boxes])), float(np.median([box[3] for box in boxes]))
    views = {key: _View.of(features, size, mask_of) for key, features in parts}
    shown = [
        views[key].look(top + height / 2, left + width / 2)
        for key, of_part in marked.items()
        for top, left, height, width in of_part
    ]
    first = _by_trunk(shown)
    by_part = {key: _by_trunk(view.looks_at(view.places(first, count.expected))) for key, view in views.items()}
    found = KnownItems(size, by_part, 0.0)
    turns = []
    for key, view in views.items():
        others = found.without(key) if len(views) > 1 else found
        places = view.places(others.by_trunk, count.expected + 1)
        turns.append(Turns.of([value for _, _, value in places], count.expected))
    return replace(found, least=least_likeness(turns))


def zone_counted(
    name: str, count: ItemCount, items: KnownItems, features: Sequence[Features], mask_of: MaskOf, sight: Sighting
) -> ZoneScore:
    """What is counted in a zone of one picture.

    Args:
        name: of the zone.
        count: what is counted.
        items: known ones.
        features: what each trunk sees of the view, the light one first.
        mask_of: where items are counted.
        sight: what is looked at of the picture.
    """
    least = items.least if count.least is None else count.least
    view = _View.of(features, items.size, mask_of)
    places = view.places(items.by_trunk, count.expected + 1, least)
    size = sight.view.shape[:2]
    shown = tuple(ItemPlace(sight.to_picture(view.box(y, x, *size)), min(value, 1.0)) for y, x, value in places)
    score = count_score([place.likeness for place in shown], count.expected, least)
    return ZoneScore(name, score, 0.0, ItemsFound(name, count.what, count.expected, least, shown))


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """What a picture shows in windows of an item's size."""

    features: Sequence[Features]
    windows: Sequence[Floats]
    size: Size
    mask: Mask
    """On the light trunk's grid over the picture."""

    @classmethod
    def of(cls, features: Sequence[Features], size: Size, mask_of: MaskOf) -> _View:
        light = features[0]
        return cls(features, [_windows(one, size) for one in features], size, mask_of(*light.frame.shown(light.stride)))

    def places(self, items: Sequence[Floats], wanted: int, least: float = 2.0) -> list[Place]:
        """Row, column and likeness of the likest places, none upon another: so many, and all that are like enough."""
        left = np.where(self.mask, self._likeness(items), np.float32(_TAKEN))
        down, across = (max(_APART * one * of, 1.0) for one, of in zip(self.size, left.shape, strict=True))
        found: list[Place] = []
        while len(found) < _MOST_PLACES:
            row, column = map(int, np.unravel_index(int(left.argmax()), left.shape))
            value = float(left[row, column])
            if value <= _TAKEN or (len(found) >= wanted and value < least):
                break
            found.append((row, column, value))
            top, low = max(math.floor(row - down) + 1, 0), math.ceil(row + down)
            west, east = max(math.floor(column - across) + 1, 0), math.ceil(column + across)
            left[top:low, west:east] = _TAKEN
        return found

    def looks_at(self, places: Sequence[Place]) -> list[list[Floats]]:
        rows, columns = self.mask.shape
        return [self.look((row + 0.5) / rows, (column + 0.5) / columns) for row, column, _ in places]

    def look(self, down: float, across: float) -> list[Floats]:
        """What a window around a place shows each trunk, between its cells; ``down`` and ``across`` in fractions."""
        found = []
        for one, values in zip(self.features, self.windows, strict=True):
            x = np.float32(across * one.frame.width / one.stride - 0.5)
            y = np.float32(down * one.frame.height / one.stride - 0.5)
            rows, columns = values.shape[:2]
            top, left = int(np.clip(y, 0, rows - 1)), int(np.clip(x, 0, columns - 1))
            low, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
            y, x = np.clip(y - top, 0, 1), np.clip(x - left, 0, 1)
            upper = values[top, left] * (1 - x) + values[top, right] * x
            lower = values[low, left] * (1 - x) + values[low, right] * x
            found.append(unit(upper * (1 - y) + lower * y))
        return found

    def box(self, row: int, column: int, view_height: int, view_width: int) -> Box:
        """The place of an item in pixels of the view, inside it."""
        rows, columns = self.mask.shape
        height, width = self.size[0] * view_height, self.size[1] * view_width
        y = (row + 0.5) / rows * view_height - height / 2
        x = (column + 0.5) / columns * view_width - width / 2
        top, left = min(max(round(y), 0), view_height - 1), min(max(round(x), 0), view_width - 1)
        low, right = min(round(y + height), view_height), min(round(x + width), view_width)
        return Box(left, top, max(right - left, 1), max(low - top, 1))

    def _likeness(self, items: Sequence[Floats]) -> Floats:
        """Cosine to the nearest known item, averaged over the trunks."""
        maps = [
            on_picture((values @ known.T).max(axis=-1), one.frame, one.stride, *self.mask.shape)
            for one, values, known in zip(self.features, self.windows, items, strict=True)
        ]
        return np.asarray(np.mean(maps, axis=0), np.float32)


def _by_trunk(looks: Sequence[Sequence[Floats]]) -> tuple[Floats, ...]:
    return tuple(np.stack(of_trunk) for of_trunk in zip(*looks, strict=True))


def _windows(features: Features, size: Size) -> Floats:
    """Mean of the features in a window around each cell, ``(rows, columns, C)`` of unit length."""
    grid, frame, stride = features.grid, features.frame, features.stride
    cells = (size[0] * frame.height / stride, size[1] * frame.width / stride)
    # Odd, so that a window has a cell in its middle.
    down, across = (2 * max(round((length - 1) / 2), 0) + 1 for length in cells)
    padded = np.pad(grid, ((down // 2 + 1, down // 2), (across // 2 + 1, across // 2), (0, 0)), mode="edge")
    total = padded.cumsum(axis=0, dtype=np.float32)
    total = total[down:] - total[:-down]
    total = total.cumsum(axis=1, dtype=np.float32)
    return unit(total[:, across:] - total[:, :-across])
