"""Names that a product learns from what people decide: a prototype a type, calibrated shares, and what is like none.

A type's prototype is the mean of its examples. A region's distance to it is divided by what the mean of so few examples
is off by itself, so that a type with one example and one with ten are held to the same measure. Words say what a type
may be before anything was decided; each example makes them count less. A region that is like no prototype is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from filo_core.naming.examples import NOTHING_WRONG, NamedExample
from filo_core.naming.part_types import called, image_types
from filo_core.types import TOP_SHARES, Prediction, Region, Sight, TypeShare

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

UNLIKE = {Sight.FAST: 0.43, Sight.SHARP: 0.38}
"""Cosine to a prototype at which a region is as likely none of its kind: patches of noise come nearer in one of ten.

What has nothing to do with each other is less alike to two trunks together than to one.
"""
TEMPERATURE = 0.03
"""Squared distance that makes a type e times less likely, before there are decisions enough to find it."""
TEMPERATURES = (0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.13, 0.17)
ENOUGH = 20
"""Examples from which the temperature is found by leaving each part out."""
_HELD = 4.0
"""What it costs to leave the usual temperature by a factor of e, in the surprise of so many examples."""
_PRIOR_EXAMPLES = 1.0
"""Examples that halve what words say of a type."""
_LEAST_PRIOR = 1e-3


@dataclass(frozen=True, slots=True)
class HeldOutName:
    """An example, and what would have been said of it without its part."""

    name: str
    shares: tuple[TypeShare, ...]

    @property
    def named(self) -> str:
        """What it would have been called."""
        return called(self.shares)[0]


class LearnedNames:
    """What a product's decided regions teach; costs one small product a region.

    Args:
        examples: regions that were decided, in any order.
        space: that their embeddings, and those of regions to be named, lie in.
        refused: types that are switched off: nothing is called so any more.
        sight: kind of eyes that the space is of.
    """

    def __init__(
        self,
        examples: Iterable[NamedExample],
        space: str,
        refused: Iterable[str] = (),
        sight: Sight = Sight.SHARP,
    ) -> None:
        self._unlike = UNLIKE[sight]
        off = {*refused, NOTHING_WRONG}
        self.space = space
        self._all = [example for example in examples if example.name not in off]
        self.names = tuple(sorted({example.name for example in self._all}))
        self._places = {name: place for place, name in enumerate(self.names)}
        self._sums, self._counts = self._summed(self._all)
        self.temperature = TEMPERATURE
        self._left_out: tuple[HeldOutName, ...] | None = None
        self._own: list[tuple[Floats, float]] | None = None
        if len(self._all) >= ENOUGH and len(self.names) > 1:
            self.temperature = self._calibrated()

    @property
    def examples(self) -> int:
        """Decided regions that it was learnt from."""
        return len(self._all)

    def shares(self, embedding: NDArray[np.float32], prior: Sequence[TypeShare] = ()) -> tuple[TypeShare, ...]:
        """Every type with its share, best first; what is left of 1 is none of these.

        Args:
            embedding: of a region, of unit length, in the same space.
            prior: what words say of it, best first, as far as they say something.
        """
        vector = np.asarray(embedding, np.float64)
        evidence, none = self._evidence(vector, self._sums, self._counts)
        return self._ranked(evidence, none, {one.name: one.share for one in prior}, self.temperature)

    def named(self, region: Region) -> Region:
        """The region with the name and shares that were learnt; as it is where it has no embedding.

        Where the drawn region that it lies in has a list of its own, no other name is given.
        """
        if region.embedding is None or not self._all:
            return region
        ranked = self.shares(region.embedding, region.type_shares)
        if region.listed:
            ranked = tuple(one for one in ranked if one.name in region.listed)
        name, share = called(ranked)
        broad = None if share else region.broad
        return replace(region, anomaly_type=name, type_confidence=share, type_shares=ranked[:TOP_SHARES], broad=broad)

    def applied(self, prediction: Prediction) -> Prediction:
        """A prediction with learnt names; score, map and regions stay as they are."""
        if not self._all or prediction.embedding_space != self.space:
            return prediction
        regions = tuple(self.named(region) for region in prediction.regions)
        return replace(
            prediction,
            regions=regions,
            anomaly_types=image_types(regions) or self._of_peak(prediction) or prediction.anomaly_types,
            examples=self.examples,
        )

    def _of_peak(self, prediction: Prediction) -> tuple[TypeShare, ...]:
        if prediction.regions or prediction.peak_embedding is None:
            return ()
        return self.shares(prediction.peak_embedding, prediction.anomaly_types)

    def left_out(self) -> tuple[HeldOutName, ...]:
        """What each example would have been called by the others: no region of its own picture among them."""
        if self._left_out is None:
            self._left_out = tuple(
                HeldOutName(example.name, self._ranked(evidence, none, {}, self.temperature))
                for example, (evidence, none) in zip(self._all, self._without_own_part(), strict=True)
            )
        return self._left_out

    def _without_own_part(self) -> list[tuple[Floats, float]]:
        """Evidence for each example from those of other parts alone."""
        if self._own is None:
            parts: dict[str, list[NamedExample]] = {}
            for example in self._all:
                parts.setdefault(example.part, []).append(example)
            found: dict[int, tuple[Floats, float]] = {}
            for together in parts.values():
                sums, counts = self._summed(together)
                for example in together:
                    vector = np.asarray(example.embedding, np.float64)
                    found[id(example)] = self._evidence(vector, self._sums - sums, self._counts - counts)
            self._own = [found[id(example)] for example in self._all]
        return self._own

    def _calibrated(self) -> float:
        """The temperature under which the names that people gave were likeliest, held near the usual one."""
        places = [self._places[example.name] for example in self._all]

        def cost(temperature: float) -> float:
            surprise = 0.0
            for place, (away, none) in zip(places, self._without_own_part(), strict=True):
                if not np.isfinite(away[place]):
                    continue
                distances = np.append(away, none)
                logits = (distances.min() - distances) / temperature
                surprise -= float(logits[place] - np.log(np.exp(logits).sum()))
            return surprise + _HELD * float(np.log(temperature / TEMPERATURE)) ** 2

        return min(TEMPERATURES, key=cost)

    def _summed(self, examples: Sequence[NamedExample]) -> tuple[Floats, Floats]:
        width = len(self._all[0].embedding) if self._all else 0
        sums, counts = np.zeros((len(self.names), width)), np.zeros(len(self.names))
        for example in examples:
            place = self._places[example.name]
            sums[place] += example.embedding
            counts[place] += 1
        return sums, counts

    def _evidence(self, vector: Floats, sums: Floats, counts: Floats) -> tuple[Floats, float]:
        """``(names,)`` squared distance to each prototype, infinite without one, and that of a region like none."""
        known = np.maximum(counts, 1.0)
        means = sums / known[:, None]
        lengths = np.linalg.norm(means, axis=1)
        off = 1.0 + 1.0 / known
        away = np.where(counts > 0, (1.0 + lengths**2 - 2.0 * means @ vector) / off, np.inf)
        if not len(away) or not np.isfinite(away).any():
            return away, 0.0
        best = int(away.argmin())
        return away, float((1.0 + lengths[best] ** 2 - 2.0 * self._unlike * lengths[best]) / off[best])

    def _ranked(
        self, away: Floats, none: float, prior: Mapping[str, float], temperature: float
    ) -> tuple[TypeShare, ...]:
        names = [*self.names, *(name for name in prior if name not in self._places)]
        # A type that words alone know is as near as what is like none; one that nobody knows is out.
        known = [
            none if not np.isfinite(one) and name in prior else one for name, one in zip(self.names, away, strict=True)
        ]
        distances = np.append(known, np.full(len(names) - len(away) + 1, none))
        logits = -distances / temperature + (self._words(names, prior) if prior else 0.0)
        weights = np.exp(logits - logits.max())
        # Nobody is surer than so few examples allow: the next may be the first of another kind (rule of succession).
        shares = np.minimum(weights[:-1] / weights.sum(), 1.0 - 1.0 / (self.examples + 2.0))
        order = np.argsort(-shares, kind="stable")
        return tuple(TypeShare(names[place], float(shares[place])) for place in order)

    def _words(self, names: Sequence[str], prior: Mapping[str, float]) -> Floats:
        """Logits that words give each type and, at the end, none of these; less the more examples there are."""
        rest = max(1.0 - sum(prior.values()), 0.0) / (1 + sum(name not in prior for name in names))
        said = np.array([*(prior.get(name, rest) for name in names), rest])
        counts = np.array([*(self._counts[self._places[n]] if n in self._places else 0 for n in names), self.examples])
        logs = np.log(np.maximum(said, _LEAST_PRIOR))
        return np.asarray(logs * _PRIOR_EXAMPLES / (_PRIOR_EXAMPLES + counts), np.float64)
