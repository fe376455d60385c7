"""What a product gains when its map learns from eight confirmed defects: others of the same category, before and after.

``python -m tools.learn_defects_study CATEGORY [CATEGORY ...] [--eyes "sharp 512+308"] [--draws 5]``: folders in MVTec
AD's layout. Four references and twelve other good parts; eight bad parts that the product found a region on are
confirmed with the regions as they were found. The figures are of all other test pictures, each draw confirming others.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from filo_core.benchmark.datasets import Category, load_category, read_mask
from filo_core.benchmark.metrics import image_auroc
from filo_core.calibration.evidence import ConfirmedPart
from filo_core.engine import Engine, load_engine
from filo_core.events import Calibrated, MapsTried
from filo_core.eyes.map_trial import LEAST_PARTS, MarkedPart
from filo_core.imaging import read_image
from filo_core.types import (
    AnomalyType,
    Box,
    Eyes,
    Limits,
    Prediction,
    ProductDescription,
    ProductDraft,
    Reference,
    SourceImage,
    eyes_from,
)
from tools.markdown import markdown_table, say

REFERENCES, GOOD = 4, 12
_SIDE = 128
"""Of the maps that pixels are counted on."""
HEADER = [
    "category", "chosen", "image AUROC before", "after", "pixel AUROC before", "after",
    "bad parts stopped before", "after", "good parts doubted before", "after",
]  # fmt: skip
_Row = tuple[float, float | None, float, float]


def main(categories: Sequence[Path], eyes: Eyes, draws: int) -> None:
    """A line a category."""
    engine = load_engine("compact", "cpu")
    say(markdown_table(HEADER, [_line(engine, load_category(path), eyes, draws) for path in categories]))


def _line(engine: Engine, category: Category, eyes: Eyes, draws: int) -> list[str]:
    study = _Study(engine, category, eyes)
    found = [study.draw(number) for number in range(draws)]
    chosen = [kind for kind, _, _ in found]
    said = ", ".join(f"{kind} {chosen.count(kind)}" for kind in dict.fromkeys(chosen))
    cells = [category.name, said]
    for place in range(4):
        for side in (False, True):
            values = [(after if side else before)[place] for _, before, after in found]
            known = [value for value in values if value is not None]
            cells.append(f"{100 * np.mean(known):.1f}" if known else "–")
    return cells


class _Study:
    """One category: what the usual map says of its test pictures, and what a learnt one does."""

    def __init__(self, engine: Engine, category: Category, eyes: Eyes) -> None:
        self._engine = engine
        goods = [read_image(path) for path in sorted(category.references)]
        step = max(1, len(goods) // REFERENCES)
        self._references = goods[::step][:REFERENCES]
        own = {image.image_hash for image in self._references}
        self._good = [image for image in goods if image.image_hash not in own][:GOOD]
        kept = tuple(Reference(image.image_hash, image.name) for image in self._references)
        description = ProductDescription(category.name, "part")
        self._draft = ProductDraft(description, (AnomalyType("defect"),), kept, eyes=eyes)
        self._tests = [(test, read_image(test.path)) for test in category.tests]
        self._limits = self._calibrated(self._draft)
        self._usual = self._judged(self._draft, self._limits)

    def draw(self, number: int) -> tuple[str, _Row, _Row]:
        """Learn from eight parts, and what came of the others: the map that was chosen, then figures of both."""
        found = [at for at, (test, _) in enumerate(self._tests) if test.anomalous and self._usual[at].regions]
        chosen = np.random.default_rng(number).permutation(found)[:LEAST_PARTS].tolist()
        bad = [MarkedPart(self._tests[at][1], _boxes(self._usual[at])) for at in chosen]
        recipe = self._draft.recipe(self._limits, self._engine.model_hash_for(self._draft.eyes))
        *_, tried = self._engine.try_maps(recipe, self._references, self._good, bad)
        assert isinstance(tried, MapsTried), "a trial ends with what it found"
        others = [at for at in range(len(self._tests)) if at not in chosen]
        before = self._figures(self._usual, self._limits, others)
        if tried.learned is None:
            return "none", before, before
        learned = replace(self._draft, learned_map=tried.learned)
        limits = self._calibrated(learned)
        return tried.learned.kind.name.lower(), before, self._figures(self._judged(learned, limits), limits, others)

    def _calibrated(self, draft: ProductDraft) -> Limits:
        good = [ConfirmedPart(image.name, image, image_hash=image.image_hash) for image in self._good]
        events = self._engine.calibrate(draft, self._references, good)
        return next(event.limits for event in events if isinstance(event, Calibrated))

    def _judged(self, draft: ProductDraft, limits: Limits) -> list[Prediction]:
        recipe = draft.recipe(limits, self._engine.model_hash_for(draft.eyes))
        detector = self._engine.detector(recipe, self._references)
        return [_small(detector.predict(image.pixels)) for _, image in self._tests]

    def _figures(self, predictions: Sequence[Prediction], limits: Limits, which: Sequence[int]) -> _Row:
        scores = [predictions[at].image_score for at in which]
        bad = np.array([self._tests[at][0].anomalous for at in which])
        stopped = np.array(scores) > limits.ok
        image = image_auroc(scores, bad.tolist()) or 0.5
        return image, self._pixels(predictions, which), float(stopped[bad].mean()), float(stopped[~bad].mean())

    def _pixels(self, predictions: Sequence[Prediction], which: Sequence[int]) -> float | None:
        shown = [at for at in which if not self._tests[at][0].anomalous or self._tests[at][0].mask is not None]
        truth = np.concatenate([_truth(self._tests[at][0].mask, self._tests[at][1]).ravel() for at in shown])
        maps = np.concatenate([predictions[at].anomaly_map.ravel() for at in shown])
        return image_auroc(maps.tolist(), truth.tolist()) if truth.any() else None


def _boxes(prediction: Prediction) -> tuple[Box, ...]:
    return tuple(region.box for region in sorted(prediction.regions, key=lambda region: -region.score))


def _small(prediction: Prediction) -> Prediction:
    small = cv2.resize(prediction.anomaly_map, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return replace(prediction, anomaly_map=np.asarray(small, np.float32))


def _truth(mask: Path | None, image: SourceImage) -> NDArray[np.bool_]:
    if mask is None:
        return np.zeros((_SIDE, _SIDE), bool)
    marked = read_mask(mask, image.size).astype(np.float32)
    return np.asarray(cv2.resize(marked, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) > 0.5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("categories", nargs="+", type=Path)
    parser.add_argument("--eyes", type=eyes_from, default=Eyes())
    parser.add_argument("--draws", type=int, default=5)
    given = parser.parse_args()
    main(given.categories, given.eyes, given.draws)
