"""A place in an inspected image that a person calls good joins the memory bank, under a recipe version of its own.

The patch and its image's hash are part of the new recipe, so its detector can be built again from the record, and
verdicts under the old version keep their meaning. Undo puts that old version back in force. Distances to a larger bank
are never longer, so the limits and what they promise stay true; what becomes harder to find is for the golden set to
say, which is checked after either.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filo_core.errors import FiloError
from filo_core.events import StepDone, Taught
from filo_core.golden_set import GoldenChecked
from filo_core.imaging import decode_image
from filo_core.types import Box, InspectionRecord, Recipe, SourceImage, TaughtPatch, Verdict
from filo_core.views import picture_record
from workflows.products.golden import GoldenSets, golden_steps

if TYPE_CHECKING:
    from filo_core.engine import Engine
    from workflows.products.catalogue import Catalogue


class TeachingError(FiloError):
    """A place cannot be taught, or there is nothing to undo."""


Teach = Callable[["Engine"], Iterator[Taught | StepDone | GoldenChecked]]


def patches_of(record: InspectionRecord, region: int | None = None) -> tuple[TaughtPatch, ...]:
    """The places of one region of an inspection, or of all of them; the whole image where it has none.

    Raises:
        TeachingError: if nothing was judged, or a person has called the part bad.
    """
    if record.verdict is Verdict.NOT_INSPECTED or not record.width:
        raise TeachingError("{name} was not inspected, so there is nothing to learn from it.", name=record.name)
    if record.review is not None and record.review.verdict is Verdict.NG:
        raise TeachingError("{name} counts as NG. Overrule that first, if it really is good.", name=record.name)
    regions = record.regions if region is None else record.regions[region : region + 1]
    boxes = [found.box for found in regions] or [Box(0, 0, record.width, record.height)]
    return tuple(TaughtPatch(record.image_hash, record.name, box) for box in boxes)


def teach_steps(
    catalogue: Catalogue, record: InspectionRecord, region: int | None, taught_by: str, pin: str = ""
) -> Teach:
    """Teach one region of an inspection, or all of them, then check the golden set where there is one.

    A part with views teaches the view that decided.

    What is taught judges from then on, so it is signed: once there are users, the person signed in gives the PIN again.

    Raises:
        TeachingError: as :func:`patches_of`.
    """
    record = picture_record(record)
    wanted = patches_of(record, region)
    asked = time.perf_counter()

    def run(engine: Engine) -> Iterator[Taught | StepDone | GoldenChecked]:
        before = catalogue.recipe(record.product).recipe
        new = tuple(patch for patch in wanted if patch not in before.taught_patches)
        if not new:
            raise TeachingError(
                "This place of {name} was taught before. There is nothing new to learn.", name=record.name
            )
        after = replace(before, taught_patches=(*before.taught_patches, *new))
        encoded = catalogue.storage.artefacts.get_bytes(record.image_hash)
        image = decode_image(encoded, record.name)
        yield from _put_in_force(catalogue, engine, before, after, (image,), new, (taught_by, pin), asked)

    return run


def undo_steps(catalogue: Catalogue, name: str, undone_by: str, image_hash: str = "", pin: str = "") -> Teach:
    """Take back the newest teaching, or that of one image, and check the golden set; signed like the teaching."""
    asked = time.perf_counter()

    def run(engine: Engine) -> Iterator[Taught | StepDone | GoldenChecked]:
        before = catalogue.recipe(name).recipe
        taught = [patch for patch in before.taught_patches if image_hash in {"", patch.image_hash}]
        if not taught:
            raise TeachingError("Nothing was taught to {name} that could be taken back.", name=name)
        gone = tuple(patch for patch in taught if patch.image_hash == taught[-1].image_hash)
        after = replace(before, taught_patches=tuple(p for p in before.taught_patches if p not in gone))
        yield from _put_in_force(catalogue, engine, before, after, (), gone, (undone_by, pin), asked)

    return run


def _put_in_force(
    catalogue: Catalogue,
    engine: Engine,
    before: Recipe,
    after: Recipe,
    images: tuple[SourceImage, ...],
    patches: tuple[TaughtPatch, ...],
    signature: tuple[str, str],
    asked: float,
) -> Iterator[Taught | StepDone | GoldenChecked]:
    if not engine.is_set_up_for(before):
        images = (*catalogue.references(before), *images)
    engine.detector_after(before, after, images)
    signed_by, pin = signature
    version = catalogue.put_taught_in_force(before, after, signed_by, datetime.now(UTC), pin)
    undone = len(after.taught_patches) < len(before.taught_patches)
    yield Taught(version, patches, undone, time.perf_counter() - asked)
    if GoldenSets(catalogue.storage).parts(after.product):
        yield from golden_steps(catalogue, after.product, version.signed_by)(engine)
