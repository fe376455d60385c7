from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import text

from filo_core.errors import ProductError, StorageError
from filo_core.events import ImageInspected, ImageSkipped, RunCounts, RunEvent, RunFinished, RunStarted
from filo_core.types import Inspection, InspectionFilter, Limits, Origin, Recipe, Verdict
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import MODEL_HASH, MOMENT, make_inspection, make_refusal, make_region, sign_product

EVERYTHING = InspectionFilter()


@pytest.fixture
def recipe(storage: Storage) -> Recipe:
    return sign_product(storage)


@pytest.fixture
def recorder(storage: Storage, recipe: Recipe) -> Recorder:
    return Recorder(storage, "metal nut", station="line 3", operator="Ada")


def a_run(inspections: Iterable[Inspection]) -> Iterator[RunEvent]:
    judged = list(inspections)
    yield RunStarted(len(judged), judged[0].recipe_hash)
    counts = RunCounts()
    for index, inspection in enumerate(judged):
        counts = counts.plus(inspection.verdict)
        yield ImageInspected(index, inspection)
    yield RunFinished(counts, 1.0)


def count(storage: Storage) -> int:
    with storage.reading() as transaction:
        return transaction.inspections.count(EVERYTHING)


def test_an_inspection_comes_back_with_everything_that_was_judged(
    storage: Storage, recorder: Recorder, recipe: Recipe
) -> None:
    regions = (make_region("scratch"), make_region("unknown", x=7))
    inspection = make_inspection(recipe, 5, 0.75, regions=regions)
    number = recorder.record_one(inspection)
    with storage.reading() as transaction:
        record = transaction.inspections.get(number)
    assert record.inspection_id == number
    assert (record.product, record.recipe_version, record.recipe_hash) == ("metal nut", 1, recipe.content_hash)
    assert (record.name, record.width, record.height) == ("part 5.png", 4, 4)
    assert (record.verdict, record.image_score, record.limits) == (Verdict.NG, 0.75, recipe.limits)
    assert (record.origin, record.inspected_at, record.seconds) == (Origin.FOLDER, MOMENT, 0.03)
    assert (record.regions, record.trained, record.reason, record.review) == (regions, True, "", None)
    assert inspection.image is not None
    assert inspection.prediction is not None
    assert storage.artefacts.get_bytes(record.image_hash) == inspection.image.encoded
    stored = storage.artefacts.get_map(record.map_hash)
    assert np.abs(stored - inspection.prediction.anomaly_map).max() < 1e-5


def test_where_who_and_how_long_is_kept_too(storage: Storage, recorder: Recorder, recipe: Recipe) -> None:
    number = recorder.record_one(make_inspection(recipe, 5, origin=Origin.LIVE))
    with storage._engine.connect() as connection:
        row = connection.execute(
            text("SELECT station, operator, stage_seconds, frame_id, frame_age_ms FROM inspections")
        ).one()
    assert tuple(row) == ("line 3", "Ada", '{"encode": 0.01, "match": 0.02}', 5, 12.5)
    with storage.reading() as transaction:
        capture = transaction.inspections.capture(number)
    assert (capture.captured_at, capture.frame_id) == (MOMENT, 5)


def test_an_image_that_was_not_inspected_is_kept_with_its_reason(
    storage: Storage, recorder: Recorder, recipe: Recipe
) -> None:
    number = recorder.record_one(make_refusal(recipe))
    with storage.reading() as transaction:
        record = transaction.inspections.get(number)
    assert (record.verdict, record.image_score, record.map_hash) == (Verdict.NOT_INSPECTED, None, "")
    assert record.reason == "broken.png: is empty. Copy it again."


def test_every_verdict_is_stored_before_it_is_passed_on(storage: Storage, recorder: Recorder, recipe: Recipe) -> None:
    events = recorder.record(a_run(make_inspection(recipe, shade) for shade in range(4)))
    seen = [count(storage) for event in events if isinstance(event, ImageInspected)]
    assert seen == [1, 2, 3, 4]


def test_events_pass_with_their_ids_in_the_record_and_otherwise_unchanged(
    storage: Storage, recorder: Recorder, recipe: Recipe
) -> None:
    events = list(a_run([make_inspection(recipe, 1), make_refusal(recipe), make_inspection(recipe, 2, 0.9)]))
    passed = list(recorder.record(events))
    ids = [event.inspection_id for event in passed if isinstance(event, ImageInspected)]
    with storage.reading() as transaction:
        kept = transaction.inspections.page(EVERYTHING, None, 10)
    assert ids == [record.inspection_id for record in reversed(kept)]
    unmarked = [replace(event, inspection_id=None) if isinstance(event, ImageInspected) else event for event in passed]
    assert unmarked == events


def test_a_folder_image_is_judged_once_under_one_recipe(storage: Storage, recorder: Recorder, recipe: Recipe) -> None:
    first = recorder.record_one(make_inspection(recipe, 1))
    assert recorder.record_one(make_inspection(recipe, 1, 0.9, name="renamed.png")) == first
    assert recorder.already_judged(make_inspection(recipe, 1).image_hash, recipe.content_hash)
    assert not recorder.already_judged(make_inspection(recipe, 2).image_hash, recipe.content_hash)
    assert count(storage) == 1


def test_another_recipe_judges_the_same_image_anew(storage: Storage, recorder: Recorder, recipe: Recipe) -> None:
    stricter = replace(recipe, limits=Limits(0.01, 0.02, 0.1))
    with storage.transaction() as transaction:
        transaction.products.sign("metal nut", stricter, "Ada", MOMENT)
    recorder.record_one(make_inspection(recipe, 1))
    assert not recorder.already_judged(make_inspection(recipe, 1).image_hash, stricter.content_hash)
    recorder.record_one(make_inspection(stricter, 1))
    assert count(storage) == 2


@pytest.mark.parametrize("origin", [Origin.LIVE, Origin.SINGLE])
def test_a_live_picture_may_repeat_itself(storage: Storage, recorder: Recorder, recipe: Recipe, origin: Origin) -> None:
    numbers = [recorder.record_one(make_inspection(recipe, 1, origin=origin)) for _ in range(3)]
    assert len(set(numbers)) == 3
    assert not recorder.already_judged(make_inspection(recipe, 1).image_hash, recipe.content_hash)


def test_an_image_without_a_verdict_can_be_judged_later(storage: Storage, recorder: Recorder, recipe: Recipe) -> None:
    image_hash = make_inspection(recipe, 1).image_hash
    recorder.record_one(make_refusal(recipe, image_hash=image_hash))
    recorder.record_one(make_refusal(recipe, image_hash=image_hash))
    assert not recorder.already_judged(image_hash, recipe.content_hash)
    recorder.record_one(make_inspection(recipe, 1))
    assert recorder.already_judged(image_hash, recipe.content_hash)
    assert count(storage) == 3


def test_an_image_that_another_program_judged_meanwhile_counts_as_skipped(
    storage: Storage, recorder: Recorder, recipe: Recipe
) -> None:
    inspections = [make_inspection(recipe, 1), make_inspection(recipe, 2, 0.9), make_inspection(recipe, 3, 0.3)]
    earlier_id = Recorder(storage, "metal nut").record_one(inspections[1])
    events = list(recorder.record(a_run(inspections)))
    assert events[2] == ImageSkipped(1, "part 2.png", inspections[1].image_hash, earlier_id)
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert finished.counts == RunCounts(ok=1, review=1, ng=0, skipped=1)
    assert count(storage) == 3


def test_two_runs_over_one_folder_judge_every_image_once(storage: Storage, recipe: Recipe) -> None:
    both_ready = threading.Barrier(4)

    def run(_: int) -> int:
        recorder = Recorder(storage, "metal nut")
        both_ready.wait(20)
        events = recorder.record(a_run(make_inspection(recipe, shade) for shade in range(25)))
        return sum(isinstance(event, ImageInspected) for event in events)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4))) == 25
    assert count(storage) == 25


def test_an_inspection_under_a_recipe_that_nobody_signed_is_refused(
    storage: Storage, recorder: Recorder, recipe: Recipe
) -> None:
    unsigned = replace(recipe, model_hash="f" * 64)
    with pytest.raises(ProductError, match="a recipe that nobody signed off"):
        recorder.record_one(make_inspection(unsigned, 1))
    assert count(storage) == 0
    assert recipe.model_hash == MODEL_HASH


def test_nothing_is_stored_when_the_image_cannot_be(storage: Storage, recorder: Recorder, recipe: Recipe) -> None:
    inspection = make_inspection(recipe, 1)
    blocked = storage.artefacts.path_of(inspection.image_hash).parent
    blocked.write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="cannot be written"):
        recorder.record_one(inspection)
    assert count(storage) == 0
    blocked.unlink()
    recorder.record_one(inspection)
    assert count(storage) == 1


@pytest.mark.parametrize(
    "name", ["Robert'); DROP TABLE inspections;--", "../../../etc/passwd", 'a "quoted" %s :name ?', "x" * 5000, "a\0b"]
)
def test_any_file_name_can_be_recorded(storage: Storage, recorder: Recorder, recipe: Recipe, name: str) -> None:
    number = recorder.record_one(make_inspection(recipe, 1, name=name))
    with storage.reading() as transaction:
        assert transaction.inspections.get(number).name == name.replace("\0", "\ufffd")


def test_an_inspection_is_of_the_job_that_it_was_made_in(storage: Storage, recorder: Recorder, recipe: Recipe) -> None:
    outside = recorder.record_one(make_inspection(recipe, 1))
    with recorder.job("first"):
        of_first = [recorder.record_one(make_inspection(recipe, shade)) for shade in (2, 3)]
    with recorder.job("second"):
        of_second = [recorder.record_one(make_refusal(recipe))]
    after = recorder.record_one(make_inspection(recipe, 4))
    with storage.reading() as transaction:
        made = [transaction.jobs.inspections(number) for number in (1, 2, 3)]
        assert made == [tuple(of_first), tuple(of_second), ()]
        assert transaction.inspections.count(EVERYTHING) == len({outside, *of_first, *of_second, after})
