"""Two recipes of a product on the same stored pictures."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from filo_core.errors import EvidenceError, ProductError
from filo_core.types import InspectionFilter, Prediction, Recipe, Review, ReviewDecision, Verdict
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import LIMITS, MODEL_HASH, MOMENT, make_draft, make_inspection, sign_product
from workflows.products.catalogue import Catalogue
from workflows.studies.replay import (
    Replay,
    comparison_content,
    comparison_lines,
    contestant,
    contestants,
    replay_of,
    replay_steps,
)

NAME = "metal nut"


class RedDetector:
    """The more red, the more anomalous."""

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        score = float(pixels[..., 0].mean()) / 255.0
        return Prediction(score, np.full((2, 2), score, np.float32), (), {}, trained=True)


class RedEngine:
    def model_hash_for(self, eyes: object) -> str:
        return MODEL_HASH

    def detector(self, recipe: Recipe, references: object) -> RedDetector:
        return RedDetector()


@pytest.fixture
def catalogue(storage: Storage) -> Catalogue:
    """Version 1 calls NG above half red, version 2 only above nine tenths; ten good parts, ten bad, five undecided."""
    recipe = sign_product(storage)
    milder = replace(make_draft(NAME), limits=replace(LIMITS, ok=0.85, ng=0.9))
    assert milder.limits is not None
    with storage.transaction() as transaction:
        transaction.products.sign(NAME, milder.recipe(milder.limits, MODEL_HASH), "Ada", MOMENT)
    recorder = Recorder(storage, NAME)
    for shade in (*range(10), *range(200, 210), *range(90, 95)):
        number = recorder.record_one(make_inspection(recipe, shade))
        if not 90 <= shade < 95:
            verdict = Verdict.NG if shade >= 200 else Verdict.OK
            with storage.transaction() as transaction:
                transaction.reviews.add(number, Review(ReviewDecision.CONFIRM, verdict, "Ada", MOMENT))
    made = Catalogue(storage)
    made.references = lambda name_or_recipe: ()  # type: ignore[method-assign]
    return made


def replayed(catalogue: Catalogue, first: str, second: str, most: int = 200) -> Replay:
    replay = replay_of(catalogue, NAME, contestant(catalogue, NAME, first), contestant(catalogue, NAME, second), most)
    for _ in replay_steps(catalogue, replay)(RedEngine()):  # type: ignore[arg-type]
        pass
    return replay


def test_what_a_milder_recipe_newly_misses_is_listed_first_and_nothing_is_recorded(
    storage: Storage, catalogue: Catalogue
) -> None:
    before = storage.head()
    replay = replayed(catalogue, "1", "2")
    assert replay.is_done
    assert storage.head() == before
    with storage.reading() as transaction:
        assert transaction.inspections.count(InspectionFilter()) == 25
    content = json.loads(json.dumps(comparison_content(replay), allow_nan=False))
    assert (content["pictures"], content["decided"]) == (25, 20)
    assert content["turned"]["newly missed"] == 10
    assert content["turned"]["no longer doubted"] == 5
    assert content["missed"]["b"]["count"] == 10
    assert content["missed"]["p"] == pytest.approx(2 / 2**10)
    assert content["differing"][0]["turned"] == "newly missed"
    lines = comparison_lines(replay)
    assert lines[0] == "metal nut, 2 instead of 1: 10 newly missed, 5 no longer doubted."
    assert "McNemar's exact test p = 0.002" in lines[2]


def test_the_draft_can_be_held_against_what_is_in_force(catalogue: Catalogue) -> None:
    assert contestants(catalogue, NAME) == ("2", "1", "draft")
    assert comparison_content(replayed(catalogue, "1", "draft"))["turned"]["newly missed"] == 0


def test_a_few_pictures_are_of_both_kinds(catalogue: Catalogue) -> None:
    truths = [truth for _, _, truth in replayed(catalogue, "1", "2", most=6).parts]
    assert (truths.count(Verdict.NG), truths.count(Verdict.OK)) == (3, 3)


@pytest.mark.parametrize(("first", "second", "words"), [("1", "1", "itself"), ("1", "9", "no recipe version 9")])
def test_what_cannot_be_compared_is_a_sentence(catalogue: Catalogue, first: str, second: str, words: str) -> None:
    with pytest.raises(ProductError, match=words):
        replayed(catalogue, first, second)
    with pytest.raises(ProductError, match="is no recipe version"):
        contestant(catalogue, NAME, "newest")


def test_without_a_picture_there_is_nothing_to_replay(storage: Storage) -> None:
    sign_product(storage, "other")
    catalogue = Catalogue(storage)
    first, second = contestant(catalogue, "other", "1"), contestant(catalogue, "other", "draft")
    with pytest.raises(EvidenceError, match="no stored picture of other"):
        replay_of(catalogue, "other", first, second)
