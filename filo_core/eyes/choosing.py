"""Which eyes suit a product: a trial on its good parts, on drawings on them, and on bad parts where some were shown.

A part is held out, so that it is looked at as a stranger is, and small faint anomalies are drawn on it. Of at most
eight candidates the cheapest is chosen that tells bad from good as well as the best one, within a margin.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from filo_core.calibration.synthetic import SyntheticKind, draw, likely_part
from filo_core.errors import EvidenceError
from filo_core.events import EyesChosen, StepDone, TriedEyes
from filo_core.types import Eyes, ProductKind, Sight

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.loaded_model import RecipeDetector
    from filo_core.types import SourceImage

SHARP = (
    Eyes(Sight.SHARP, 256, 224),
    Eyes(Sight.SHARP, 384, 336),
    Eyes(Sight.SHARP, 512, 336),
    Eyes(Sight.SHARP, 768, 336),
    Eyes(Sight.SHARP, 512, 448),
)
FAST = tuple(Eyes(Sight.FAST, side) for side in (256, 384, 512, 768))
"""Candidates of each kind, the cheaper ones first."""
MARGIN = 0.02
"""How much less of the pairs of a good and a bad part a cheaper candidate may tell apart."""
_PARTS = 4
_DRAWS = 2
_SIZE_SHARES = (1 / 32, 1 / 12)
_CONTRAST = 0.25
_SEED = 20


def candidates_for(sight: Sight) -> tuple[Eyes, ...]:
    """What is tried for a kind of eyes, the cheaper ones first."""
    return SHARP if sight is Sight.SHARP else FAST


def cheapest_that_suits(candidates: Sequence[TriedEyes]) -> Eyes:
    """The first, which is the cheapest, that is within :data:`MARGIN` of the best."""
    best = max(candidate.separation for candidate in candidates)
    return next(candidate.eyes for candidate in candidates if candidate.separation >= best - MARGIN)


def try_eyes(
    candidates: Sequence[Eyes],
    detector_of: Callable[[Eyes], RecipeDetector],
    references: Sequence[SourceImage],
    bad: Sequence[NDArray[np.uint8]] = (),
    product_kind: ProductKind = ProductKind.TEXTURE,
) -> Iterator[StepDone | EyesChosen]:
    """Try each candidate: a step each, :class:`EyesChosen` last.

    Args:
        candidates: the cheaper ones first; at most eight.
        detector_of: a detector with these eyes whose memory bank holds the references.
        references: two or more.
        bad: pictures of bad parts, ``(H, W, 3)`` uint8 RGB.
        product_kind: on an object, anomalies are drawn on the part and not beside it.

    Raises:
        EvidenceError: if there are fewer than two references.
    """
    if len(references) < 2:
        raise EvidenceError("Choosing the eyes needs two good images: one to draw on, and one to compare it with.")
    drawn = [_drawings(part.pixels, number, product_kind) for number, part in enumerate(references[:_PARTS])]
    tried: list[TriedEyes] = []
    for number, eyes in enumerate(candidates, start=1):
        tried.append(_tried(eyes, detector_of(eyes), references[:_PARTS], drawn, bad))
        yield StepDone(number, len(candidates), f"Tried {eyes.words}")
    yield EyesChosen(tuple(tried), cheapest_that_suits(tried), len(bad))


def _tried(
    eyes: Eyes,
    detector: RecipeDetector,
    references: Sequence[SourceImage],
    drawn: Sequence[Sequence[NDArray[np.uint8]]],
    bad: Sequence[NDArray[np.uint8]],
) -> TriedEyes:
    good: list[float] = []
    worse: list[float] = []
    seconds: list[float] = []
    for part, pictures in zip(references, drawn, strict=True):
        bank = detector.memory_bank.without(part.image_hash)
        for place, pixels in enumerate((part.pixels, *pictures)):
            prediction = detector.predict_against(pixels, bank)
            (worse if place else good).append(prediction.image_score)
            seconds.append(sum(prediction.stage_seconds.values()))
    shares = [_told_apart(good, worse)]
    if bad:
        # What was seen weighs as much as all that was drawn.
        shares.append(_told_apart(good, [detector.predict(pixels).image_score for pixels in bad]))
    return TriedEyes(eyes, statistics.mean(shares), statistics.median(seconds))


def _told_apart(good: Sequence[float], bad: Sequence[float]) -> float:
    """Share of pairs in which the bad one is higher; a tie is half a pair."""
    higher = np.subtract.outer(np.asarray(bad), np.asarray(good))
    return float((higher > 0).mean() + 0.5 * (higher == 0).mean())


def _drawings(pixels: NDArray[np.uint8], number: int, product_kind: ProductKind) -> list[NDArray[np.uint8]]:
    where = likely_part(pixels) if product_kind is ProductKind.OBJECT else None
    shorter = min(pixels.shape[:2])
    pictures = []
    for kind_number, kind in enumerate(SyntheticKind):
        for turn in range(_DRAWS):
            rng = np.random.default_rng((_SEED, number, kind_number, turn))
            size = max(2, round(shorter * _SIZE_SHARES[turn % len(_SIZE_SHARES)]))
            pictures.append(draw(pixels, kind, size, _CONTRAST, rng, where).pixels)
    return pictures
