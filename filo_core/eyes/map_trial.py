"""Whether a product's map tells bad parts apart better once it learnt from those that people confirmed.

Three other maps are tried beside the usual one: each trunk alone, and the usual one with what is like a known defect
added. Each confirmed part is judged without what it taught itself, each reference without itself in the memory bank. A
map is chosen only where the confirmed parts stand farther above the good ones in all likelihood.

Not every place that was found on a bad part is its defect. What a place taught counts only where it recurs: other bad
parts must show the like of it, and good parts must not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from filo_core.calibration.limits import doubt_limit
from filo_core.errors import EvidenceError
from filo_core.events import MapsTried, StepDone, TriedMap
from filo_core.eyes.known_defects import (
    MOST_DIRECTIONS,
    TrunkHead,
    TrunkView,
    directions_of,
    map_of,
    measured,
    whitened,
)
from filo_core.learned_map import LearnedMap, MapKind
from filo_core.zones import log_odds

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from filo_core.eyes.detector import EyesDetector
    from filo_core.types import Box, SourceImage

LEAST_PARTS = 8
"""Confirmed bad parts that a map is learnt from: fewer cannot show that it is better."""
LEAST_GOOD = 2
CHANCE = 0.05
"""Of a map that is no better to be chosen, all three that are tried taken together; by a sign test."""
LEAST_GAIN = 0.05
"""By how much the weakest quarter of the bad parts has to stand higher, in log-odds of the score."""
_OTHERS = (MapKind.LIGHT, MapKind.DEEP, MapKind.KNOWN)
"""Maps that could be chosen."""

RECURS = 0.85
"""Share of pairs of another bad part and a good one in which the bad one shows more of what a place taught."""
_PLACES = 3
"""Of a part: those that stand out most."""
_ANSWERING = 3
"""Patches of a part whose answers say how much of a direction it shows."""


@dataclass(frozen=True, slots=True, eq=False)
class MarkedPart:
    """A bad part that a person confirmed, and the places where it was found to be."""

    image: SourceImage
    boxes: tuple[Box, ...]
    """In pixels of the image; one or more, those that stand out most first."""


@dataclass(frozen=True, slots=True)
class _Scores:
    kind: MapKind
    good: list[float]
    bad: list[float]


class _Known:
    """What the places of confirmed parts teach, a direction each, and how much of each every part shows.

    Args:
        good: views of good parts, a trunk each.
        bad: the same of confirmed parts, with their places.
    """

    def __init__(self, good: Sequence[Sequence[TrunkView]], bad: Sequence[Sequence[TrunkView]]) -> None:
        self._trunks = range(len(good[0]))
        self._places = [(part, place) for part, views in enumerate(bad) for place in range(len(views[0].marked))]
        self.residuals = [[views[trunk].residual for views in good] for trunk in self._trunks]
        self._vectors = [
            whitened(np.stack([bad[part][trunk].defect(place) for part, place in self._places]), self.residuals[trunk])
            for trunk in self._trunks
        ]
        self._noise = [self._spread(trunk) for trunk in self._trunks]
        seen = [[self._shown(views, trunk) for views in (*good, *bad)] for trunk in self._trunks]
        shown = np.sum(seen, axis=0)
        self._good, self._bad = shown[: len(good)], shown[len(good) :]

    def recurring(self, parts: Collection[int]) -> list[int]:
        """Directions that places of these parts taught, as far as others of these parts show them; the surest first."""
        sure = {
            number: _apart(self._bad[[other for other in parts if other != part], number], self._good[:, number])
            for number, (part, _) in enumerate(self._places)
            if part in parts
        }
        kept = sorted((number for number in sure if sure[number] >= RECURS), key=lambda number: -sure[number])
        return kept[:MOST_DIRECTIONS]

    def heads(self, directions: Sequence[int]) -> list[TrunkHead]:
        """A head a trunk of these directions."""
        own = zip(self._vectors, self.residuals, strict=True)
        return [measured(vectors[list(directions)], residuals) for vectors, residuals in own]

    def _shown(self, views: Sequence[TrunkView], trunk: int) -> NDArray[np.float32]:
        """``(directions,)``: the largest answers of a part, in deviations among good parts."""
        residual = views[trunk].residual
        answers = residual.reshape(-1, residual.shape[-1]) @ self._vectors[trunk].T
        count = min(_ANSWERING, len(answers))
        best = np.partition(answers, -count, axis=0)[-count:].mean(axis=0)
        centre, spread = self._noise[trunk]
        return np.asarray((best - centre) / spread, np.float32)

    def _spread(self, trunk: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What good parts answer to each direction: mean and deviation."""
        flat = [one.reshape(-1, one.shape[-1]) @ self._vectors[trunk].T for one in self.residuals[trunk]]
        answers = np.concatenate(flat)
        return answers.mean(axis=0), np.maximum(answers.std(axis=0), np.float32(1e-6))


def try_maps(
    detector: EyesDetector, references: Sequence[SourceImage], good: Sequence[SourceImage], bad: Sequence[MarkedPart]
) -> Iterator[StepDone | MapsTried]:
    """Try each map: a step a part, :class:`MapsTried` last. Nothing is changed.

    Args:
        detector: of the usual map, its memory bank filled.
        references: the parts in it.
        good: other good parts.
        bad: confirmed parts, each picture once.

    Raises:
        EvidenceError: for fewer than :data:`LEAST_PARTS` bad or :data:`LEAST_GOOD` good parts.
    """
    if len(bad) < LEAST_PARTS or len(references) + len(good) < LEAST_GOOD:
        raise EvidenceError(
            "A map is learnt from {least_parts} bad parts and {least_good} good ones; there are "
            "{count} and {references}.",
            least_parts=LEAST_PARTS,
            least_good=LEAST_GOOD,
            count=len(bad),
            references=len(references) + len(good),
        )
    total, seen_good, seen_bad = len(references) + len(good) + len(bad), [], []
    for image in references:
        bank = detector.memory_bank.without(image.image_hash) if len(references) > 1 else detector.memory_bank
        seen_good.append(detector.trunk_views(image.pixels, (), bank))
        yield StepDone(len(seen_good), total, image.name)
    for image in good:
        seen_good.append(detector.trunk_views(image.pixels))
        yield StepDone(len(seen_good), total, image.name)
    for part in bad:
        seen_bad.append(detector.trunk_views(part.image.pixels, part.boxes[:_PLACES]))
        yield StepDone(len(seen_good) + len(seen_bad), total, part.image.name)
    yield _chosen(detector, seen_good, seen_bad, [part.image.image_hash for part in bad])


def _chosen(
    detector: EyesDetector, good: list[list[TrunkView]], bad: list[list[TrunkView]], hashes: Sequence[str]
) -> MapsTried:
    kinds = [MapKind.USUAL, *((MapKind.LIGHT, MapKind.DEEP) if len(good[0]) > 1 else ())]
    scores = [_plain(detector, kind, good, bad) for kind in kinds]
    known = _Known(good, bad)
    kept = known.recurring(range(len(bad)))
    if kept:
        scores.append(_with_known(detector, known, good, bad))
    tried = tuple(_tried(one, scores[0]) for one in scores)
    best = max((one for one in tried if one.clear), key=lambda one: one.weakest, default=None)
    learned = None
    if best is not None:
        heads = known.heads(kept) if best.kind is MapKind.KNOWN else []
        trunks = tuple(directions_of(head) for head in heads)
        learned = LearnedMap(best.kind, detector.recipe.model_hash, tuple(sorted(hashes)), trunks)
    return MapsTried(tried, learned, len(bad), len(good))


def _with_known(
    detector: EyesDetector, known: _Known, good: Sequence[Sequence[TrunkView]], bad: Sequence[Sequence[TrunkView]]
) -> _Scores:
    """Good parts by the heads as they would be kept, each bad part by those that the other ones alone would give."""

    def score(views: Sequence[TrunkView], heads: Sequence[TrunkHead]) -> float:
        if not heads:
            return detector.score_of(map_of(MapKind.USUAL, views))
        answers = [head.answers(view.residual) for view, head in zip(views, heads, strict=True)]
        return detector.score_of(map_of(MapKind.KNOWN, views, answers))

    parts = range(len(bad))
    found = []
    for number, views in enumerate(bad):
        others = known.recurring([part for part in parts if part != number])
        found.append(score(views, known.heads(others) if others else ()))
    final = known.heads(known.recurring(parts))
    return _Scores(MapKind.KNOWN, [score(views, final) for views in good], found)


def _plain(
    detector: EyesDetector, kind: MapKind, good: Sequence[Sequence[TrunkView]], bad: Sequence[Sequence[TrunkView]]
) -> _Scores:
    def score(views: Sequence[TrunkView]) -> float:
        return detector.score_of(map_of(kind, views))

    return _Scores(kind, [score(views) for views in good], [score(views) for views in bad])


def _tried(scores: _Scores, usual: _Scores) -> TriedMap:
    above, before = _standing(scores), _standing(usual)
    quarter = max(1, len(above) // 4)
    weakest, was = (float(np.sort(one)[:quarter].mean()) for one in (above, before))
    apart, apart_before = _told_apart(scores), _told_apart(usual)
    missed = int((above <= 0.0).sum())
    clear = (
        scores.kind is not MapKind.USUAL
        and _by_chance(int((above > before).sum()), len(above)) * len(_OTHERS) <= CHANCE
        and weakest - was >= LEAST_GAIN
        and missed <= int((before <= 0.0).sum())
        and apart >= apart_before
    )
    return TriedMap(scores.kind, apart, missed, weakest, int((above > before).sum()), clear)


def _standing(scores: _Scores) -> NDArray[np.float64]:
    """How far each bad part stands above where doubt about good ones ends, in log-odds of the score."""
    return np.array([log_odds(score) for score in scores.bad]) - log_odds(doubt_limit(scores.good))


def _told_apart(scores: _Scores) -> float:
    return _apart(np.asarray(scores.bad), np.asarray(scores.good))


def _apart(bad: NDArray[np.floating], good: NDArray[np.floating]) -> float:
    """Share of pairs in which the bad one is higher; a tie is half a pair."""
    higher = np.subtract.outer(bad, good)
    return float((higher > 0).mean() + 0.5 * (higher == 0).mean())


def _by_chance(higher: int, count: int) -> float:
    """Probability that so many or more of ``count`` stand higher where each does by chance alone."""
    return sum(math.comb(count, number) for number in range(higher, count + 1)) / 2.0**count
