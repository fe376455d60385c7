"""A spotted part beside the good part that comes nearest to it, from the record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from filo_core.engine import Engine, load_engine
from filo_core.errors import FiloError, RecipeError
from filo_core.events import NearestFound
from filo_core.imaging import decode_image, read_image
from filo_core.types import AnomalyType, InspectionFilter, InspectionRecord, ProductDescription, Verdict
from storage.recorder import Recorder
from storage.storage import Storage
from tests.e2e.conftest import paint_part
from workflows.inspecting.inspector import folder_steps
from workflows.inspecting.nearest import nearest_steps
from workflows.products.catalogue import Catalogue
from workflows.products.steps import calibration_steps
from workflows.products.teaching import teach_steps
from workflows.reporting.history import History

NAME = "plate"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine("compact", "cpu")


@pytest.fixture
def record(storage: Storage, catalogue: Catalogue, engine: Engine, tmp_path: Path) -> InspectionRecord:
    """One spotted part, inspected under a recipe with two good images."""
    catalogue.create(ProductDescription(NAME, "metal plate"))
    catalogue.set_anomaly_types(NAME, (AnomalyType("stain"),))
    for seed in range(2):
        paint_part(tmp_path / f"good_{seed}.png", seed)
        catalogue.add_reference(NAME, read_image(tmp_path / f"good_{seed}.png"))
    list(calibration_steps(catalogue, NAME)(engine))
    version = catalogue.sign_off(NAME, "Ada", engine.model_hash)
    paint_part(tmp_path / "line" / "spotted.png", 70, spot=True)
    list(folder_steps(Recorder(storage, NAME), catalogue, version, tmp_path / "line")(engine))
    return History(storage).page(InspectionFilter(product=NAME))[0]


def _found(catalogue: Catalogue, record: InspectionRecord, engine: Engine) -> NearestFound:
    (event,) = nearest_steps(catalogue, record)(engine)
    return event


def test_the_strongest_region_stands_beside_a_good_part_at_the_same_scale(
    catalogue: Catalogue, record: InspectionRecord, engine: Engine
) -> None:
    found = _found(catalogue, record, engine)
    assert found.inspection_id == record.inspection_id
    assert found.reference_name in {"good_0.png", "good_1.png"}
    assert found.part_crop.shape == found.reference_crop.shape
    assert found.part_crop.dtype == np.uint8
    assert 0.0 < found.distance <= 2.0
    # The crop shows the region: its own pixels stand in it.
    part = decode_image(catalogue.storage.artefacts.get_bytes(record.image_hash), record.name).pixels
    box = record.regions[0].box
    middle = part[box.y + box.height // 2, box.x + box.width // 2]
    assert bool((found.part_crop == middle).all(axis=-1).any())
    for patch, crop in ((found.part_patch, found.part_crop), (found.reference_patch, found.reference_crop)):
        assert 0 <= patch.x + patch.width // 2 < crop.shape[1]
        assert 0 <= patch.y + patch.height // 2 < crop.shape[0]


def test_what_was_taught_from_this_very_part_is_the_nearest_from_then_on(
    storage: Storage, catalogue: Catalogue, record: InspectionRecord, engine: Engine, tmp_path: Path
) -> None:
    list(teach_steps(catalogue, record, None, "Ada")(engine))
    list(folder_steps(Recorder(storage, NAME), catalogue, catalogue.recipe(NAME), tmp_path / "line")(engine))
    again = History(storage).page(InspectionFilter(product=NAME))[0]
    found = _found(catalogue, replace(again, regions=record.regions), engine)
    assert found.reference_name == "spotted.png"
    assert found.distance < 1e-4


def test_a_recipe_whose_good_images_are_gone_says_so_in_a_sentence(
    storage: Storage, catalogue: Catalogue, record: InspectionRecord, engine: Engine
) -> None:
    reference = catalogue.draft(NAME).references[0]
    storage.artefacts.path_of(reference.image_hash).unlink()
    with pytest.raises(FiloError, match=reference.image_hash[:8]):
        _found(catalogue, record, engine)


def test_a_part_that_was_not_inspected_has_nothing_to_compare(catalogue: Catalogue, record: InspectionRecord) -> None:
    with pytest.raises(RecipeError, match="was not inspected"):
        nearest_steps(catalogue, replace(record, verdict=Verdict.NOT_INSPECTED))
