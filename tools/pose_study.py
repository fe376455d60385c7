"""What looking at good parts from all sides is worth: categories as they lie, and with every picture turned at random.

``python -m tools.pose_study CATEGORY [CATEGORY ...] [--eyes "sharp 512+308"] [--limit 12]``: a line each with the share
of the distance that turning leaves (see :mod:`filo_core.eyes.turning`), and the image AUROC of turned pictures against
good parts of a fixed and of a free pose. Turned pictures stand in for products that lie anywhere. Then something small
is drawn beside each good part, which must not count (see :mod:`filo_core.eyes.foreground`).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from filo_core.benchmark.datasets import load_category
from filo_core.benchmark.metrics import image_auroc
from filo_core.calibration.synthetic import SyntheticKind, draw, likely_part
from filo_core.engine import Engine, load_engine
from filo_core.imaging import read_image
from filo_core.types import ANY_LIMITS, Eyes, Pose, ProductDescription, ProductDraft, Reference, SourceImage, eyes_from
from tools.markdown import say

SHOTS = 4
_SEED = 3
_CUT = 1.25
"""A picture is shrunk so much before it is turned, so that little of it is lost."""

_LITTER, _CONTRAST = 1 / 16, 0.25
"""Of the picture's shorter side is what is drawn beside a part, and its contrast."""


def main(categories: list[Path], eyes: Eyes, limit: int) -> None:
    """Measure each category and say what came of it."""
    engine = load_engine("compact", "cpu")
    for root in categories:
        say(f"{root.name}: {_line(engine, root, eyes, limit)}")


def _line(engine: Engine, root: Path, eyes: Eyes, limit: int) -> str:
    category, rng = load_category(root), np.random.default_rng(_SEED)
    chosen = rng.permutation(len(category.references))[:SHOTS]
    references = [read_image(category.references[index]) for index in chosen]
    anyhow = [_turned(image, rng) for image in references]
    tests = []
    for anomalous in (False, True):
        own = [test for test in category.tests if test.anomalous is anomalous]
        tests += [own[index] for index in rng.permutation(len(own))[:limit]]
    pictures = [_turned(read_image(test.path), rng) for test in tests]
    truth = [test.anomalous for test in tests]
    found = []
    for pose in (Pose.FIXED, Pose.FREE):
        draft = _draft(anyhow, replace(eyes, pose=pose))
        detector = engine.detector(draft.recipe(ANY_LIMITS, engine.model_hash_for(draft.eyes)), anyhow)
        scores = [detector.predict(picture.pixels).image_score for picture in pictures]
        found.append(image_auroc(scores, truth))
    littered = [p if anomalous else _littered(p, rng) for p, anomalous in zip(pictures, truth, strict=True)]
    found.append(image_auroc([detector.predict(picture.pixels).image_score for picture in littered], truth))
    detector.memory_bank.foreground = None
    found.append(image_auroc([detector.predict(picture.pixels).image_score for picture in littered], truth))
    poses = [engine.pose_of(_draft(images, None), images) for images in (references, anyhow)]
    before, after, beside, counted = (f"{100 * value:.1f}" for value in found if value is not None)
    return (
        f"found {poses[0]} as it lies, {poses[1]} when turned; image AUROC {before} fixed, {after} free; "
        f"{beside} with something beside each good part, {counted} if the ground counted"
    )


def _littered(image: SourceImage, rng: np.random.Generator) -> SourceImage:
    """The picture with a spot or a stain somewhere beside the part."""
    pixels = image.pixels
    size = max(2, round(min(pixels.shape[:2]) * _LITTER))
    ground = ~(cv2.dilate(likely_part(pixels).astype(np.uint8), np.ones((2 * size, 2 * size), np.uint8)) > 0)
    kind = (SyntheticKind.SPOT, SyntheticKind.STAIN)[int(rng.integers(2))]
    return replace(image, pixels=draw(pixels, kind, size, _CONTRAST, rng, ground).pixels)


def _draft(images: list[SourceImage], eyes: Eyes | None) -> ProductDraft:
    references = tuple(Reference(image.image_hash, image.name) for image in images)
    return ProductDraft(ProductDescription("turned", "part"), (), references, eyes=eyes)


def _turned(image: SourceImage, rng: np.random.Generator) -> SourceImage:
    """The picture turned at random on a ground of its border's colour, under a hash of its own."""
    pixels: NDArray[np.uint8] = image.pixels
    height, width = pixels.shape[:2]
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    degrees = float(rng.uniform(0.0, 360.0))
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0 / _CUT)
    ground = [float(value) for value in np.median(border, axis=0)]
    picture = cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_AREA, borderValue=ground)
    return replace(image, pixels=np.asarray(picture, np.uint8), image_hash=f"{image.image_hash[:40]}{degrees:024.12f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("categories", nargs="+", type=Path)
    parser.add_argument("--eyes", type=eyes_from, default=Eyes())
    parser.add_argument("--limit", type=int, default=12)
    typed = parser.parse_args()
    main(typed.categories, typed.eyes, typed.limit)
