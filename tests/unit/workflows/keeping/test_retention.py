from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from filo_core.errors import StorageError
from filo_core.golden_set import GoldenPart
from filo_core.types import (
    Box,
    EventKind,
    InspectionFilter,
    InspectionRecord,
    Origin,
    Recipe,
    ReviewDecision,
    TaughtPatch,
    Verdict,
)
from storage.recorder import Recorder
from storage.repositories.retention import Rank
from storage.storage import Storage, open_storage
from tests.unit.storage.making import MOMENT, make_draft, make_image, make_inspection, sign_product
from workflows.keeping.retention import FRESH_S, Removal, Retention, RetentionRules, Rule
from workflows.reporting.history import History

CONFIRM, OVERRULE = ReviewDecision.CONFIRM, ReviewDecision.OVERRULE
OK, NG = Verdict.OK, Verdict.NG
ANY_AGE = RetentionRules(keep=timedelta(days=1))
NOW = MOMENT + timedelta(days=400)


@pytest.fixture
def storage(either_url: str, tmp_path: Path) -> Iterator[Storage]:
    with open_storage(either_url, tmp_path / "images") as opened:
        yield opened


@pytest.fixture
def recipe(storage: Storage) -> Recipe:
    """Its reference is what an inspection of shade 50 shows."""
    reference = replace(make_draft().references[0], image_hash=make_image(50).image_hash)
    return sign_product(storage, draft=replace(make_draft(), references=(reference,)))


def judge(storage: Storage, recipe: Recipe, shade: int, score: float, days: int = 0, **more: object) -> int:
    made = make_inspection(recipe, shade, score + shade / 1e3, inspected_at=MOMENT + timedelta(days=days), **more)  # type: ignore[arg-type]
    return Recorder(storage, "metal nut").record_one(made)


def all_of_it(storage: Storage, recipe: Recipe) -> dict[str, int]:
    """An inspection of each fate, none of which shares its image."""
    numbers = {
        "decided NG": judge(storage, recipe, 1, 0.9),
        "open NG": judge(storage, recipe, 2, 0.9),
        "open REVIEW": judge(storage, recipe, 3, 0.4),
        "new OK": judge(storage, recipe, 4, 0.1, days=2),
        "old OK": judge(storage, recipe, 5, 0.1, days=1),
        "confirmed OK": judge(storage, recipe, 6, 0.1, days=3),
        "overruled NG": judge(storage, recipe, 7, 0.9, days=4),
        "reference": judge(storage, recipe, 50, 0.1),
    }
    history = History(storage)
    history.review(numbers["decided NG"], CONFIRM, NG, "Ada")
    history.review(numbers["overruled NG"], CONFIRM, NG, "Ada")
    history.review(numbers["overruled NG"], OVERRULE, OK, "Ada", "dust")
    history.review(numbers["confirmed OK"], CONFIRM, OK, "Ada")
    age_files(storage)
    return numbers


def age_files(storage: Storage) -> None:
    for path in storage.artefacts.stored():
        os.utime(path, (time.time() - 2 * FRESH_S,) * 2)


def record_of(storage: Storage, number: int) -> InspectionRecord:
    return History(storage).get(number)


def image_order(storage: Storage, removals: Sequence[Removal], numbers: dict[str, int]) -> list[str]:
    names = {record_of(storage, number).image_hash: name for name, number in numbers.items()}
    return [names[removal.content_hash] for removal in removals if removal.content_hash in names]


def test_images_go_in_the_stated_order_and_what_is_open_or_used_stays(storage: Storage, recipe: Recipe) -> None:
    numbers = all_of_it(storage, recipe)
    planned = list(Retention(storage, ANY_AGE).plan(NOW))
    order = ["confirmed OK", "overruled NG", "old OK", "new OK", "decided NG"]
    assert image_order(storage, planned, numbers) == order
    done = Retention(storage, ANY_AGE, operator="Ada", station="line 1").run(now=NOW)
    gone = {name for name, number in numbers.items() if not there(storage, record_of(storage, number).image_hash)}
    assert gone == set(order)
    # The map of the inspection that shows the reference goes: only its image is a reference.
    assert done.files == 2 * len(order) + 1
    assert done.by_rank == {Rank.CONFIRMED_OK: 4, Rank.UNCONFIRMED_OK: 5, Rank.DECIDED_NG: 2}


class Interrupted(Retention):
    """Another program works on between the plan and the first removal."""

    def __init__(self, storage: Storage, meanwhile: Callable[[], object]) -> None:
        super().__init__(storage, ANY_AGE)
        self._meanwhile = meanwhile

    def plan(self, now: datetime | None = None) -> Iterator[Removal]:
        yield from super().plan(now)
        self._meanwhile()


def test_what_another_program_needs_again_after_the_plan_was_made_stays(storage: Storage, recipe: Recipe) -> None:
    numbers = all_of_it(storage, recipe)
    taught, seen_again = record_of(storage, numbers["old OK"]), record_of(storage, numbers["new OK"])

    def meanwhile() -> None:
        storage.artefacts.put_image(make_image(4))
        with storage.transaction() as transaction:
            product_id = transaction.products.product_id("metal nut")
            transaction.golden.put(product_id, GoldenPart(taught.image_hash, "good.png", Verdict.OK), "Ada")

    planned = len(list(Retention(storage, ANY_AGE).plan(NOW)))
    done = Interrupted(storage, meanwhile).run(now=NOW)
    assert done.files == planned - 2
    assert there(storage, taught.image_hash)
    assert there(storage, seen_again.image_hash)
    with storage.reading() as transaction:
        (event,) = transaction.events.newest(1)
    assert {taught.image_hash, seen_again.image_hash}.isdisjoint(json.loads(event.detail)["files"])


def test_no_row_goes_and_the_events_name_every_file(storage: Storage, recipe: Recipe) -> None:
    all_of_it(storage, recipe)
    files = {path.name for path in storage.artefacts.stored()}
    done = Retention(storage, ANY_AGE, operator="Ada", station="line 1").run(now=NOW)
    with storage.reading() as transaction:
        assert transaction.inspections.count(InspectionFilter()) == 8
        (event,) = transaction.events.newest(1)
    assert (event.kind, event.actor, event.station) == (EventKind.IMAGES_REMOVED, "Ada", "line 1")
    detail = json.loads(event.detail)
    assert set(detail["files"]) == files - {path.name for path in storage.artefacts.stored()}
    assert detail["bytes"] == done.bytes_freed
    assert storage.verify().intact
    assert Retention(storage, ANY_AGE).run(now=NOW).files == 0


def test_a_dry_run_says_the_same_and_changes_nothing(storage: Storage, recipe: Recipe) -> None:
    all_of_it(storage, recipe)
    before = sorted(storage.artefacts.stored())
    said = Retention(storage, ANY_AGE).run(dry=True, now=NOW)
    assert sorted(storage.artefacts.stored()) == before
    with storage.reading() as transaction:
        assert transaction.events.newest(1) == ()
    assert Retention(storage, ANY_AGE).run(now=NOW) == said


def test_age_spares_what_is_younger(storage: Storage, recipe: Recipe) -> None:
    numbers = all_of_it(storage, recipe)
    rules = RetentionRules(keep=timedelta(days=397, hours=12))
    planned = list(Retention(storage, rules).plan(NOW))
    assert image_order(storage, planned, numbers) == ["old OK", "new OK", "decided NG"]


def test_a_quota_removes_no_more_than_it_must(storage: Storage, recipe: Recipe) -> None:
    numbers = all_of_it(storage, recipe)
    stored = sum(path.stat().st_size for path in storage.artefacts.stored())
    planned = list(Retention(storage, RetentionRules(quota_bytes=stored - 1)).plan(NOW))
    assert [(removal.rank, removal.rule) for removal in planned] == [(Rank.CONFIRMED_OK, Rule.QUOTA)]
    done = Retention(storage, RetentionRules(quota_bytes=0)).run(now=NOW)
    kept = sum(path.stat().st_size for path in storage.artefacts.stored())
    assert done.still_over == kept > 0
    assert there(storage, record_of(storage, numbers["open NG"]).image_hash)


def test_a_shared_image_stays_as_long_as_one_inspection_needs_it(storage: Storage, recipe: Recipe) -> None:
    confirmed = judge(storage, recipe, 1, 0.1)
    History(storage).review(confirmed, CONFIRM, OK, "Ada")
    still_open = judge(storage, recipe, 1, 0.9, origin=Origin.LIVE)
    age_files(storage)
    image_hash = record_of(storage, confirmed).image_hash
    assert image_hash == record_of(storage, still_open).image_hash
    Retention(storage, ANY_AGE).run(now=NOW)
    assert there(storage, image_hash)
    History(storage).review(still_open, CONFIRM, NG, "Ada")
    Retention(storage, ANY_AGE).run(now=NOW)
    assert not there(storage, image_hash)


def test_an_image_that_is_being_inspected_again_is_left_alone(storage: Storage, recipe: Recipe) -> None:
    judge(storage, recipe, 1, 0.1)
    age_files(storage)
    storage.artefacts.put_image(make_image(1))
    planned = list(Retention(storage, ANY_AGE).plan(NOW))
    assert make_image(1).image_hash not in {removal.content_hash for removal in planned}


def test_without_rules_nothing_goes(storage: Storage, recipe: Recipe) -> None:
    all_of_it(storage, recipe)
    assert Retention(storage, RetentionRules()).run(now=NOW).files == 0


def there(storage: Storage, content_hash: str) -> bool:
    return storage.artefacts.path_of(content_hash).exists()


def test_the_images_of_golden_parts_and_taught_patches_stay_whatever_the_rules(
    storage: Storage, recipe: Recipe
) -> None:
    numbers = all_of_it(storage, recipe)
    golden, taught, earlier = (record_of(storage, numbers[name]) for name in ("old OK", "confirmed OK", "new OK"))
    patches = tuple(TaughtPatch(record.image_hash, record.name, Box(0, 0, 2, 2)) for record in (taught, earlier))
    with storage.transaction() as transaction:
        product_id = transaction.products.product_id("metal nut")
        transaction.golden.put(product_id, GoldenPart(golden.image_hash, golden.name, OK), "")
        # One is taught in the draft; the other only in a recipe that is in force no more.
        transaction.products.sign("metal nut", replace(recipe, taught_patches=patches[1:]), "Ada", MOMENT)
        transaction.products.sign("metal nut", recipe, "Ada", MOMENT)
        draft = transaction.products.draft("metal nut")
        transaction.products.save("metal nut", replace(draft, taught_patches=patches[:1]))
    Retention(storage, RetentionRules(keep=timedelta(0), quota_bytes=0)).run(now=NOW)
    for record in (golden, taught, earlier):
        assert storage.artefacts.get_bytes(record.image_hash)
    assert not storage.artefacts.path_of(record_of(storage, numbers["decided NG"]).image_hash).exists()


def test_an_image_store_that_cannot_be_looked_into_is_a_sentence(storage: Storage, recipe: Recipe) -> None:
    number = judge(storage, recipe, 1, 0.1, days=3)
    folder = storage.artefacts.path_of(record_of(storage, number).image_hash).parent
    shutil.rmtree(folder)
    folder.touch()
    with pytest.raises(StorageError, match="cannot be looked at: Not a directory"):
        Retention(storage, RetentionRules(keep=timedelta(days=1))).run(dry=True)
