"""Names that a product learns: prototypes, shares that mean something, and what is like none."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from filo_core.naming.examples import NOTHING_WRONG, NamedExample
from filo_core.naming.named_detector import NamedDetector
from filo_core.naming.part_types import called, image_types, part_called
from filo_core.naming.prototypes import ENOUGH, LearnedNames
from filo_core.types import (
    UNKNOWN_TYPE,
    Box,
    Position,
    Prediction,
    Region,
    TypeShare,
    Verdict,
)

SPACE, WIDTH = "1:eyes", 64
KINDS = ("scratch", "dent", "stain")


def look(kind: str, seed: int, spread: float = 0.7) -> np.ndarray:
    """What a region of a kind looks like: around a direction of its own; cosine 0.67 among each other."""
    centre = np.random.default_rng(sum(map(ord, kind))).normal(size=WIDTH)
    off = np.random.default_rng(seed * 7919 + len(kind)).normal(size=WIDTH)
    vector = centre / np.linalg.norm(centre) + spread * off / np.linalg.norm(off)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def examples(count: int, kinds: Sequence[str] = KINDS, first: int = 0, spread: float = 0.7) -> list[NamedExample]:
    return [NamedExample(kind, look(kind, first + n, spread), f"{kind} {n}") for kind in kinds for n in range(count)]


def region(embedding: np.ndarray | None, shares: tuple[TypeShare, ...] = ()) -> Region:
    return Region(Box(0, 0, 4, 4), 16, 0.9, UNKNOWN_TYPE, 0.0, Position.CENTER, shares, embedding)


def prediction(*regions: Region, space: str = SPACE) -> Prediction:
    return Prediction(0.8, np.zeros((2, 2), np.float32), regions, {}, trained=True, embedding_space=space)


def right(names: LearnedNames, tries: int = 40) -> float:
    found = [names.shares(look(kind, 500 + n, spread=2.5))[0].name == kind for kind in KINDS for n in range(tries)]
    return sum(found) / len(found)


def test_one_example_of_each_helps_and_ten_decide() -> None:
    one, ten = (right(LearnedNames(examples(count, spread=2.5), SPACE)) for count in (1, 10))
    assert one > 0.5
    assert ten > 0.85
    assert ten > one


def test_a_type_with_many_examples_does_not_win_by_their_number() -> None:
    uneven = [*examples(30, ["scratch"]), *examples(1, ["dent"], first=90)]
    names = LearnedNames(uneven, SPACE)
    found = [names.shares(look("dent", 700 + n))[0].name for n in range(40)]
    assert found.count("dent") >= 36


def test_what_is_like_nothing_that_was_named_stays_unknown() -> None:
    names = LearnedNames(examples(5), SPACE)
    strange = np.random.default_rng(1).normal(size=(200, WIDTH))
    strange /= np.linalg.norm(strange, axis=1, keepdims=True)
    named = [called(names.shares(vector.astype(np.float32)))[0] != UNKNOWN_TYPE for vector in strange]
    assert sum(named) <= 20


def test_shares_are_those_of_the_types_and_leave_something_for_none_of_them() -> None:
    shares = LearnedNames(examples(5), SPACE).shares(look("dent", 600))
    assert shares[0].name == "dent"
    assert [one.share for one in shares] == sorted((one.share for one in shares), reverse=True)
    assert 0.5 < sum(one.share for one in shares) < 1.0


def test_shares_are_as_often_right_as_they_say() -> None:
    names = LearnedNames(examples(12), SPACE)
    ranked = [(kind, names.shares(look(kind, 800 + n, spread=1.1))[0]) for kind in KINDS for n in range(200)]
    said = float(np.mean([best.share for _, best in ranked]))
    held = float(np.mean([best.name == kind for kind, best in ranked]))
    assert said <= held + 0.1, "names are not surer than they are right"


def test_a_handful_of_examples_makes_nobody_certain() -> None:
    alike = look("dent", 1)
    few, many = ([NamedExample("dent", alike, str(n)) for n in range(count)] for count in (1, 50))
    assert LearnedNames(few, SPACE).shares(alike)[0].share == pytest.approx(2 / 3)
    assert LearnedNames(many, SPACE).shares(alike)[0].share > 0.95


def test_words_speak_before_there_are_examples_and_less_with_each() -> None:
    words = (TypeShare("stain", 0.8), TypeShare("dent", 0.1))
    shares_of = [
        {one.name: one.share for one in LearnedNames(examples(count), SPACE).shares(look("dent", 601), words)}
        for count in (1, 10)
    ]
    assert shares_of[0]["dent"] < shares_of[1]["dent"]
    assert LearnedNames(examples(10), SPACE).shares(look("dent", 601), words)[0].name == "dent"


def test_a_type_that_words_alone_know_can_still_win() -> None:
    names = LearnedNames(examples(3, ["dent"]), SPACE)
    words = (TypeShare("hole", 0.9),)
    assert names.shares(look("stain", 900), words)[0].name == "hole"
    assert names.shares(look("dent", 900))[0].name == "dent"


def test_names_change_nothing_but_names() -> None:
    before = prediction(region(look("dent", 610)), region(None))
    after = LearnedNames(examples(5), SPACE).applied(before)
    assert (after.regions[0].anomaly_type, after.regions[1].anomaly_type) == ("dent", UNKNOWN_TYPE)
    assert after.regions[0].type_confidence == after.regions[0].type_shares[0].share
    assert len(after.regions[0].type_shares) == 3
    assert (after.image_score, after.regions[0].score, after.examples) == (0.8, 0.9, 15)
    assert after.anomaly_map is before.anomaly_map
    assert after.anomaly_types[0].name == "dent"


@pytest.mark.parametrize("space", ["", "1:others"])
def test_what_other_eyes_saw_is_not_named(space: str) -> None:
    before = prediction(region(look("dent", 610)), space=space)
    assert LearnedNames(examples(5), SPACE).applied(before) is before


def test_without_an_example_what_words_said_stays() -> None:
    words = (TypeShare("dent", 0.7),)
    before = prediction(region(look("dent", 610), words))
    assert LearnedNames((), SPACE).applied(before) is before


def test_good_parts_and_types_that_are_switched_off_are_no_names() -> None:
    names = LearnedNames([*examples(3), *examples(3, [NOTHING_WRONG])], SPACE, refused=["stain"])
    assert names.names == ("dent", "scratch")
    assert names.examples == 6


def test_each_example_is_judged_by_the_others_without_its_own_picture() -> None:
    alone = [
        NamedExample("dent", look("dent", 1), "same picture"),
        NamedExample("dent", look("dent", 2), "same picture"),
    ]
    left = LearnedNames([*alone, *examples(4, ["scratch", "stain"])], SPACE).left_out()
    assert [one.named == "dent" for one in left[:2]] == [False, False]
    assert sum(one.named == one.name for one in left[2:]) >= 7


def test_the_temperature_is_found_once_there_are_decisions_enough() -> None:
    few, many = LearnedNames(examples(6), SPACE), LearnedNames(examples(12), SPACE)
    assert few.examples < ENOUGH <= many.examples
    assert many.temperature <= few.temperature


def test_types_of_a_picture_are_those_of_its_regions_best_first() -> None:
    two = [region(None, (TypeShare("dent", 0.5), TypeShare("hole", 0.3))), region(None, (TypeShare("hole", 0.6),))]
    assert image_types(two) == (TypeShare("hole", 0.6), TypeShare("dent", 0.5))
    assert image_types([]) == ()


def test_a_refused_part_without_a_region_has_the_type_of_its_highest_place() -> None:
    nothing = replace(prediction(), peak_embedding=look("dent", 610))
    after = LearnedNames(examples(5), SPACE).applied(nothing)
    assert part_called(Verdict.NG, after.regions, after.anomaly_types)[0] == "dent"
    assert part_called(Verdict.OK, after.regions, after.anomaly_types) == ("", 0.0)
    assert part_called(Verdict.NG, (), ()) == (UNKNOWN_TYPE, 0.0)
    of_region = replace(region(None), anomaly_type="hole", type_confidence=0.6)
    assert part_called(Verdict.NG, (of_region,), after.anomaly_types) == ("hole", 0.6)


def test_a_detector_asks_for_the_names_of_this_moment() -> None:
    class Sees:
        def predict(self, _pixels: np.ndarray) -> Prediction:
            return prediction(region(look("dent", 610)))

    known: list[NamedExample] = []
    detector = NamedDetector(Sees(), lambda: LearnedNames(known, SPACE))
    pixels = np.zeros((4, 4, 3), np.uint8)
    assert detector.predict(pixels).regions[0].anomaly_type == UNKNOWN_TYPE
    known += examples(5)
    assert detector.predict(pixels).regions[0].anomaly_type == "dent"


@pytest.mark.timed
def test_naming_a_region_costs_less_than_two_milliseconds() -> None:
    names = LearnedNames(examples(130), SPACE)
    seen = region(look("dent", 610))
    started = time.process_time()
    for _ in range(100):
        names.named(seen)
    assert (time.process_time() - started) / 100 < 0.002


def test_where_a_drawn_region_lists_its_own_names_no_other_is_given() -> None:
    names = LearnedNames(examples(5), SPACE)
    found = region(look("dent", 600))
    assert names.named(found).anomaly_type == "dent"
    listing = names.named(replace(found, listed=("scratch", "stain")))
    assert listing.anomaly_type in {"scratch", "stain", UNKNOWN_TYPE}
    assert {one.name for one in listing.type_shares} == {"scratch", "stain"}
    nothing = names.named(replace(found, listed=("rust",)))
    assert (nothing.anomaly_type, nothing.type_shares) == (UNKNOWN_TYPE, ())
