"""Why a place stands out: its patch beside the nearest one that the memory bank holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from filo_core.errors import RecipeError
from filo_core.events import NearestFound, ReasonsFound
from filo_core.imaging import decode_image
from filo_core.loaded_model import ExplainingDetector
from filo_core.types import UNKNOWN_TYPE, Box, InspectionRecord, Prediction, Recipe, Verdict
from filo_core.views import picture_record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.engine import Engine
    from filo_core.method.nearest_patch import NearestPatch
    from workflows.products.catalogue import Catalogue

_LEAST_SHARE = 0.12
"""A crop is at least this share of the picture's longer side, so that one sees where it is."""
_LARGEST_PX = 800
"""A crop is thinned out to at most this side; more is not seen."""
_MARGIN = 1.6
"""A crop is so many times as long as the region's longer side."""


def nearest_steps(
    catalogue: Catalogue, record: InspectionRecord, region: int = 0
) -> Callable[[Engine], Iterator[NearestFound | ReasonsFound]]:
    """The strongest patch of one region of an inspection, and its nearest patch, each with its surroundings.

    Where a text side takes part in verdicts, what it went by comes first.

    The steps raise a FiloError whose sentence says why there is nothing to compare: the recipe belongs to another
    model, or a good image or the inspected one is gone from the image store.

    Args:
        catalogue: of the products.
        record: the inspection; without a region the whole image is searched. Of a part it is the view that decided.
        region: which region.

    Raises:
        RecipeError: if nothing was judged.
    """
    record = picture_record(record)
    if record.verdict is Verdict.NOT_INSPECTED or not record.width:
        raise RecipeError("{name} was not inspected, so there is nothing to compare.", name=record.name)

    def run(engine: Engine) -> Iterator[NearestFound | ReasonsFound]:
        recipe = catalogue.recipe(record.product, record.recipe_version).recipe
        images = {image.image_hash: image for image in catalogue.references(recipe)}
        detector = engine.detector(recipe, tuple(images.values()))
        part = decode_image(catalogue.storage.artefacts.get_bytes(record.image_hash), record.name).pixels
        box = record.regions[region].box if record.regions else Box(0, 0, record.width, record.height)
        again = detector.explained(part) if isinstance(detector, ExplainingDetector) else None
        if again is not None:
            yield from _reasons(record, region, box, again)
        found = detector.nearest(part, box)
        stored = images[found.key.partition("@")[0]]
        share = max(_MARGIN * max(box.width, box.height) / max(part.shape[:2]), _LEAST_SHARE)
        part_crop, part_patch = _crop(part, _patch_box(recipe, part, found.part, found), share)
        other_crop, other_patch = _crop(stored.pixels, _stored_box(recipe, stored.pixels, found), share)
        yield NearestFound(
            record.inspection_id, region, found.distance, stored.name, part_crop, other_crop, part_patch, other_patch
        )

    return run


def _reasons(record: InspectionRecord, region: int, box: Box, again: Prediction) -> Iterator[ReasonsFound]:
    """What the image goes by when it is judged again; its scores are those of the record."""
    if again.reasons is None:
        return
    named = record.regions[region].anomaly_type if record.regions else UNKNOWN_TYPE
    phrase = again.reasons.phrase_at(box) or ("" if named == UNKNOWN_TYPE else named)
    yield ReasonsFound(record.inspection_id, region, again.reasons, again.unfiltered_sides, phrase)


def _patch_box(recipe: Recipe, pixels: NDArray[np.uint8], center: tuple[float, float], found: NearestPatch) -> Box:
    """A patch in pixels of the whole image, from its centre in fractions of what is looked at."""
    from filo_core.method.sighting import sighting_of

    sight = sighting_of(recipe, pixels)
    view = sight.seen
    width, height = found.patch[0] * view.width, found.patch[1] * view.height
    left, top = center[0] * view.width - width / 2, center[1] * view.height - height / 2
    return sight.to_picture(Box(round(left), round(top), max(1, round(width)), max(1, round(height))))


def _stored_box(recipe: Recipe, pixels: NDArray[np.uint8], found: NearestPatch) -> Box:
    if found.stored is not None:
        return _patch_box(recipe, pixels, found.stored, found)
    return next(patch.box for patch in recipe.taught_patches if patch.key == found.key)


def _crop(pixels: NDArray[np.uint8], patch: Box, share: float) -> tuple[NDArray[np.uint8], Box]:
    """A square around the patch, moved inside the picture, and the patch within it."""
    height, width = pixels.shape[:2]
    side = min(max(round(share * max(width, height)), patch.width, patch.height), width, height)
    left = min(max(patch.x + patch.width // 2 - side // 2, 0), width - side)
    top = min(max(patch.y + patch.height // 2 - side // 2, 0), height - side)
    step = -(-side // _LARGEST_PX)
    crop = pixels[top : top + side : step, left : left + side : step].copy()
    within = (patch.x - left, patch.y - top, patch.width, patch.height)
    x, y, across, down = (value // step for value in within)
    return crop, Box(x, y, max(1, across), max(1, down))
