"""Promised against realised false-reject rate on real good parts, for ``docs/calibration.md``."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from filo_core.benchmark.datasets import Category, find_categories
from filo_core.benchmark.measuring import chosen
from filo_core.calibration.conformal import GoodParts, lowest_promise, split_limit
from filo_core.engine import Engine, load_engine
from filo_core.eyes.detector import EyesDetector
from filo_core.imaging import read_image
from filo_core.statistics.rates import Interval, counted_rate
from filo_core.types import Limits, ProductDescription, ProductDraft, Reference, SourceImage
from tools.markdown import markdown_table, percent_number, say

if TYPE_CHECKING:
    from filo_core.eyes.features import Features

REAL_REFERENCES = 8
REAL_SEEDS = 5
"""Draws of the references."""

_REAL = """Profile `{profile}`, {trained}, model {model}. {references} references (half of the good parts where
there are fewer than twice as many), {seeds} seeds, limit at the lowest promise. *Held out* are the other
pictures of `train/good`: from the same process as the references, so the promise applies. `test/good`
may come from another day; where its rate is higher, that is drift and no broken promise. Split conformal
calibrates on one half of the held-out pictures and is judged on the other. In brackets: the 95 %
interval for that many different pictures. A promise is a mean over calibrations, so single rows may lie
above it; rows whose interval does not reach down to it are worth a look."""


def real_section(data: Path, seeds: int = REAL_SEEDS, names: Sequence[str] = ()) -> str:
    """Promised against realised on the good parts of categories below a folder.

    Args:
        data: the folder.
        seeds: draws of the references.
        names: parts of names of the categories to take; all without.
    """
    engine = load_engine()
    rows = []
    for category in find_categories(data):
        if names and not any(name in category.name for name in names):
            continue
        if len(category.references) < REAL_REFERENCES:
            say(f"{category.name} left out: {len(category.references)} good parts are too few to divide")
            continue
        say(f"real category: {category.name}")
        with _looked_at_once():
            rows.append(_real_row(engine, category, seeds))
    trained = "trained" if engine.trained else "untrained (seeded weights)"
    text = _REAL.format(
        profile=engine.profile,
        trained=trained,
        model=engine.model_hash[:12],
        references=REAL_REFERENCES,
        seeds=seeds,
    )
    header = (
        "category",
        "good, held out",
        "jackknife+ promised ≤ %",
        "realised %",
        "realised on test/good %",
        "split parts",
        "split promised ≤ %",
        "realised %",
    )
    return f"{text}\n\n{markdown_table(header, rows)}"


@contextmanager
def _looked_at_once() -> Iterator[None]:
    """What the trunks see of a picture is remembered: the seeds judge the same pictures with other references."""
    seen: dict[str, list[Features]] = {}
    look = EyesDetector._look

    def remembered(detector: EyesDetector, view: NDArray[np.uint8]) -> list[Features]:
        key = hashlib.sha256(view.tobytes()).hexdigest()
        if key not in seen:
            seen[key] = look(detector, view)
        return seen[key]

    with patch.object(EyesDetector, "_look", remembered):
        yield


def _real_row(engine: Engine, category: Category, seeds: int) -> tuple[object, ...]:
    # A category with few good parts gives fewer references, so that some are left to be judged.
    count = min(REAL_REFERENCES, len(category.references) // 2)
    images = {path: read_image(path) for path in category.references}
    tests = [read_image(test.path).pixels for test in category.tests if not test.anomalous]
    refused: list[float] = []
    refused_tests: list[float] = []
    refused_split: list[float] = []
    promise = split_promise = split_parts = 0.0
    for seed in range(seeds):
        order = chosen(category.references, category.root, seed, None)
        loo, outside, fresh = _real_scores(engine, category, [images[path] for path in order], count, tests)
        limit = GoodParts(loo).limit()
        promise = limit.promise
        refused.append(statistics.fmean(score > limit.limit for score in outside))
        refused_tests.append(statistics.fmean(score > limit.limit for score in fresh))
        half = len(outside) // 2
        split = split_limit(outside[:half], lowest_promise(half))
        split_parts, split_promise = half, split.promise
        refused_split.append(statistics.fmean(score > split.limit for score in outside[half:]))
    return (
        category.name,
        len(images) - count,
        percent_number(promise),
        _spread_over_pictures(refused, len(images) - count),
        _spread_over_pictures(refused_tests, len(tests)),
        split_parts,
        percent_number(split_promise),
        _spread_over_pictures(refused_split, len(images) - count - int(split_parts)),
    )


def _real_scores(
    engine: Engine, category: Category, images: Sequence[SourceImage], count: int, tests: Sequence[NDArray[np.uint8]]
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Leave-one-out scores of the first ``count`` images, scores of the other ones, and of the test images."""
    references = images[:count]
    draft = ProductDraft(
        ProductDescription(category.name, "part"),
        references=tuple(Reference(image.image_hash, image.name) for image in references),
        profile=engine.profile,
    )
    detector = engine.detector(draft.recipe(Limits(1.0, 1.0, 1.0), engine.model_hash), references)
    bank = detector.memory_bank
    left_out = [detector.predict_against(image.pixels, bank.without(image.image_hash)) for image in references]
    return (
        tuple(prediction.image_score for prediction in left_out),
        tuple(detector.predict(image.pixels).image_score for image in images[count:]),
        tuple(detector.predict(pixels).image_score for pixels in tests),
    )


def _spread_over_pictures(rates: Sequence[float], pictures: int) -> str:
    # The seeds judge the same pictures again and again: they steady the mean, they are no new evidence.
    mean = statistics.fmean(rates)
    rate = counted_rate(round(mean * pictures), pictures, "pictures", Interval.CLOPPER_PEARSON)
    return f"{100 * mean:.1f} ({100 * rate.lower:.0f}–{100 * rate.upper:.0f})"
