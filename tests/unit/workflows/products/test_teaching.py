from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from filo_core.engine import Engine, load_engine
from filo_core.events import Taught
from filo_core.golden_set import GoldenChecked
from filo_core.imaging import read_image
from filo_core.line.sources.folder import FolderSource
from filo_core.line.worker import Worker
from filo_core.types import (
    AnomalyType,
    Box,
    InspectionFilter,
    InspectionRecord,
    ProductDescription,
    RecipeVersion,
    ReviewDecision,
    Role,
    Verdict,
)
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.e2e.conftest import paint_part
from workflows.inspecting.inspector import Inspector, folder_steps
from workflows.people.access import Access, AccessError
from workflows.people.users import Users
from workflows.products.catalogue import Catalogue
from workflows.products.golden import GoldenSets
from workflows.products.steps import calibration_steps
from workflows.products.teaching import TeachingError, patches_of, teach_steps, undo_steps
from workflows.reporting.history import History
from workflows.settings.settings import Settings

NAME = "plate"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine("compact", "cpu")


@pytest.fixture
def version(catalogue: Catalogue, engine: Engine, tmp_path: Path) -> RecipeVersion:
    catalogue.create(ProductDescription(NAME, "metal plate"))
    catalogue.set_anomaly_types(NAME, (AnomalyType("stain"),))
    for seed in range(3):
        path = tmp_path / "good" / f"{seed}.png"
        paint_part(path, seed)
        catalogue.add_reference(NAME, read_image(path))
    list(calibration_steps(catalogue, NAME)(engine))
    return catalogue.sign_off(NAME, "Ada", engine.model_hash)


@pytest.fixture
def spotted(storage: Storage, catalogue: Catalogue, version: RecipeVersion, engine: Engine, tmp_path: Path) -> Path:
    """A folder with one spotted part, inspected."""
    paint_part(tmp_path / "line" / "spotted.png", 70, spot=True)
    list(folder_steps(Recorder(storage, NAME), catalogue, version, tmp_path / "line")(engine))
    return tmp_path / "line"


@pytest.fixture
def record(storage: Storage, spotted: Path) -> InspectionRecord:
    return History(storage).page(InspectionFilter(product=NAME))[0]


def test_a_taught_part_is_ok_under_the_new_version_and_the_old_verdict_stays(
    storage: Storage, catalogue: Catalogue, engine: Engine, record: InspectionRecord, spotted: Path
) -> None:
    assert record.verdict is Verdict.NG
    (event,) = list(teach_steps(catalogue, record, None, "Ada")(engine))
    assert isinstance(event, Taught)
    assert event.seconds > 0.0
    assert event.version.version == 2
    assert not catalogue.draft(NAME).changed_since_signing
    list(folder_steps(Recorder(storage, NAME), catalogue, catalogue.recipe(NAME), spotted)(engine))
    newest, oldest = History(storage).page(InspectionFilter(product=NAME))
    assert (newest.recipe_version, newest.verdict) == (2, Verdict.OK)
    assert oldest == record
    with pytest.raises(TeachingError, match="was taught before"):
        list(teach_steps(catalogue, record, None, "Ada")(engine))


def test_undo_puts_the_old_version_back_in_force(
    catalogue: Catalogue, engine: Engine, record: InspectionRecord, version: RecipeVersion
) -> None:
    list(teach_steps(catalogue, record, 0, "Ada")(engine))
    (event,) = list(undo_steps(catalogue, NAME, "Ada")(engine))
    assert isinstance(event, Taught)
    assert event.undone
    assert catalogue.recipe(NAME) == version
    assert catalogue.draft(NAME).taught_patches == ()
    with pytest.raises(TeachingError, match="Nothing was taught"):
        list(undo_steps(catalogue, NAME, "Ada")(engine))


def test_the_golden_set_is_checked_after_teaching_and_after_undoing(
    storage: Storage, catalogue: Catalogue, engine: Engine, record: InspectionRecord, tmp_path: Path
) -> None:
    golden = GoldenSets(storage)
    # The very part that is taught as good is known to be bad.
    golden.add(NAME, read_image(tmp_path / "line" / "spotted.png"), Verdict.NG)
    *_, failed = teach_steps(catalogue, record, None, "Ada")(engine)
    assert isinstance(failed, GoldenChecked)
    assert not failed.passed
    assert golden.problem(NAME).startswith("The golden set failed: 1 of 1 known parts")
    *_, passed = undo_steps(catalogue, NAME, "Ada")(engine)
    assert isinstance(passed, GoldenChecked)
    assert passed.passed
    assert golden.problem(NAME) == ""
    assert [check.recipe_version for check in golden.checks(NAME)] == [1, 2]


def test_a_taught_product_travels_with_the_image_it_was_taught_from(
    catalogue: Catalogue, engine: Engine, record: InspectionRecord, tmp_path: Path
) -> None:
    list(teach_steps(catalogue, record, None, "Ada")(engine))
    catalogue.export(NAME, tmp_path / "plate.filo")
    with open_storage(sqlite_url(tmp_path / "other.sqlite"), tmp_path / "other") as other:
        imported = Catalogue(other).import_product(tmp_path / "plate.filo")
        assert imported.taught_patches == catalogue.draft(NAME).taught_patches
        Catalogue(other).set_limits(NAME, catalogue.recipe(NAME).recipe.limits)
        signed = Catalogue(other).sign_off(NAME, "Grace", engine.model_hash)
        assert signed.recipe.content_hash == catalogue.recipe(NAME).recipe.content_hash
        assert len(Catalogue(other).references(signed.recipe)) == 4


def test_what_cannot_be_taught_is_said(storage: Storage, catalogue: Catalogue, record: InspectionRecord) -> None:
    whole = patches_of(replace(record, regions=()))
    assert [patch.box for patch in whole] == [Box(0, 0, record.width, record.height)]
    with pytest.raises(TeachingError, match="was not inspected"):
        patches_of(replace(record, verdict=Verdict.NOT_INSPECTED))
    decided = History(storage).review(record.inspection_id, ReviewDecision.CONFIRM, Verdict.NG, "Ada")
    with pytest.raises(TeachingError, match="counts as NG"):
        patches_of(decided)


@pytest.fixture
def inspector(catalogue: Catalogue, storage: Storage, engine: Engine) -> Iterator[Inspector]:
    worker: Worker[Engine] = Worker(lambda: engine)
    worker.start()
    yield Inspector(catalogue, storage, worker, operator="Ada")
    worker.stop()


def test_live_gives_no_verdict_while_the_golden_set_fails(
    storage: Storage, inspector: Inspector, version: RecipeVersion, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    golden = GoldenSets(storage)
    golden.add(NAME, read_image(tmp_path / "good" / "0.png"), Verdict.NG)
    inspector.check_golden_set(NAME).wait(30)
    live = inspector.live(NAME, FolderSource(tmp_path / "good", 0.05), Settings(home=tmp_path), lambda _: None)
    live.start()
    try:
        wait_until(lambda: live.problem.startswith("plate must not be inspected. The golden set failed"))
        assert History(storage).count(InspectionFilter()) == 0
        golden.release(NAME, "Ada", "part 0 was mixed up")
        wait_until(lambda: History(storage).count(InspectionFilter()) > 0)
    finally:
        live.stop()


def test_once_there_are_users_teaching_and_undoing_are_signed_with_the_pin_again(
    storage: Storage, engine: Engine, record: InspectionRecord
) -> None:
    access = Access(storage)
    Users(storage, access).add("Grace", Role.ADMIN, "607385")
    catalogue = Catalogue(storage, access)
    with pytest.raises(AccessError, match="Nobody is signed in"):
        list(teach_steps(catalogue, record, None, "Ada", "607385")(engine))
    access.sign_in("Grace", "607385")
    for pin in ("", "495028"):
        with pytest.raises(AccessError, match="PIN is wrong"):
            list(teach_steps(catalogue, record, None, "Ada", pin)(engine))
    assert (catalogue.recipe(NAME).version, catalogue.draft(NAME).taught_patches) == (1, ())
    (taught,) = teach_steps(catalogue, record, None, "Ada", "607385")(engine)
    assert isinstance(taught, Taught)
    assert (taught.version.version, taught.version.signed_by) == (2, "Grace")
    with pytest.raises(AccessError, match="PIN is wrong"):
        list(undo_steps(catalogue, NAME, "Ada")(engine))
    assert catalogue.recipe(NAME).version == 2
    list(undo_steps(catalogue, NAME, "Ada", pin="607385")(engine))
    assert catalogue.recipe(NAME).version == 1
    assert storage.verify().intact
