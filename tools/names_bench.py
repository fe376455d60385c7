"""How well a product names its own defects after 1, 3, 5 and 10 confirmed examples a type.

``python -m tools.names_bench CATEGORY… [--eyes "sharp 512+308"]``: folders in MVTec AD's layout with masks and two or
more kinds of defects. Four references; 20 draws of the examples, with the region under the true mask. Others are named
under their true mask, then by the region that was found there. *First place* is the best type, whether it is sure
enough or not; *named* is what a person would see, so that an unknown counts as wrong. Both are balanced over the types.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filo_core.benchmark.datasets import Category, load_category, read_mask
from filo_core.engine import Engine, load_engine
from filo_core.events import Calibrated
from filo_core.eyes.detector import EyesDetector
from filo_core.imaging import read_image
from filo_core.naming.examples import NamedExample
from filo_core.naming.part_types import called
from filo_core.naming.prototypes import LearnedNames
from filo_core.types import (
    UNKNOWN_TYPE,
    AnomalyType,
    Eyes,
    Prediction,
    ProductDescription,
    ProductDraft,
    Reference,
    Sight,
    TypeShare,
    eyes_from,
)
from tools.markdown import markdown_table, say

SHOTS, DRAWS, COUNTS, NOISE = 4, 20, (1, 3, 5, 10), 40
Embedding = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Defect:
    """A bad part: its kind, what it looks like under its true mask, and as it was found; None where nothing was."""

    kind: str
    true: Embedding
    found: Embedding | None


@dataclass(slots=True)
class Looked:
    """What the detector saw of a category."""

    sight: Sight
    defects: list[Defect] = field(default_factory=list)
    noise: list[Embedding] = field(default_factory=list)
    good: list[Embedding] = field(default_factory=list)
    """Regions that were found on good parts."""


def main() -> None:
    """Print a table a category."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("category", nargs="+", type=Path)
    parser.add_argument("--eyes", type=eyes_from, default=Eyes())
    wanted = parser.parse_args()
    engine = load_engine("compact", "cpu")
    for path in wanted.category:
        category = load_category(path)
        looked = look(engine, category, wanted.eyes)
        kinds = sorted({defect.kind for defect in looked.defects})
        counted = ", ".join(f"{kind} {sum(one.kind == kind for one in looked.defects)}" for kind in kinds)
        found = sum(defect.found is not None for defect in looked.defects)
        say(f"{category.name}, {wanted.eyes.words}: {counted}; {found} of {len(looked.defects)} found")
        say(markdown_table(HEADER, [row(looked, kinds, count) for count in COUNTS]))
        say(f"Chance {100 / len(kinds):.0f} %. Noise: {len(looked.noise)} patches of it on good parts.")


HEADER = [
    "examples a type", "first place, true mask", "named, true mask", "first place, found", "named, found",
    "right where named", "noise named", "good parts' regions named", "calibration error",
]  # fmt: skip


def look(engine: Engine, category: Category, eyes: Eyes, seed: int = 0) -> Looked:
    """Look at every defect with a mask, at noise on good parts, and at what is found on those."""
    detector = detector_of(engine, category, eyes, seed)
    looked = Looked(eyes.sight)
    chance = np.random.default_rng(seed)
    good = [test for test in category.tests if not test.anomalous]
    for test in category.tests:
        picture = read_image(test.path)
        if test.mask is None:
            found = () if test.anomalous else detector.predict(picture.pixels).regions
            looked.good += [one.embedding for one in found if one.embedding is not None]
            continue
        mask = read_mask(test.mask, picture.size)
        prediction = detector.predict(picture.pixels)
        looked.defects.append(Defect(test.defect, detector.embedding(picture.pixels, mask), _found(prediction, mask)))
    for number in range(NOISE if good else 0):
        pixels, mask = noisy(read_image(good[number % len(good)].path).pixels, chance)
        looked.noise.append(detector.embedding(pixels, mask))
    return looked


def detector_of(engine: Engine, category: Category, eyes: Eyes, seed: int) -> EyesDetector:
    """Of four references, with the limits that they carry."""
    chosen = random.Random(seed).sample(sorted(category.references), min(SHOTS, len(category.references)))
    references = [read_image(path) for path in chosen]
    kept = tuple(Reference(image.image_hash, image.name) for image in references)
    draft = ProductDraft(ProductDescription(category.name, "part"), (AnomalyType("defect"),), kept, eyes=eyes)
    limits = next(e.limits for e in engine.calibrate(draft, references) if isinstance(e, Calibrated))
    detector = engine.detector(draft.recipe(limits, engine.model_hash_for(eyes)), references)
    assert isinstance(detector, EyesDetector), "a profile of trunks"
    return detector


def noisy(pixels: NDArray[np.uint8], chance: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The picture with a rectangle of noise somewhere, and where."""
    height, width = pixels.shape[:2]
    across, down = (int(chance.integers(side // 20, side // 6 + 1)) + 1 for side in (width, height))
    x, y = int(chance.integers(0, width - across)), int(chance.integers(0, height - down))
    spoiled, mask = pixels.copy(), np.zeros((height, width), bool)
    spoiled[y : y + down, x : x + across] = chance.integers(0, 256, (down, across, 3), dtype=np.uint8)
    mask[y : y + down, x : x + across] = True
    return spoiled, mask


def row(looked: Looked, kinds: Sequence[str], count: int) -> list[str]:
    """One line of the table: means over the draws, and the deviation of what matters most."""
    figures: defaultdict[str, list[float]] = defaultdict(list)
    sure: list[tuple[float, bool]] = []
    for draw in range(DRAWS):
        found, own = figures_of(looked, kinds, count, draw)
        # A draw has a few names in each bin, and so an error of its own however honest the shares are.
        sure += own
        for name, value in found.items():
            figures[name].append(value)
    cells = [_cell(figures[name], spread=name == "first") for name in ("first", "named", "first found", "named found")]
    rest = [_cell(figures[name]) for name in ("right", "noise", "good")]
    return [str(count), *cells, *rest, f"{calibration_error(sure):.2f}" if sure else "–"]


def figures_of(
    looked: Looked, kinds: Sequence[str], count: int, draw: int
) -> tuple[Mapping[str, float], list[tuple[float, bool]]]:
    """What a person sees who confirmed ``count`` regions of each kind; nothing of a kind that has no more than that.

    Then the share of each name that was given, and whether it was right.
    """
    chance, taken = np.random.default_rng(draw), set[int]()
    for kind in kinds:
        own = [number for number, defect in enumerate(looked.defects) if defect.kind == kind]
        chance.shuffle(own)
        taken.update(own[: min(count, len(own) - 1)])
    chosen = [(number, looked.defects[number]) for number in sorted(taken)]
    names = LearnedNames(
        [NamedExample(one.kind, one.true, str(number)) for number, one in chosen], "bench", sight=looked.sight
    )
    rest = [defect for number, defect in enumerate(looked.defects) if number not in taken]
    true = [(defect.kind, names.shares(defect.true)) for defect in rest]
    found = [(defect.kind, names.shares(defect.found)) for defect in rest if defect.found is not None]
    figures = {"first": _balanced(true, sure=False), "named": _balanced(true, sure=True)}
    figures |= (
        {"first found": _balanced(found, sure=False), "named found": _balanced(found, sure=True)} if found else {}
    )
    sure = [(best[0].share, best[0].name == kind) for kind, best in true if called(best)[0] != UNKNOWN_TYPE]
    if sure:
        figures |= {"right": float(np.mean([right for _, right in sure]))}
    for name, embeddings in (("noise", looked.noise), ("good", looked.good)):
        if embeddings:
            figures[name] = float(np.mean([called(names.shares(one))[0] != UNKNOWN_TYPE for one in embeddings]))
    return figures, sure


def calibration_error(sure: Sequence[tuple[float, bool]]) -> float:
    """Expected calibration error over ten bins and all draws: how far shares are from the rate of being right."""
    shares, right = np.array([one for one, _ in sure]), np.array([one for _, one in sure], float)
    bins = np.minimum((shares * 10).astype(int), 9)
    return float(
        sum(abs(shares[bins == at].mean() - right[bins == at].mean()) * (bins == at).mean() for at in set(bins))
    )


def _balanced(answers: Sequence[tuple[str, Sequence[TypeShare]]], *, sure: bool) -> float:
    by: defaultdict[str, list[bool]] = defaultdict(list)
    for kind, shares in answers:
        by[kind].append((called(shares)[0] if sure else shares[0].name) == kind)
    return float(np.mean([np.mean(right) for right in by.values()]))


def _found(prediction: Prediction, mask: NDArray[np.bool_]) -> Embedding | None:
    """The region that covers most of the mask, by its box."""

    def overlap(number: int) -> int:
        box = prediction.regions[number].box
        return int(mask[box.y : box.y + box.height, box.x : box.x + box.width].sum())

    best = max(range(len(prediction.regions)), key=overlap, default=None)
    return prediction.regions[best].embedding if best is not None and overlap(best) else None


def _cell(values: Sequence[float], *, spread: bool = False) -> str:
    if not values:
        return "–"
    return f"{100 * np.mean(values):.1f}" + (f" ± {100 * np.std(values, ddof=1):.1f}" if spread else "")


if __name__ == "__main__":
    main()
