"""Which eyes suit a product: a trial on its good parts, on drawings on them, and on bad parts where some were shown.

A part is held out, so that it is looked at as a stranger is, and small faint anomalies are drawn on it. What counts is
how many places of the undrawn part look worse than the drawn one: a score of the whole part says nothing where the part
itself varies more than the anomaly, and says all of everything where it does not. Of at most eight candidates the
cheapest is chosen for which at most twice as many good places look worse as for the best one.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.calibration.synthetic import Drawn, SyntheticKind, draw, likely_part
from filo_core.errors import EvidenceError
from filo_core.events import EyesChosen, StepDone, TriedEyes
from filo_core.sentence import Sentence
from filo_core.types import Eyes, ProductKind, Sight

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.loaded_model import RecipeDetector
    from filo_core.types import SourceImage

SHARP = (
    Eyes(Sight.SHARP, 256, 224),
    Eyes(Sight.SHARP, 384, 308),
    Eyes(Sight.SHARP, 512, 308),
    Eyes(Sight.SHARP, 768, 308),
    Eyes(Sight.SHARP, 512, 448),
)
FAST = tuple(Eyes(Sight.FAST, side) for side in (256, 384, 512, 768))
"""Candidates of each kind, the cheaper ones first."""
_TILED_PX = 1536
LARGE_PX = 1500
"""Side of a square as large as a picture from which on tiles are a candidate, and smaller anomalies are drawn."""
MOST_WORSE = 2.0
"""How many times as many good places may look worse with a cheaper candidate as with the best one."""
ENOUGH = 0.001
"""Share of worse places below which nothing is gained: a score is the mean of three places in a thousand."""
_LARGEST_GROWTH = 4
"""A picture is not blown up to more than so many times its side: its pixels say no more."""
_PARTS = 3
_SIZES = ((1 / 80, 0.25), (1 / 32, 0.25), (1 / 12, 0.15))
"""Of what is drawn, in units of the picture's shorter side, and their contrasts: the larger ones are fainter."""
_SIZES_OF_LARGE = ((1 / 250, 0.25), (1 / 80, 0.25), (1 / 32, 0.15))
_SEED = 20
_AROUND = np.ones((3, 3), np.uint8)
_LEAST_PLACES = 0.5
"""Where no good place looks worse, half of one is reckoned: what nobody saw may be there."""


def is_large(pixels: NDArray[np.uint8]) -> bool:
    """Whether a ``(H, W, 3)`` picture has so many pixels that looking at it in tiles may gain something."""
    return int(pixels.shape[0] * pixels.shape[1]) >= LARGE_PX**2


def candidates_for(sight: Sight, pictures: Sequence[NDArray[np.uint8]]) -> tuple[Eyes, ...]:
    """What is tried for a kind of eyes, the cheaper ones first.

    Args:
        sight: the kind.
        pictures: of good parts, ``(H, W, 3)`` each, one or more.
    """
    usual = SHARP if sight is Sight.SHARP else FAST
    side = max(math.sqrt(pixels.shape[0] * pixels.shape[1]) for pixels in pictures)
    tiled = (Eyes(sight, _TILED_PX),) if any(map(is_large, pictures)) else ()
    return tuple(eyes for eyes in (*usual, *tiled) if eyes.light_px <= _LARGEST_GROWTH * side) or usual[:1]


def cheapest_that_suits(candidates: Sequence[TriedEyes]) -> Eyes:
    """The first, which is the cheapest, with at most :data:`MOST_WORSE` times the worse places of the best one."""
    fewest = max(ENOUGH, min(1.0 - candidate.separation for candidate in candidates))
    return next(c.eyes for c in candidates if 1.0 - c.separation <= MOST_WORSE * fewest + 1e-9)


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
    parts = references[:_PARTS]
    drawn = [_drawings(part.pixels, number, product_kind) for number, part in enumerate(parts)]
    tried: list[TriedEyes] = []
    for number, eyes in enumerate(candidates, start=1):
        tried.append(_tried(eyes, detector_of(eyes), parts, drawn, bad))
        yield StepDone(number, len(candidates), Sentence("Tried {eyes}", eyes=eyes.words))
    yield EyesChosen(tuple(tried), cheapest_that_suits(tried), len(bad))


def _tried(
    eyes: Eyes,
    detector: RecipeDetector,
    references: Sequence[SourceImage],
    drawn: Sequence[Sequence[Drawn]],
    bad: Sequence[NDArray[np.uint8]],
) -> TriedEyes:
    good: list[NDArray[np.float32]] = []
    worse: list[float] = []
    seconds: list[float] = []
    for part, drawings in zip(references, drawn, strict=True):
        bank = detector.memory_bank.without(part.image_hash)
        undrawn = detector.predict_against(part.pixels, bank)
        good.append(undrawn.anomaly_map)
        seconds.append(sum(undrawn.stage_seconds.values()))
        for drawing in drawings:
            prediction = detector.predict_against(drawing.pixels, bank)
            seconds.append(sum(prediction.stage_seconds.values()))
            worse.append(_share_above([undrawn.anomaly_map], _highest(prediction.anomaly_map, drawing.mask)))
    shares = [_typical(worse)]
    if bad:
        # What was seen weighs as much as all that was drawn.
        seen = [float(detector.predict(pixels).anomaly_map.max()) for pixels in bad]
        shares.append(_typical([_share_above(good, highest) for highest in seen]))
    return TriedEyes(eyes, 1.0 - _typical(shares), statistics.median(seconds))


def _highest(anomaly_map: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """The map's highest value where something was drawn, and right beside it."""
    height, width = anomaly_map.shape
    share = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    touched = cv2.dilate((share > 0).astype(np.uint8), _AROUND) > 0
    return float(anomaly_map[touched].max())


def _share_above(good: Sequence[NDArray[np.float32]], value: float) -> float:
    """Share of the places of good parts with more than ``value``, never quite none."""
    places = sum(one.size for one in good)
    above = sum(int((one > value).sum()) for one in good)
    return max(above, _LEAST_PLACES) / places


def _typical(shares: Sequence[float]) -> float:
    """Geometric mean: a tenth of the worse places counts alike wherever it begins."""
    return math.exp(statistics.fmean(math.log(share) for share in shares))


def _drawings(pixels: NDArray[np.uint8], number: int, product_kind: ProductKind) -> list[Drawn]:
    where = likely_part(pixels) if product_kind is ProductKind.OBJECT else None
    shorter = min(pixels.shape[:2])
    found = []
    for kind_number, kind in enumerate(SyntheticKind):
        for size_number, (share, contrast) in enumerate(_SIZES_OF_LARGE if is_large(pixels) else _SIZES):
            rng = np.random.default_rng((_SEED, number, kind_number, size_number))
            found.append(draw(pixels, kind, max(2, round(shorter * share)), contrast, rng, where))
    return found
