"""A large folder, bucket or list, judged by several workers and kept by one writer, as one run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from filo_core.errors import FolderError
from filo_core.events import ImageInspected
from filo_core.line.runs import counted
from filo_core.spread.judging import JudgedBefore, JudgingJob, program_version
from filo_core.spread.scheduling import spread
from workflows.inspecting.folder_jobs import job_name
from workflows.products.golden import GoldenSets
from workflows.products.learned_names import ProductNames

if TYPE_CHECKING:
    from filo_core.events import RunEvent
    from filo_core.line.runs import Outcome
    from filo_core.spread.pictures import PictureListing
    from filo_core.spread.scheduling import Workers
    from filo_core.types import RecipeVersion
    from storage.recorder import Recorder
    from workflows.products.catalogue import Catalogue
    from workflows.settings.settings import Settings


def spread_job(recorder: Recorder, catalogue: Catalogue, version: RecipeVersion, settings: Settings) -> JudgingJob:
    """What workers are sent: the recipe, its good images, and which pictures have a verdict already.

    Raises:
        FolderError: for a product of several views.
        StorageError: if a good image is missing, or the database fails.
    """
    recipe = version.recipe
    if recipe.views:
        raise FolderError(
            "{product} has several views, and workers judge single pictures. Inspect it without --ray.",
            product=recipe.product,
        )
    judged = JudgedBefore.of(recorder.all_judged(recipe.content_hash))
    references = catalogue.references(recipe)
    return JudgingJob(recipe, references, judged, settings.device, settings.models, program=program_version())


def spread_run(
    recorder: Recorder,
    catalogue: Catalogue,
    version: RecipeVersion,
    where: str,
    listing: PictureListing,
    workers: Workers,
) -> Iterator[RunEvent]:
    """Every picture of a listing judged by workers, recorded here, in order; as a folder's run on one machine.

    A run that ended in the middle is begun again: what has its verdict is skipped.

    Args:
        recorder: of the product; the one writer.
        catalogue: of the products.
        version: what is judged by.
        where: the listing's folder, as it was named.
        listing: the pictures.
        workers: set up for this recipe.

    Raises:
        GoldenSetError: as soon as the golden set has a problem.
        FiloError: if there is no worker left.
    """
    recipe = version.recipe
    golden = GoldenSets(catalogue.storage)
    golden.require(recipe.product)
    names = ProductNames(catalogue.storage, recipe)
    found = spread(listing.pictures, workers, recipe.content_hash, lambda: golden.require(recipe.product))
    with recorder.job(job_name(recipe.product, where)):
        outcomes = (_named(outcome, names) for outcome in found)
        yield from recorder.record(counted(outcomes, len(listing.pictures), recipe, listing.left_out))


def _named(outcome: Outcome, names: ProductNames) -> Outcome:
    """Workers know no decisions: regions get their learnt names here."""
    event, was_read = outcome
    if not isinstance(event, ImageInspected) or event.inspection.prediction is None:
        return outcome
    prediction = names().applied(event.inspection.prediction)
    return replace(event, inspection=replace(event.inspection, prediction=prediction)), was_read
