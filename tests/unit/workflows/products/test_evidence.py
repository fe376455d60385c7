from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from filo_core.events import Calibrated
from filo_core.types import Limits, Origin, Recipe, Reference, ReviewDecision, Verdict
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import MODEL_HASH, MOMENT, make_draft, make_image, make_inspection, sign_product
from workflows.products.catalogue import Catalogue
from workflows.products.evidence import confirmed_evidence, drift
from workflows.reporting.history import History

NAME = "metal nut"
HOUR = timedelta(hours=1)


@pytest.fixture
def recipe(storage: Storage) -> Recipe:
    return sign_product(storage)


def inspect(storage: Storage, recipe: Recipe, scores: Sequence[float], hour: int, first: int = 0) -> list[int]:
    """Record parts of one hour; every one is a picture of its own."""
    recorder = Recorder(storage, NAME)
    moment = MOMENT + hour * HOUR
    return [
        recorder.record_one(
            make_inspection(recipe, 1000 * (hour + 1) + first + number, score, origin=Origin.LIVE, inspected_at=moment)
        )
        for number, score in enumerate(scores)
    ]


def call_good(storage: Storage, numbers: Sequence[int], verdict: Verdict = Verdict.OK) -> None:
    history = History(storage)
    for number in numbers:
        system = history.get(number).verdict
        agrees = system in {verdict, Verdict.REVIEW}
        decision = ReviewDecision.CONFIRM if agrees else ReviewDecision.OVERRULE
        history.review(number, decision, verdict, "Ada", "" if agrees else "it is")


def calibrate(catalogue: Catalogue, confirmed: tuple[float, ...] = ()) -> None:
    result = Calibrated(
        limits=Limits(0.25, 0.5, 0.125),
        scores=(0.1, 0.2),
        lowest_promise=1 / 3,
        sentence="two good parts",
        model_hash=MODEL_HASH,
        trained=True,
        confirmed_scores=confirmed,
    )
    catalogue.set_calibration(NAME, result)


def test_parts_of_an_hour_count_once_every_image_of_it_is_decided(storage: Storage, recipe: Recipe) -> None:
    numbers = inspect(storage, recipe, [0.1, 0.12, 0.14, 0.9], hour=0)
    call_good(storage, numbers[:3])
    waiting = confirmed_evidence(storage, NAME, recipe)
    assert waiting.parts == ()
    assert waiting.sentence.startswith("3 confirmed good parts do not count yet")
    call_good(storage, numbers[3:], Verdict.NG)
    counted = confirmed_evidence(storage, NAME, recipe)
    assert [part.score for part in counted.parts] == [0.1, 0.12, 0.14]
    assert counted.sentence == ""


def test_one_content_counts_once_and_what_is_in_the_bank_never(storage: Storage, recipe: Recipe) -> None:
    first = inspect(storage, recipe, [0.1, 0.12], hour=0)
    call_good(storage, first)
    again = [
        Recorder(storage, NAME).record_one(
            make_inspection(recipe, 1000, 0.1, origin=Origin.LIVE, inspected_at=MOMENT + 5 * HOUR)
        )
    ]
    call_good(storage, again)
    assert len(confirmed_evidence(storage, NAME, recipe).parts) == 2
    with_it = replace(recipe, references=(*recipe.references, Reference(make_image(1000).image_hash, "now good")))
    assert [part.name for part in confirmed_evidence(storage, NAME, with_it).parts] == ["part 1001.png"]


def test_a_changed_set_up_brings_images_to_be_scored_again(storage: Storage, recipe: Recipe) -> None:
    call_good(storage, inspect(storage, recipe, [0.1, 0.12], hour=0))
    other = replace(recipe, class_name="bolt")
    found = confirmed_evidence(storage, NAME, other).parts
    assert [part.image.image_hash for part in found if part.image] == [make_image(n).image_hash for n in (1000, 1001)]
    # Retention may have taken one of them.
    storage.artefacts.path_of(make_image(1000).image_hash).unlink()
    assert len(confirmed_evidence(storage, NAME, other).parts) == 1


def test_before_calibration_and_with_few_parts_the_watch_gives_a_sentence(
    storage: Storage, catalogue: Catalogue, recipe: Recipe
) -> None:
    assert "has no calibration in the record yet" in drift(storage, NAME).sentence
    calibrate(catalogue)
    assert "needs 4 confirmed good parts" in drift(storage, NAME).sentence
    call_good(storage, inspect(storage, recipe, [0.1] * 6, hour=0))
    assert "All 4 good parts have the very same score" in drift(storage, NAME).sentence


def test_higher_scores_of_good_parts_raise_an_alarm_that_stays_until_the_next_calibration(
    storage: Storage, catalogue: Catalogue, recipe: Recipe
) -> None:
    rng = np.random.default_rng(3)
    calibrate(catalogue, tuple(rng.uniform(0.05, 0.1, 20).tolist()))
    quiet = inspect(storage, recipe, rng.uniform(0.05, 0.1, 10).tolist(), hour=0)
    call_good(storage, quiet)
    calm = drift(storage, NAME)
    assert not calm.alarm
    assert calm.sentence.startswith("No sign of drift in 10 confirmed good parts")
    call_good(storage, inspect(storage, recipe, rng.uniform(0.15, 0.2, 12).tolist(), hour=1))
    found = drift(storage, NAME)
    assert found.alarm
    assert "score higher than those the limits were set with" in found.sentence
    # A later correction does not make the alarm unheard of.
    call_good(storage, quiet, Verdict.NG)
    assert drift(storage, NAME) == found
    calibrate(catalogue, tuple(rng.uniform(0.15, 0.2, 12).tolist()))
    assert not drift(storage, NAME).alarm


def test_what_the_calibration_has_seen_is_not_watched_again(
    storage: Storage, catalogue: Catalogue, recipe: Recipe
) -> None:
    call_good(storage, inspect(storage, recipe, [0.1, 0.11, 0.12, 0.13], hour=0))
    calibrate(catalogue, (0.1, 0.11, 0.12, 0.13))
    assert "No good part has been confirmed since calibration" in drift(storage, NAME).sentence
    call_good(storage, inspect(storage, recipe, [0.125], hour=1))
    assert "in 1 confirmed good parts" in drift(storage, NAME).sentence
    # The same hour goes on: only what is new in it counts.
    call_good(storage, inspect(storage, recipe, [0.105, 0.115], hour=0, first=50))
    assert "in 3 confirmed good parts" in drift(storage, NAME).sentence


def test_an_hour_that_is_decided_late_is_added_at_the_end(
    storage: Storage, catalogue: Catalogue, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[float, ...]] = []
    from workflows.products import evidence

    real = evidence.start_watch

    def start(scores: Sequence[float], seed: int) -> object:
        seen.append(tuple(scores))
        return real(scores, seed=seed)

    monkeypatch.setattr(evidence, "start_watch", start)
    calibrate(catalogue)
    early = inspect(storage, recipe, [0.21, 0.22], hour=0)
    call_good(storage, inspect(storage, recipe, [0.1, 0.11, 0.12], hour=1))
    drift(storage, NAME)
    call_good(storage, early)
    drift(storage, NAME)
    assert seen == [(0.1, 0.11, 0.12), (0.1, 0.11, 0.12, 0.21)]


def test_scores_of_another_set_up_are_not_compared(storage: Storage, catalogue: Catalogue, recipe: Recipe) -> None:
    calibrate(catalogue, (0.1, 0.11, 0.12, 0.13))
    other = replace(make_draft(), references=(Reference("d" * 64, "another.png"),)).recipe(recipe.limits, MODEL_HASH)
    with storage.transaction() as transaction:
        transaction.products.sign(NAME, other, "Ada", MOMENT)
    call_good(storage, inspect(storage, other, [0.2] * 5, hour=0))
    assert "No good part has been confirmed since calibration" in drift(storage, NAME).sentence
