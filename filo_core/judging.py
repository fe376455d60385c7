"""The recipe's verdict on one image, wherever the image came from."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from filo_core.codes import with_codes
from filo_core.errors import FiloError
from filo_core.imaging.quality import quality_of
from filo_core.method.sighting import seen_of
from filo_core.sentence import Sentence, sentences
from filo_core.types import Inspection, Limits, Origin, Prediction, Recipe, SourceImage, Verdict, ZoneScore

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.fixture import Placement
    from filo_core.method.interfaces import Detector


def judge(image: SourceImage, recipe: Recipe, detector: Detector, origin: Origin, started: float) -> Inspection:
    """The recipe's verdict on one image; NOT_INSPECTED, with the reason, where the detector gives no answer.

    Args:
        image: what to judge.
        recipe: whose limits decide.
        detector: set up for that recipe.
        origin: where the image came from.
        started: ``time.perf_counter()`` when decoding began; ``seconds`` counts from there.
    """
    prediction, problem = ask(detector, image.pixels)
    return decide(image, prediction, problem, recipe, origin, started)


def ask(detector: Detector, pixels: NDArray[np.uint8]) -> tuple[Prediction | None, str]:
    """What the detector says of ``(H, W, 3)`` uint8 RGB, or None and the sentence that says why there is nothing."""
    try:
        prediction = detector.predict(pixels)
    except MemoryError:
        problem = Sentence(
            "There was not enough memory to judge this image. Close other programs, or use a smaller image."
        )
    except FiloError as error:
        problem = error.sentence
    except (RuntimeError, ValueError, ArithmeticError) as error:
        # What torch and numpy raise on a picture they cannot take, a full graphics card included.
        problem = Sentence(
            "The model failed on this image ({error}). Judge it by eye, and report this.", error=_first_line(error)
        )
    else:
        unusable = _unusable(prediction)
        return (None, unusable) if unusable else (prediction, "")
    return None, problem


def decide(
    image: SourceImage, prediction: Prediction | None, problem: str, recipe: Recipe, origin: Origin, started: float
) -> Inspection:
    """The verdict of an answer of :func:`ask` under the recipe's limits and its codes; else as :func:`judge`."""
    placement = prediction.placement if prediction is not None else None
    problem = problem or picture_problem(image.pixels, recipe, placement)
    if prediction is None or problem:
        decided = not_inspected(image.name, image.image_hash, recipe.content_hash, origin, started, problem)
        if prediction is not None or recipe.fixture is not None:
            # A picture that was not fit to be judged, or that shows no part, is kept: a person wants to see why.
            decided = replace(decided, image=image)
    else:
        decided = Inspection(
            name=image.name,
            image_hash=image.image_hash,
            recipe_hash=recipe.content_hash,
            verdict=recipe.limits.verdict(prediction.image_score),
            origin=origin,
            inspected_at=datetime.now(UTC),
            seconds=time.perf_counter() - started,
            image=image,
            prediction=prediction,
            reason=decided_by(prediction, recipe.limits),
        )
    return with_codes(decided, image.pixels, recipe, placement)


def picture_problem(pixels: NDArray[np.uint8], recipe: Recipe, placement: Placement | None = None) -> str:
    """Why a picture is too blurred, dark or bright to be judged under a recipe; empty where it is not, or may be.

    Raises:
        PartNotFoundError: if the recipe's fixture is not in it, and ``placement`` does not say where it is.
    """
    limits = recipe.picture_limits
    return "" if limits is None else limits.problem(quality_of(seen_of(recipe, pixels, placement)))


def decided_by(prediction: Prediction, limits: Limits) -> str:
    """Which of the drawn regions made a part doubtful or NG, as a sentence; empty where none was drawn, or all are OK.

    The worst decides, so it comes first; others above the limit follow. Where items are counted the number is said, of
    what is looked at as a whole what there is too little or too much of.
    """
    above = _above(prediction, limits)
    if not above:
        return ""
    counts = [_count_of(zone) for zone in above if zone.counted is not None or zone.words is not None]
    names = [zone.name for zone in above]
    if len(counts) == len(above):
        return sentences(*counts)
    others = Sentence(", then {names}", names=", ".join(names[1:])) if len(names) > 1 else ""
    return sentences(Sentence("Region {names} decided{others}.", names=names[0], others=others), *counts)


def _count_of(zone: ZoneScore) -> Sentence:
    if zone.counted is not None:
        return Sentence("{count} in region {name}.", count=zone.counted.sentence, name=zone.name)
    words = zone.words.sentence if zone.words is not None else ""
    if not words:
        return Sentence("Region {name}, as a whole, is unlike the good parts.", name=zone.name)
    return Sentence("Region {name}, as a whole, has {words}.", name=zone.name, words=words)


def worst_zone(prediction: Prediction, limits: Limits) -> ZoneScore | None:
    """What the drawn region came to that made a part doubtful or NG; None as for :func:`decided_by`."""
    return next(iter(_above(prediction, limits)), None)


def _above(prediction: Prediction, limits: Limits) -> list[ZoneScore]:
    """The drawn regions that are not OK, the worst first."""
    above = [zone for zone in prediction.zones if zone.name and limits.verdict(zone.score) is not Verdict.OK]
    return sorted(above, key=lambda zone: zone.score, reverse=True)


def not_inspected(
    name: str, image_hash: str, recipe_hash: str, origin: Origin, started: float, reason: str
) -> Inspection:
    """What becomes of an image without an answer; ``started`` and the rest as for :func:`judge`."""
    return Inspection(
        name=name,
        image_hash=image_hash,
        recipe_hash=recipe_hash,
        verdict=Verdict.NOT_INSPECTED,
        origin=origin,
        inspected_at=datetime.now(UTC),
        seconds=time.perf_counter() - started,
        reason=reason,
    )


def _unusable(prediction: Prediction) -> str:
    """Why a prediction must not become a verdict: a comparison with NaN is false, whatever the limit."""
    if not np.isfinite(prediction.image_score) or not np.isfinite(prediction.anomaly_map).all():
        return Sentence("The model gave no number for this image. Judge it by eye, and report this.")
    return ""


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
