"""Judging images under one recipe: one image, or a list of files as a stream of events."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import FiloError, UnreadableImageError
from filo_core.events import ImageInspected, ImageSkipped, RunCounts, RunEvent, RunFinished, RunStarted
from filo_core.imaging import changed_at, decode_image, hash_encoded, name_below, read_encoded
from filo_core.types import Inspection, Origin, Prediction, Recipe, SourceImage, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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
    try:
        prediction = detector.predict(image.pixels)
        problem = _unusable(prediction)
    except MemoryError:
        problem = "There was not enough memory to judge this image. Close other programs, or use a smaller image."
    except FiloError as error:
        problem = str(error)
    except (RuntimeError, ValueError, ArithmeticError) as error:
        # What torch and numpy raise on a picture they cannot take, a full graphics card included.
        problem = f"The model failed on this image ({_first_line(error)}). Judge it by eye, and report this."
    if problem:
        return _not_inspected(image.name, image.image_hash, recipe.content_hash, origin, started, problem)
    return Inspection(
        name=image.name,
        image_hash=image.image_hash,
        recipe_hash=recipe.content_hash,
        verdict=recipe.limits.verdict(prediction.image_score),
        origin=origin,
        inspected_at=datetime.now(UTC),
        seconds=time.perf_counter() - started,
        image=image,
        prediction=prediction,
    )


def inspect_images(
    paths: Sequence[Path],
    recipe: Recipe,
    detector: Detector,
    already_judged: Callable[[str], bool],
    origin: Origin = Origin.FOLDER,
    *,
    root: Path | None = None,
    left_out: Sequence[Path] = (),
) -> Iterator[RunEvent]:
    """Judge files in their order. RunStarted, then one event a file, then RunFinished with the totals.

    A file that cannot be read, and an image the detector fails on, get NOT_INSPECTED with the reason; the run goes
    on. A cancelled run ends without RunFinished.

    Args:
        paths: the files, each meant as an image.
        recipe: whose limits decide.
        detector: set up for that recipe.
        already_judged: asked with a file's image hash before it is decoded; True skips it. Asked again for every
            file, so that a second copy within one run is skipped as well once the first is recorded.
        origin: where the images came from.
        root: names are relative to this folder, with forward slashes; file names only when not given.
        left_out: files beside them that are not read; named in the first event and in the totals.
    """
    run_started = time.perf_counter()
    recipe_hash = recipe.content_hash
    unread = tuple(name_below(path, root) for path in left_out)
    yield RunStarted(total=len(paths), recipe_hash=recipe_hash, left_out=unread)
    counts = RunCounts(left_out=unread)
    unreadable: list[str] = []
    for index, path in enumerate(paths):
        name = name_below(path, root)
        started = time.perf_counter()
        image_hash = ""
        try:
            encoded = read_encoded(path, name)
            image_hash = hash_encoded(encoded)
            if already_judged(image_hash):
                counts = replace(counts, skipped=counts.skipped + 1)
                yield ImageSkipped(index, name, image_hash)
                continue
            image = decode_image(encoded, name, captured_at=changed_at(path))
        except UnreadableImageError as error:
            unreadable.append(name)
            inspection = _not_inspected(name, image_hash, recipe_hash, origin, started, str(error))
        else:
            inspection = judge(image, recipe, detector, origin, started)
        counts = counts.plus(inspection.verdict)
        yield ImageInspected(index, inspection)
    yield RunFinished(replace(counts, unreadable=tuple(unreadable)), time.perf_counter() - run_started)


def _not_inspected(
    name: str, image_hash: str, recipe_hash: str, origin: Origin, started: float, reason: str
) -> Inspection:
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
        return "The model gave no number for this image. Judge it by eye, and report this."
    return ""


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
