"""Judges the golden set: the recipe answers for parts of which the truth is known."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from filo_core.errors import EvidenceError
from filo_core.events import StepDone
from filo_core.golden_set import GoldenAnswer, GoldenChecked
from filo_core.judging import judge
from filo_core.sentence import Sentence
from filo_core.types import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from filo_core.golden_set import GoldenPart
    from filo_core.method.interfaces import Detector
    from filo_core.types import Recipe, SourceImage


def check_golden_set(
    parts: Sequence[GoldenPart], read: Callable[[GoldenPart], SourceImage], recipe: Recipe, detector: Detector
) -> Iterator[StepDone | GoldenChecked]:
    """A step a part, :class:`~filo_core.golden_set.GoldenChecked` last.

    Args:
        parts: what is known.
        read: gives the image of a part.
        recipe: whose limits decide.
        detector: set up for that recipe.

    Raises:
        EvidenceError: without a part.
        StorageError: from ``read``, if an image is missing.
    """
    if not parts:
        raise EvidenceError(
            "{product} has no golden set yet. Add known good and bad parts to it first.", product=recipe.product
        )
    answers = []
    for number, part in enumerate(parts, start=1):
        inspection = judge(read(part), recipe, detector, Origin.SINGLE, time.perf_counter())
        score = inspection.prediction.image_score if inspection.prediction else None
        answers.append(GoldenAnswer(part, inspection.verdict, score))
        yield StepDone(number, len(parts), Sentence("{name} judged", name=part.name))
    yield GoldenChecked(tuple(answers), recipe.content_hash)
