"""The rendered product as every bench looks at it: a recipe with four references, and pictures that all differ."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from filo_core.benchmark.datasets import load_category
from filo_core.engine import Engine
from filo_core.imaging import read_image
from filo_core.resources import resource_path
from filo_core.types import AnomalyType, Eyes, Limits, ProductDescription, ProductDraft, Recipe, Reference, SourceImage

REFERENCES = 4
_LIMITS = Limits(ok=0.2, ng=0.4, region=0.2)


def demo_draft(eyes: Eyes | None = None) -> tuple[ProductDraft, tuple[SourceImage, ...]]:
    """The rendered product before it is signed off, and its references."""
    paths = load_category(resource_path("demo", "bracket")).references[:REFERENCES]
    images = tuple(read_image(path) for path in paths)
    draft = ProductDraft(
        ProductDescription("bracket", "bracket"),
        (AnomalyType("scratch"), AnomalyType("missing screw"), AnomalyType("bent corner")),
        tuple(Reference(image.image_hash, image.name) for image in images),
        eyes=eyes,
    )
    return draft, images


def demo_recipe(engine: Engine, eyes: Eyes | None = None) -> tuple[Recipe, tuple[SourceImage, ...]]:
    """A recipe for it, and its references."""
    draft, images = demo_draft(eyes)
    return draft.recipe(_LIMITS, engine.model_hash_for(eyes)), images


def fill_with_pictures(folder: Path, count: int) -> list[Path]:
    """So many of its test pictures as PNG, the same on every machine; none twice, since what was judged is skipped."""
    tests = load_category(resource_path("demo", "bracket")).tests
    made = []
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        pixels = read_image(tests[number % len(tests)].path).pixels.copy()
        # A speck that says which it is, in a corner and as faint as noise.
        pixels[0, 0] = np.array([number & 63, number >> 6 & 63, 60], np.uint8)
        made.append(folder / f"{number:04}.png")
        cv2.imwrite(str(made[-1]), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    return made
