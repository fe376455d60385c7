"""A part as a whole: how much it has of each kind of patch that good parts have, whatever lies where.

Patches of the good parts are sorted into a vocabulary by k-means, and a part is the histogram of its words. How far it
lies from the good ones is Mahalanobis' distance; a handful of parts says little of how words vary together, so the
covariance is shrunk as Ledoit and Wolf (2004, "A well-conditioned estimator for large-dimensional covariance
matrices", J. Multivariate Anal. 88) have it. Histograms of words for what is missing or too many: Sivic and Zisserman
(2003) for search; Bergmann et al. (2022, "Beyond dents and scratches") for why a map of patches alone misses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from filo_core.eyes.features import unit
from filo_core.types import Box, ZoneScore
from filo_core.whole_part import LEAST_PARTS, WordOff, WordsFound

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.eyes.counting import MaskOf
    from filo_core.eyes.features import Features
    from filo_core.method.sighting import Sighting
    from filo_core.zones import Point

    Floats = NDArray[np.float32]

WORDS = 32
_SOFTNESS = 0.05
"""Difference of two cosines that makes one word e times likelier than the other."""
_MOST_PATCHES = 2000
"""That the vocabulary is found from; more would say the same."""
_ROUNDS = 15
_HALF = 4.0
"""Squared distance a word at which the score is one half."""
_TOLD = 2
"""Words of each kind that are told,"""
_LEAST_SHARE = 0.1
"""of those that make so much of the distance,"""
_LEAST_PATCHES = 1.0
"""and differ by so many patches."""
_MOST_PLACES = 24
_RIDGE = 1e-9


@dataclass(frozen=True, eq=False)
class KnownWords:
    """Words of good parts, and how much of each every one of them has."""

    trunk: int
    """Whose patches."""
    words: Floats
    """``(k, C)`` of unit length."""
    places: Floats
    """``(k, 2)``: down and across in fractions of the view, where good parts show each in the mean."""
    by_part: Mapping[str, Floats]
    """``(k,)``: root of its share of each part's patches."""
    left_out: Mapping[str, KnownWords]
    """Those of all parts but one, by its name: words that know a part would tell how far it lies from itself."""

    def without(self, key: str) -> KnownWords:
        """Those of all parts but one; these very ones where it is none of them."""
        return self.left_out.get(key, self)

    @cached_property
    def spread(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean of the histograms ``(k,)``, and the inverse of their shrunk covariance ``(k, k)``."""
        # Takes a second to import, and most products never ask.
        from sklearn.covariance import ledoit_wolf

        own = np.stack([self.by_part[key] for key in sorted(self.by_part)]).astype(np.float64)
        covariance, _ = ledoit_wolf(own)
        return own.mean(axis=0), np.linalg.inv(covariance + _RIDGE * np.eye(len(covariance)))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Everything in it by name, as :meth:`from_arrays` takes it."""
        own: dict[str, NDArray[Any]] = {f"part/{key}": one for key, one in self.by_part.items()}
        for key, others in self.left_out.items():
            own |= {f"without/{key}/{name}": array for name, array in others.to_arrays().items()}
        return own | {"trunk": np.array(self.trunk), "words": self.words, "places": self.places}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> KnownWords:
        """What :meth:`to_arrays` gave.

        Raises:
            KeyError: if something is missing.
        """
        parts, folds = _below("part/", arrays), _below("without/", arrays)
        left_out = {key: cls.from_arrays(_below(f"{key}/", folds)) for key in parts if f"{key}/words" in folds}
        return cls(int(arrays["trunk"]), arrays["words"], arrays["places"], parts, left_out)


def known_words(parts: Sequence[tuple[str, Sequence[Features]]], trunk: int, mask_of: MaskOf) -> KnownWords | None:
    """The words of good parts; None of fewer than :data:`~filo_core.whole_part.LEAST_PARTS`.

    Args:
        parts: good parts by name, with what each trunk sees.
        trunk: whose patches are sorted, by its place among them.
        mask_of: which cells are looked at.
    """
    if len(parts) < LEAST_PARTS:
        return None
    seen = {key: _patches(features[trunk], mask_of) for key, features in sorted(parts, key=lambda part: part[0])}
    left_out = {key: _words_of(trunk, {name: own for name, own in seen.items() if name != key}) for key in seen}
    return replace(_words_of(trunk, seen), left_out=left_out)


def _words_of(trunk: int, seen: Mapping[str, tuple[Floats, Floats]]) -> KnownWords:
    words = _vocabulary(np.concatenate([patches for patches, _ in seen.values()]))
    shares = {key: _shares(patches, words) for key, (patches, _) in seen.items()}
    total = np.sum([own.sum(axis=0) for own in shares.values()], axis=0)
    moments = np.sum([shares[key].T @ places for key, (_, places) in seen.items()], axis=0)
    places = np.asarray(moments / np.maximum(total, _RIDGE)[:, None], np.float32)
    return KnownWords(trunk, words, places, {key: _histogram(own) for key, own in shares.items()}, {})


def zone_words(
    name: str, known: KnownWords, features: Sequence[Features], mask_of: MaskOf, sight: Sighting
) -> ZoneScore:
    """What a zone that is looked at as a whole comes to in one picture.

    Args:
        name: of the zone.
        known: words of the good parts.
        features: what each trunk sees of the view.
        mask_of: which cells are looked at.
        sight: what is looked at of the picture.
    """
    one = features[known.trunk]
    patches, places = _patches(one, mask_of)
    shares = _shares(patches, known.words)
    histogram = _histogram(shares)
    mean, precision = known.spread
    away = histogram - mean
    parts = away * (precision @ away)
    squared = max(float(parts.sum()), 0.0) / len(parts)
    score = squared / (squared + _HALF)
    found, usual = len(patches) * histogram.astype(np.float64) ** 2, len(patches) * mean**2
    told = [
        int(word)
        for word in np.argsort(-parts)
        if parts[word] >= _LEAST_SHARE * parts.sum() and abs(found[word] - usual[word]) >= _LEAST_PATCHES
    ]
    few = [word for word in told if found[word] < usual[word]][:_TOLD]
    many = [word for word in told if found[word] >= usual[word]][:_TOLD]
    words = tuple(
        WordOff((float(known.places[w, 1]), float(known.places[w, 0])), float(usual[w]), float(found[w]))
        for w in (*few, *many)
    )
    marked = np.isin(shares.argmax(axis=1), many)
    surplus = _boxes(places[marked], one, sight) if marked.any() else ()
    return ZoneScore(name, score, 0.0, words=WordsFound(name, score, words, surplus))


def _below(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _patches(features: Features, mask_of: MaskOf) -> tuple[Floats, Floats]:
    """Patches that are looked at, ``(n, C)``, and the middle of each, ``(n, 2)`` in fractions of the view."""
    frame, stride = features.frame, features.stride
    rows, columns = frame.shown(stride)
    row, column = np.nonzero(mask_of(rows, columns))
    places = np.stack(((row + 0.5) * stride / frame.height, (column + 0.5) * stride / frame.width), axis=1)
    return features.grid[row, column], np.asarray(places.clip(0.0, 1.0), np.float32)


def _vocabulary(patches: Floats) -> Floats:
    from sklearn.cluster import KMeans

    some = patches[:: -(-len(patches) // _MOST_PATCHES)]
    # The very same words from the very same parts: a score must not depend on chance.
    found = KMeans(min(WORDS, len(some)), n_init=1, max_iter=_ROUNDS, random_state=0).fit(some)
    return unit(np.asarray(found.cluster_centers_, np.float32))


def _shares(patches: Floats, words: Floats) -> Floats:
    """How much each patch is each word, ``(n, k)``; a row adds up to 1."""
    like = patches @ words.T
    risen = np.exp((like - like.max(axis=1, keepdims=True)) / np.float32(_SOFTNESS))
    return np.asarray(risen / risen.sum(axis=1, keepdims=True), np.float32)


def _histogram(shares: Floats) -> Floats:
    # Roots, so that a word of few patches may vary as a word of many may (Hellinger's distance).
    return np.asarray(np.sqrt(shares.mean(axis=0, dtype=np.float64)), np.float32)


def _boxes(places: Floats, features: Features, sight: Sighting) -> tuple[tuple[Point, Point], ...]:
    """Corners of boxes around patches that lie together, in fractions of the picture, the largest first."""
    stride, frame = features.stride, features.frame
    rows, columns = frame.shown(stride)
    cells = np.zeros((rows, columns), np.uint8)
    row, column = (places * (frame.height, frame.width) / stride).astype(int).T
    cells[row.clip(0, rows - 1), column.clip(0, columns - 1)] = 1
    _, _, found, _ = cv2.connectedComponentsWithStats(cells, connectivity=4)
    height, width = sight.view.shape[:2]
    y, x = stride / frame.height * height, stride / frame.width * width
    boxes = []
    for left, top, across, down, _ in sorted(found[1:].tolist(), key=lambda one: -one[4])[:_MOST_PLACES]:
        x0, y0 = min(round(left * x), width - 1), min(round(top * y), height - 1)
        x1, y1 = min(round((left + across) * x), width), min(round((top + down) * y), height)
        box = sight.to_picture(Box(x0, y0, max(x1 - x0, 1), max(y1 - y0, 1)))
        (wide, high), right, low = sight.size, box.x + box.width, box.y + box.height
        boxes.append(((box.x / wide, box.y / high), (right / wide, low / high)))
    return tuple(boxes)
