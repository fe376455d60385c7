"""Indicative sensitivity: how large and strong a synthetic anomaly must be before the recipe finds it.

It speaks of drawings on these very good parts, nothing else, and every sentence says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from filo_core.calibration.synthetic import LARGEST_SHARE, SyntheticKind, draw, likely_part
from filo_core.errors import EvidenceError
from filo_core.events import StepDone
from filo_core.sentence import Sentence
from filo_core.statistics.rates import Interval, Rate, counted_rate
from filo_core.types import ProductKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from filo_core.method.interfaces import Detector
    from filo_core.types import Limits

SHARE_FOUND = 0.9
"""A size counts as found when it, and every larger one that was drawn, is found this often."""
CONTRASTS = (0.1, 0.3)
"""Change of the grey levels: barely and plainly visible."""
DRAWS = 20
"""Drawings a kind, size and contrast."""

_SIZE_SHARES = (1 / 48, 1 / 24, 1 / 12, 1 / 6, 1 / 3)

_MANY = {
    SyntheticKind.SCRATCH: Sentence("scratches"),
    SyntheticKind.SPOT: Sentence("spots"),
    SyntheticKind.STAIN: Sentence("stains"),
    SyntheticKind.MISSING_PATCH: Sentence("missing patches"),
}


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutPart:
    """A good part and a detector whose memory bank does not hold it: its own pixels would give every change away."""

    name: str
    pixels: NDArray[np.uint8]
    """``(H, W, 3)`` uint8 RGB."""
    detector: Detector


@dataclass(frozen=True, slots=True)
class SensitivityPoint:
    """How often one kind of synthetic anomaly was found at one size and contrast."""

    kind: SyntheticKind
    size_px: int
    contrast: float | None
    """None for kinds that are not graded."""
    found: Rate
    """With the Clopper-Pearson interval for drawings on these parts."""

    @property
    def drawn(self) -> str:
        """What was drawn, in words."""
        return Sentence("Synthetic {kinds} of {size} px drawn", kinds=_MANY[self.kind], size=self.size_px)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """All points, by kind, contrast and size. Synthetic, always."""

    points: tuple[SensitivityPoint, ...]
    parts: int
    """Good parts drawn on."""
    left_out: tuple[str, ...]
    """Good parts that these limits refuse as they are: anything drawn on them would seem to be found."""

    def smallest_found(
        self, kind: SyntheticKind, contrast: float | None, share: float = SHARE_FOUND
    ) -> SensitivityPoint | None:
        """The smallest size that is found at least this often, as is every larger one; None if there is none."""
        smallest = None
        points = [point for point in self.points if point.kind is kind and point.contrast == contrast]
        for point in sorted(points, key=lambda point: -point.size_px):
            if point.found.value < share:
                break
            smallest = point
        return smallest

    @property
    def sentences(self) -> tuple[str, ...]:
        """One sentence a kind and contrast."""
        grades = dict.fromkeys((point.kind, point.contrast) for point in self.points)
        return tuple(self._sentence(kind, contrast) for kind, contrast in grades)

    def _sentence(self, kind: SyntheticKind, contrast: float | None) -> str:
        kinds: str = _MANY[kind]
        if contrast is not None:
            kinds = Sentence("{kinds} of contrast {contrast:g}", kinds=kinds, contrast=contrast)
        said: dict[str, object] = {"kinds": kinds, "times": 10 * SHARE_FOUND, "parts": self.parts}
        point = self.smallest_found(kind, contrast)
        if point is not None:
            return Sentence(
                "Synthetic {kinds}: found {times:g} times in 10 from {size} px on ({found} there), drawn on {parts} "
                "good parts; real anomalies may be harder to find.",
                size=point.size_px,
                found=point.found.sentence,
                **said,
            )
        largest = max(
            (point for point in self.points if point.kind is kind and point.contrast == contrast),
            key=lambda point: point.size_px,
        )
        return Sentence(
            "Synthetic {kinds}: not found {times:g} times in 10 up to {size} px ({found} there), drawn on {parts} good "
            "parts; real anomalies may be harder to find.",
            size=largest.size_px,
            found=largest.found.sentence,
            **said,
        )


def default_sizes(pixels: NDArray[np.uint8]) -> tuple[int, ...]:
    """Rising sizes in px that suit a picture, from what is barely visible to a third of its shorter side."""
    side = min(pixels.shape[:2])
    return tuple(sorted({max(2, round(side * share)) for share in _SIZE_SHARES}))


def measure_sensitivity(
    parts: Sequence[HeldOutPart],
    limits: Limits,
    kinds: Sequence[SyntheticKind],
    *,
    product_kind: ProductKind = ProductKind.TEXTURE,
    sizes_px: Sequence[int] = (),
    contrasts: Sequence[float] = CONTRASTS,
    draws: int = DRAWS,
    seed: int = 0,
) -> Iterator[StepDone | Sensitivity]:
    """Draw and look: a step a size, :class:`Sensitivity` last. An anomaly is found when its image is not OK.

    Args:
        parts: good parts, each with a detector that does not know it.
        limits: limits to judge by.
        kinds: what to draw.
        product_kind: on an object, anomalies are drawn on the part and not beside it.
        sizes_px: sizes in pixels of the parts' pictures; :func:`default_sizes` of the smallest without any.
        contrasts: for the graded kinds.
        draws: drawings a kind, size and contrast, taken in turn from the parts.
        seed: chooses places and shapes; the same ones for every size and contrast.

    Raises:
        EvidenceError: if there are fewer than two parts, nothing to draw, or every part is refused as it is.
    """
    _check_wish(parts, kinds, draws)
    sizes = tuple(sorted(set(sizes_px))) or default_sizes(min((part.pixels for part in parts), key=lambda p: p.size))
    _check_sizes(parts, sizes)
    grades = _grades(kinds, contrasts)
    total = len(grades) * len(sizes) + 1
    passed = [part for part in parts if part.detector.predict(part.pixels).image_score <= limits.ok]
    yield StepDone(1, total, Sentence("Good parts judged as they are"))
    _check_passed(passed, parts)
    where = [likely_part(part.pixels) if product_kind is ProductKind.OBJECT else None for part in passed]
    points: list[SensitivityPoint] = []
    for kind, contrast in grades:
        for size_px in sizes:
            found = 0
            for number in range(draws):
                part, mask = passed[number % len(passed)], where[number % len(passed)]
                rng = np.random.default_rng((seed, list(SyntheticKind).index(kind), number))
                drawn = draw(part.pixels, kind, size_px, contrast or 1.0, rng, mask)
                found += part.detector.predict(drawn.pixels).image_score > limits.ok
            rate = counted_rate(found, draws, "drawings", Interval.CLOPPER_PEARSON)
            points.append(SensitivityPoint(kind, size_px, contrast, rate))
            yield StepDone(len(points) + 1, total, points[-1].drawn)
    left_out = tuple(part.name for part in parts if part not in passed)
    yield Sensitivity(tuple(points), len(passed), left_out)


def _check_wish(parts: Sequence[HeldOutPart], kinds: Sequence[SyntheticKind], draws: int) -> None:
    if len(parts) < 2:
        raise EvidenceError(
            "Sensitivity needs at least two good parts: one to draw on, and the others to compare it with. Add more."
        )
    if not kinds:
        raise EvidenceError("None of the product's anomaly types is of a kind that can be drawn.")
    if draws < 1:
        raise ValueError(f"at least one drawing is needed, got {draws}")


def _check_passed(passed: Sequence[HeldOutPart], parts: Sequence[HeldOutPart]) -> None:
    if not passed:
        raise EvidenceError(
            "All {count} good parts are refused as they are, so anything drawn on them would seem "
            "to be found. Calibrate first.",
            count=len(parts),
        )


def _grades(kinds: Sequence[SyntheticKind], contrasts: Sequence[float]) -> list[tuple[SyntheticKind, float | None]]:
    return [(kind, contrast) for kind in kinds for contrast in (contrasts if kind.graded else (None,))]


def _check_sizes(parts: Sequence[HeldOutPart], sizes: Sequence[int]) -> None:
    largest = int(LARGEST_SHARE * min(min(part.pixels.shape[:2]) for part in parts))
    if sizes[0] < 1 or sizes[-1] > largest:
        raise EvidenceError(
            "Anomalies of {first} to {last} px cannot be drawn on these pictures. Choose 1 to {largest} px.",
            first=sizes[0],
            last=sizes[-1],
            largest=largest,
        )
