"""Real good parts as another day would show them: darker, turned, out of focus. For ``docs/calibration.md``."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from filo_core.benchmark.datasets import Category, find_categories
from filo_core.benchmark.measuring import chosen
from filo_core.calibration.guard import Guard
from filo_core.calibration.session_guard import session_rate
from filo_core.engine import Engine, load_engine
from filo_core.events import Calibrated
from filo_core.imaging import read_image
from filo_core.types import Eyes, ProductDescription, ProductDraft, Reference, Sight, Verdict
from tools.markdown import markdown_table, percent_number, say

Picture = NDArray[np.uint8]

REFERENCES, SHOWN, LEAST_LEFT = 8, 8, 10
EYES = Eyes(Sight.FAST, 256)


_TEXT = """Categories with {references} references and at least 18 more good parts, profile `compact`, eyes `{eyes}`,
model {model}. {shown} other good parts are shown as another session: as they are, darker by a fifth, turned by 3
degrees, and blurred (Gaussian, one 200th of the shorter side). *Refused* is the mean share of all remaining good parts,
seen likewise, that lie above the limit the promise is about; the other columns are as in the table before."""


def shifts() -> dict[str, Callable[[Picture], Picture]]:
    """What another day does to a picture, ``(H, W, 3)`` uint8 RGB."""
    return {
        "none": lambda pixels: pixels,
        "darker by a fifth": lambda pixels: (pixels * 0.8).astype(np.uint8),
        "turned by 3 degrees": _turned,
        "out of focus": _blurred,
    }


def real_sessions(data: Path) -> str:
    """Stated against refused for every category below a folder that has enough good parts."""
    engine = load_engine("compact", "cpu")
    found: dict[str, list[tuple[Guard, float, int]]] = {name: [] for name in shifts()}
    for category in find_categories(data):
        good = [test.path for test in category.tests if not test.anomalous]
        if (
            len(category.references) + len(good) < REFERENCES + SHOWN + LEAST_LEFT
            or len(category.references) < REFERENCES
        ):
            continue
        say(f"sessions of {category.name}")
        for name, seen in _of_category(engine, category, good).items():
            found[name].append(seen)
    rows = [_row(name, seen) for name, seen in found.items()]
    header = ("shift", "categories", "refused %", "test speaks up in", "stated %", "stated no less than refused in")
    text = _TEXT.format(eyes=EYES.words, model=engine.model_hash_for(EYES)[:12], references=REFERENCES, shown=SHOWN)
    return f"{text}\n\n{markdown_table(header, rows)}"


def _row(name: str, seen: list[tuple[Guard, float, int]]) -> tuple[object, ...]:
    stated = [guard.stated or 0.0 for guard, _, _ in seen]
    true = [refused for _, refused, _ in seen]
    kept = sum(one >= other for one, other in zip(stated, true, strict=True))
    spoke = sum(bool(guard.exceeded) for guard, _, _ in seen)
    means = percent_number(statistics.fmean(true)), percent_number(statistics.fmean(stated))
    return name, len(seen), means[0], f"{spoke} of {len(seen)}", means[1], f"{kept} of {len(seen)}"


def _of_category(engine: Engine, category: Category, good: list[Path]) -> dict[str, tuple[Guard, float, int]]:
    order = chosen(category.references, category.root, 0, None)
    images = [read_image(path) for path in (*order, *good)]
    references, others = images[:REFERENCES], images[REFERENCES:]
    draft = ProductDraft(
        ProductDescription(category.name, "part"),
        references=tuple(Reference(image.image_hash, image.name) for image in references),
        eyes=EYES,
    )
    *_, found = engine.calibrate(draft, references)
    assert isinstance(found, Calibrated)
    detector = engine.detector(draft.recipe(found.limits, found.model_hash), references)
    answers = {}
    for name, shift in shifts().items():
        scores = [detector.predict(shift(image.pixels)).image_score for image in others]
        rate = session_rate(name, scores[:SHOWN], found.limits, found.promise, found.refused_as)
        limit = found.limits.ng if found.refused_as is Verdict.NG else found.limits.ok
        left = scores[SHOWN:]
        refused = sum(score > limit for score in left) / len(left)
        answers[name] = Guard(found.promise, found.refused_as, (), (rate,)), refused, len(left)
    return answers


def _turned(pixels: Picture) -> Picture:
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 3.0, 1.0)
    return np.asarray(cv2.warpAffine(pixels, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _blurred(pixels: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), min(pixels.shape[:2]) / 200), np.uint8)
