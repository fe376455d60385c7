"""Patches of the good parts, by part and trunk, and how near the patches of a picture come to them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from filo_core.errors import RecipeError
from filo_core.eyes.counting import KnownItems
from filo_core.eyes.features import unit
from filo_core.eyes.foreground import Foreground
from filo_core.eyes.part_words import KnownWords
from filo_core.eyes.residual_head import ResidualHead, ResidualSpread, residuals_of, spread_of_good
from filo_core.eyes.scoring import Spread, corrected, spread_of, standardised
from filo_core.eyes.search import PatchSearch
from filo_core.naming.region_features import Nearest
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.eyes.features import Features

    Floats = NDArray[np.float32]

    CountedCells = Callable[[Features], NDArray[np.bool_] | None]
    """Of what a trunk sees of a part: ``(rows, columns)``, true where it is looked at; None for everywhere."""

_NEIGHBOURHOOD = (3, 3)
_UNLIKE = 0.02
"""Cosine distance from which on a patch of a turned part says something new."""
_FILING = threading.Lock()
"""Of pictures that are judged at the same time one files the patches, and the others wait for it."""
_MOST_HELD = 20_000
"""Patches of good parts that tell how the trained head answers for them; more would say the same."""
_EMPTY = Sentence("No references set: call set_references() first, or add a good image to the product")


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """Patches of one part by one trunk."""

    patches: Floats
    """``(N, C)``, unit length; those of the picture as it is come first, row by row, then those of it turned."""
    density: Floats | None = None
    """``(N,)``: how far each is from its like in the other references; None until that was measured."""


@dataclass(frozen=True, slots=True)
class Found:
    """The stored patch that is nearest to another one."""

    key: str
    index: int
    distance: float


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """A good part that was held against the others."""

    cells: NDArray[np.int64]
    """Some of its patches, evenly spread,"""
    patches: Floats
    """what they are,"""
    nearest: Floats
    """and the patches of the others nearest to them."""
    distances: Floats
    """Of all of its patches, corrected."""
    counted: NDArray[np.int64]
    """Those of them that say how good parts vary."""


class PatchBank:
    """Patches of all references and of taught places, kept apart by name so that one can join or leave."""

    def __init__(self) -> None:
        self._parts: dict[str, tuple[Stored, ...]] = {}
        self._spreads: tuple[Spread, ...] | None = None
        self.foreground: Foreground | None = None
        """Where parts that lie anywhere are in their pictures; None where nothing tells them from their ground."""
        self._residuals = ResidualSpread(1.0)
        self.items: tuple[KnownItems, ...] = ()
        """What is counted, a drawn zone each that counts."""
        self.words: tuple[KnownWords | None, ...] = ()
        """A zone each that is looked at as a whole; None of too few parts."""
        self._searches: dict[int, PatchSearch] = {}
        self._places: dict[tuple[int, int, int], Floats | None] = {}

    def __len__(self) -> int:
        return len(self._parts)

    def add(self, key: str, trunks: Sequence[Floats]) -> None:
        """Store the patches of one part: ``(N, C)`` of unit length a trunk; the same name again replaces them."""
        added = {key: tuple(Stored(patches) for patches in trunks)}
        # By name: how many patches are searched, and so a score, must not depend on the order in which parts came.
        self._parts = dict(sorted((self._parts | added).items()))
        self._searches, self._places = {}, {}

    def add_turned(self, key: str, trunks: Sequence[Floats]) -> None:
        """Let patches of a stored part in another pose join it, as far as they are unlike what is stored of it.

        Most of what a turned picture shows is background, which is stored already; it would only cost time. Other
        parts are not asked: what is left out must not depend on a part that is held out later.

        Args:
            key: of the part.
            trunks: ``(N, C)`` of unit length a trunk.

        Raises:
            KeyError: if the part is not stored.
        """
        part = []
        for stored, patches in zip(self._parts[key], trunks, strict=True):
            away = PatchSearch([stored.patches]).nearest(patches)[0] if len(patches) else np.empty(0, np.float32)
            part.append(Stored(np.concatenate([stored.patches, patches[away > _UNLIKE]])))
        self._parts[key] = tuple(part)
        self._searches, self._places = {}, {}

    def remove(self, key: str) -> None:
        """Take one part out; what good parts show among each other stays as it was.

        Raises:
            KeyError: if it is not stored.
        """
        del self._parts[key]
        self._searches, self._places = {}, {}

    def without(self, key: str) -> PatchBank:
        """A bank that shares all patches but those of one reference and of places taught in it (``key@…``).

        It keeps what was measured, so that scores against it are on the same scale.
        """
        bank = PatchBank()
        bank._parts = {name: p for name, p in self._parts.items() if name != key and not name.startswith(f"{key}@")}
        bank._spreads, bank._residuals = self._spreads, self._residuals
        bank.foreground = self.foreground
        bank.items = tuple(items.without(key) for items in self.items)
        bank.words = tuple(words and words.without(key) for words in self.words)
        return bank

    def copy(self) -> PatchBank:
        """A bank that shares all patches and what was measured, to which others can be added."""
        bank = PatchBank()
        bank._parts, bank._spreads, bank._searches = dict(self._parts), self._spreads, dict(self._searches)
        bank.foreground, bank.items, bank.words = self.foreground, self.items, self.words
        bank._residuals = self._residuals
        return bank

    def to_arrays(self) -> dict[str, Floats]:
        """Everything in it by name, as :meth:`from_arrays` takes it."""
        arrays: dict[str, Floats] = {}
        for key, part in self._parts.items():
            for trunk, stored in enumerate(part):
                arrays[f"patches/{trunk}/{key}"] = stored.patches
                if stored.density is not None:
                    arrays[f"density/{trunk}/{key}"] = stored.density
        if self.foreground is not None:
            arrays["foreground"] = self.foreground.to_array()
        for number, items in enumerate(self.items):
            arrays |= {f"items/{number}/{name}": array for name, array in items.to_arrays().items()}
        for number, words in enumerate(self.words):
            # Of too few parts there is nothing but its place.
            arrays[f"words/{number}/"] = np.zeros(0, np.float32)
            arrays |= {f"words/{number}/{name}": array for name, array in (words.to_arrays() if words else {}).items()}
        spreads = [(spread.mean, spread.deviation) for spread in self._spreads or ()]
        residuals = (self._residuals.scale, self._residuals.mean, self._residuals.deviation)
        return arrays | {"spreads": np.array(spreads, np.float64), "residuals": np.array(residuals, np.float64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> PatchBank:
        """A bank from what :meth:`to_arrays` gave.

        Raises:
            KeyError: if something is missing.
            ValueError: if something is of another shape.
        """
        bank = cls()
        spreads = arrays["spreads"].reshape(-1, 2)
        trunks = range(len(spreads))
        for key in [name.split("/", 2)[2] for name in arrays if name.startswith("patches/0/")]:
            bank._parts[key] = tuple(
                Stored(arrays[f"patches/{trunk}/{key}"], arrays.get(f"density/{trunk}/{key}")) for trunk in trunks
            )
        if "foreground" in arrays:
            bank.foreground = Foreground.from_array(arrays["foreground"])
        counting = sorted({name.split("/", 2)[1] for name in arrays if name.startswith("items/")}, key=int)
        bank.items = tuple(KnownItems.from_arrays(_below(f"items/{number}/", arrays)) for number in counting)
        numbers = sorted({name.split("/", 2)[1] for name in arrays if name.startswith("words/")}, key=int)
        told = [_below(f"words/{number}/", arrays) for number in numbers]
        bank.words = tuple(KnownWords.from_arrays(one) if "words" in one else None for one in told)
        bank._spreads = tuple(Spread(float(mean), float(deviation)) for mean, deviation in spreads)
        scale, mean_answer, deviation = map(float, arrays["residuals"])
        bank._residuals = ResidualSpread(scale, mean_answer, deviation)
        return bank

    def measure(
        self,
        references: Sequence[tuple[str, Sequence[Features]]],
        head: ResidualHead | None = None,
        counted: CountedCells | None = None,
    ) -> None:
        """Hold the references against each other: densities of their patches, then the spread of each trunk.

        A single one is held against its own gentle variations, which come behind it under names of their own and are
        not stored.

        Args:
            references: name and features, a trunk each.
            head: whose answers for good parts are measured as well.
            counted: which cells of a part say how good parts vary; all of them without it.
        """
        trunks, by_name = range(len(references[0][1])), sorted(references, key=lambda reference: reference[0])
        held = [self._hold(trunk, by_name, counted) for trunk in trunks]
        self._spreads = tuple(
            spread_of(np.concatenate([one.distances[one.counted] for one in of_trunk])) for of_trunk in held
        )
        self._residuals = _residual_spread(held[0], self._spreads[0], head)

    @property
    def residual_scale(self) -> float:
        """Size of a difference between a patch of a good part and its nearest, in the channels of a trained head."""
        return self._residuals.scale

    def learned(self, head: ResidualHead, patches: Floats, standard: Floats, nearest: Nearest) -> Floats:
        """What a trained head says of each of ``(N, C)`` patches of the light trunk, in deviations among good parts.

        Args:
            head: the one that the references were measured with.
            patches: of a picture.
            standard: ``(N,)``, and
            nearest: what :meth:`matched` gave for them.
        """
        residuals = residuals_of(patches, nearest.at(np.arange(len(patches))))
        return head.deviations(residuals, standard, self._residuals)

    def standard_distances(self, trunk: int, patches: Floats) -> Floats:
        """Distance of each of ``(N, C)`` patches to the nearest stored one, in deviations among good parts.

        Raises:
            RecipeError: if the bank is empty, or nobody has measured it.
        """
        return self.matched(trunk, patches)[0]

    def matched(self, trunk: int, patches: Floats) -> tuple[Floats, Nearest]:
        """As :meth:`standard_distances`, and which stored patches those are.

        Raises:
            RecipeError: if the bank is empty, or nobody has measured it.
        """
        if not self._parts or self._spreads is None:
            raise RecipeError(_EMPTY)
        stored = [part[trunk] for part in self._parts.values()]
        with _FILING:
            if trunk not in self._searches:
                self._searches[trunk] = PatchSearch([one.patches for one in stored])
        distances, index = self._searches[trunk].nearest(patches)
        standard = standardised(corrected(distances, _densities(stored)[index]), self._spreads[trunk])
        return standard, Nearest([one.patches for one in stored], index)

    def place(self, trunk: int, rows: int, columns: int) -> Floats | None:
        """What good parts show at each place, in the mean: ``(rows, columns, C)`` of unit length.

        Taught places have none. None where no part has a grid of this size.
        """
        if (trunk, rows, columns) not in self._places:
            size = rows * columns
            own = [
                p[trunk].patches for key, p in self._parts.items() if "@" not in key and len(p[trunk].patches) == size
            ]
            mean = np.mean(own, axis=0, dtype=np.float32).reshape(rows, columns, -1) if own else None
            self._places[trunk, rows, columns] = None if mean is None else unit(mean)
        return self._places[trunk, rows, columns]

    def nearest(self, trunk: int, patch: Floats) -> Found:
        """The stored patch nearest to one ``(C,)`` patch.

        Raises:
            RecipeError: if the bank is empty.
        """
        if not self._parts:
            raise RecipeError(_EMPTY)
        found = []
        for key, part in self._parts.items():
            similar = part[trunk].patches @ patch
            index = int(similar.argmax())
            found.append(Found(key, index, max(1.0 - float(similar[index]), 0.0)))
        return min(found, key=lambda one: one.distance)

    def _hold(
        self, trunk: int, references: Sequence[tuple[str, Sequence[Features]]], counted: CountedCells | None
    ) -> list[_Held]:
        """Each reference against the others, once the densities of their patches are known."""
        own = [(key, features[trunk]) for key, features in references]
        stored = [self._parts[key][trunk].patches if key in self._parts else one.patches for key, one in own]
        away, like, nearest = [], [], []
        for number, patches in enumerate(stored):
            others = [other for at, other in enumerate(stored) if at != number]
            distances, index = PatchSearch(others).nearest(patches)
            away.append(distances)
            like.append(index)
            nearest.append(Nearest(others, index))
        masks = [counted(features) if counted is not None else None for _, features in own]
        away = [_evened(values, mask) for values, mask in zip(away, masks, strict=True)]
        densities = [_blurred(values, features) for values, (_, features) in zip(away, own, strict=True)]
        for (key, _), density in zip(own, densities, strict=True):
            if key in self._parts:
                part = list(self._parts[key])
                part[trunk] = replace(part[trunk], density=density)
                self._parts[key] = tuple(part)
        held = []
        for number, values in enumerate(away):
            of_others = np.concatenate([density for at, density in enumerate(densities) if at != number])
            # Of a part in another pose only what it is as it lies is what a line shows.
            count, mask = len(own[number][1].patches), masks[number]
            cells = np.arange(count) if mask is None else np.flatnonzero(mask)
            few = cells[:: max(1, len(cells) * len(own) // _MOST_HELD)]
            distances = corrected(values, of_others[like[number]])
            held.append(_Held(few, stored[number][few], nearest[number].at(few), distances[:count], cells))
        return held


def _below(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Those whose name begins so, by the rest of it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _residual_spread(held: Sequence[_Held], spread: Spread, head: ResidualHead | None) -> ResidualSpread:
    residuals = np.concatenate([residuals_of(one.patches, one.nearest) for one in held])
    standard = np.concatenate([standardised(one.distances[one.cells], spread) for one in held])
    return spread_of_good(residuals, standard, head)


def _densities(stored: Sequence[Stored]) -> Floats:
    """Of all stored patches in their order; a taught one, which has none of its own, gets the mean of the others."""
    measured = [one.density for one in stored if one.density is not None]
    usual = np.float32(np.concatenate(measured).mean()) if measured else np.float32(0.0)
    return np.concatenate(
        [np.full(len(one.patches), usual, np.float32) if one.density is None else one.density for one in stored]
    )


def _evened(values: Floats, mask: NDArray[np.bool_] | None) -> Floats:
    """Values of a part's patches; those that are not looked at get the mean of the others, as they are averaged in."""
    if mask is None or mask.all():
        return values
    count = mask.size
    own = values[:count]
    usual = np.float32(own[mask.ravel()].mean(dtype=np.float64))
    return np.concatenate([np.where(mask.ravel(), own, usual), values[count:]])


def _blurred(values: Floats, features: Features) -> Floats:
    """Values of a part's patches: those of the picture as it is averaged with their neighbours, the rest as it is."""
    count = len(features.patches)
    grid = values[:count].reshape(features.grid.shape[:2])
    return np.concatenate([np.asarray(cv2.blur(grid, _NEIGHBOURHOOD), np.float32).ravel(), values[count:]])
