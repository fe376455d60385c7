"""What the two training stages see: the test images of the categories, one at a time, with their masks (IV-C)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.benchmark.datasets import read_mask
from filo_core.benchmark.drafts import draft_of
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.errors import FiloError
from filo_core.imaging import read_image
from filo_core.types import ANY_LIMITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from filo_core.benchmark.categories import Category, LabelledImage
    from filo_core.types import Recipe


def recipe_of(category: Category, library: AnomalyLibrary, model_hash: str = "") -> Recipe:
    """What a category asks of the text side, where no limit and no reference matters."""
    return draft_of(category, library).recipe(ANY_LIMITS, model_hash)


@dataclass(frozen=True, slots=True)
class TrainingSample:
    """One image to learn from. The file is read when its turn comes, so memory does not grow with the data set."""

    test: LabelledImage
    recipe: Recipe

    @property
    def outlined(self) -> bool:
        """Whether it is known which pixels are anomalous: always for a good image."""
        return self.test.mask is not None or not self.test.anomalous

    def read(self) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """``(H, W, 3)`` uint8 RGB and ``(H, W)`` bool, True where anomalous.

        Raises:
            UnreadableImageError: if the image or its mask is not one whole picture.
            FiloError: if the mask is of another size than its image.
        """
        image = read_image(self.test.path)
        if self.test.mask is None:
            return image.pixels, np.zeros(image.pixels.shape[:2], bool)
        return image.pixels, read_mask(self.test.mask, image.size)


def training_samples(categories: Sequence[Category], library: AnomalyLibrary | None = None) -> list[TrainingSample]:
    """Every test image of the categories, in their order; anomaly types from ``library``, or the built-in one.

    Raises:
        FiloError: unless good and anomalous images are among them, and one of those is outlined.
    """
    library = library or AnomalyLibrary.load()
    samples = [
        TrainingSample(test, recipe)
        for category in categories
        for recipe in (recipe_of(category, library),)
        for test in category.tests
    ]
    if {sample.test.anomalous for sample in samples} != {False, True}:
        raise FiloError("Training needs good and anomalous test images. Add the side that is missing.")
    if not any(sample.test.mask is not None for sample in samples):
        raise FiloError("None of the anomalous images is outlined, so no map can be learned. Add masks.")
    return samples


def square_truth(mask: NDArray[np.bool_], side: int) -> NDArray[np.float32]:
    """G of eq. (9), ``(side, side)`` float32 of 0 and 1: squeezed as the image is, by the nearest pixel."""
    square = cv2.resize(mask.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST_EXACT)
    return square.astype(np.float32)
