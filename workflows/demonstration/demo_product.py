"""The rendered demo product: set up by one click, as the wizard would, to play with at the first start."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.events import Calibrated, JobEvent, StepDone
from filo_core.imaging import list_images, read_image
from filo_core.line.queue import Job, Priority
from filo_core.resources import resource_path
from filo_core.types import AnomalyType, ProductDescription, Provenance
from workflows.products.steps import Steps, calibration_steps

if TYPE_CHECKING:
    from filo_core.descriptions.library import AnomalyLibrary
    from filo_core.engine import Engine
    from filo_core.line.queue import JobHandle, JobListener
    from workflows.products.catalogue import Catalogue
    from workflows.workbench import Workbench

DEMO_PRODUCT = ProductDescription(name="Demo bracket (rendered)", class_name="metal bracket")
GOOD_PARTS = 4
GOOD_FOLDER = "good"
_SEED = 0


def demo_images() -> Path:
    """Folder of the pictures to inspect: good parts, and a folder an anomaly."""
    return resource_path("demo", "bracket", "test")


def set_up_demo(workbench: Workbench, signed_by: str, listener: JobListener | None = None) -> JobHandle:
    """Set up the demo product on the worker's thread.

    Args:
        workbench: with no product of its name yet; else the job fails with a ProductError.
        signed_by: who signs its recipe off; with an empty name that is left to a person.
        listener: told every step.
    """
    steps = _demo_steps(workbench.catalogue, workbench.library, signed_by)
    job = Job(name=f"Set up {DEMO_PRODUCT.name}", priority=Priority.INTERACTIVE, steps=steps)
    return workbench.worker.submit(job, listener)


def _demo_steps(catalogue: Catalogue, library: AnomalyLibrary, signed_by: str) -> Steps:
    def run(engine: Engine) -> Iterator[JobEvent]:
        references = list_images(resource_path("demo", "bracket", "train", "good")).images
        calibrated: Calibrated | None = None
        types = with_words(library.suggest(DEMO_PRODUCT), (path.name for path in demo_images().iterdir()))
        for event in setting_up(catalogue, engine, references, DEMO_PRODUCT, types):
            calibrated = event if isinstance(event, Calibrated) else calibrated
            yield event
        if calibrated is not None and signed_by:
            catalogue.sign_off(DEMO_PRODUCT.name, signed_by, calibrated.model_hash)

    return run


def with_words(types: Iterable[AnomalyType], folders: Iterable[str]) -> tuple[AnomalyType, ...]:
    """An anomaly list, and what a person who knows the product would add: what the folders of bad parts are called."""
    listed = {entry.name: entry for entry in types}
    for name in sorted(folders):
        word = word_of(name)
        if name != GOOD_FOLDER:
            listed.setdefault(word, AnomalyType(word, provenance=Provenance.PERSON))
    return tuple(listed.values())


def word_of(folder: str) -> str:
    """What a folder of bad parts is called, as a phrase of the anomaly list."""
    return folder.replace("_", " ").strip().lower()


def setting_up(
    catalogue: Catalogue,
    engine: Engine,
    references: Sequence[Path],
    description: ProductDescription,
    types: tuple[AnomalyType, ...],
) -> Iterator[JobEvent]:
    """The wizard's first four steps, with good parts chosen by a fixed seed."""
    chosen = random.Random(_SEED).sample(sorted(references), min(GOOD_PARTS, len(references)))
    catalogue.create(description)
    catalogue.set_anomaly_types(description.name, types)
    for done, path in enumerate(chosen, start=1):
        catalogue.add_reference(description.name, read_image(path))
        yield StepDone(done, len(chosen), path.name)
    yield from calibration_steps(catalogue, description.name)(engine)
