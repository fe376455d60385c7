"""A part as a whole: what is missing or too many is told wherever it lies, and how good parts vary is learnt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from filo_core.eyes.bank import PatchBank
from filo_core.eyes.detector import EyesDetector
from filo_core.judging import decided_by
from filo_core.types import Limits, Recipe, Reference
from filo_core.whole_part import LEAST_PARTS, WordOff, WordsFound
from filo_core.zones import Zone, ZoneKind
from tests.unit.filo_core.eyes.test_counting import _WHOLE, _part
from tests.unit.filo_core.eyes.test_detector_bank import _detector, _recipe
from tests.unit.filo_core.eyes.test_zoned import _AnySize

_GOOD = [(16, 16), (16, 96), (96, 56), (64, 16)]


def _references(count: int) -> dict[str, np.ndarray]:
    """Good parts with four items each, every one of them elsewhere."""
    rng = np.random.default_rng(3)
    return {f"{n:064}": _part(_moved(rng), n) for n in range(count)}


def _moved(rng: np.random.Generator) -> list[tuple[int, int]]:
    down, across = 8 * rng.integers(0, 3, 2)
    return [(row - down % 16, column - across % 16) for row, column in _GOOD]


def _seen(count: int, folder: Path) -> EyesDetector:
    zones = (Zone("picture", _WHOLE), Zone("whole part", _WHOLE, kind=ZoneKind.WHOLE))
    found: Recipe = replace(
        _recipe(3), references=tuple(Reference(key, key) for key in _references(count)), zones=zones
    )
    eye = _AnySize()
    eye.is_deep = False  # type: ignore[attr-defined]
    detector = _detector(found, eye, folder)
    detector.set_references(_references(count))
    return detector


def _words(detector: EyesDetector, pixels: np.ndarray, bank: PatchBank | None = None) -> WordsFound:
    found = detector.predict_against(pixels, bank or detector.memory_bank).zones[1].words
    assert found is not None
    return found


def test_a_part_with_another_number_of_items_is_further_than_any_good_one(tmp_path: Path) -> None:
    detector = _seen(10, tmp_path)
    left_out = [
        _words(detector, pixels, detector.memory_bank.without(key)).score for key, pixels in _references(10).items()
    ]
    good = _words(detector, _part(_moved(np.random.default_rng(50)), 50)).score
    few, many = _words(detector, _part(_GOOD[:2], 51)), _words(detector, _part([*_GOOD, (96, 96), (40, 96)], 52))
    assert good <= max(left_out)
    assert min(few.score, many.score) > max(left_out)
    assert any(word.found < word.usual for word in few.words)
    assert any(word.found > word.usual for word in many.words)
    assert many.surplus


def test_what_there_is_too_much_of_is_marked_where_it_lies(tmp_path: Path) -> None:
    many = _words(_seen(10, tmp_path), _part([*_GOOD, (96, 96), (40, 96)], 52))
    marked = np.zeros((128, 128), bool)
    for (left, top), (right, low) in many.surplus:
        assert 0.0 <= left < right <= 1.0
        assert 0.0 <= top < low <= 1.0
        marked[round(128 * top) : round(128 * low), round(128 * left) : round(128 * right)] = True
    assert marked[100:108, 100:108].mean() > 0.5
    assert not marked.all()


def test_of_seven_good_parts_it_is_off(tmp_path: Path) -> None:
    detector = _seen(LEAST_PARTS - 1, tmp_path)
    prediction = detector.predict(_part(_GOOD[:1], 9))
    assert prediction.zones[1].words is None
    assert prediction.zones[1].score == 0.0
    assert prediction.image_score == prediction.zones[0].score


def test_words_are_kept_on_disk_and_leave_with_their_part(tmp_path: Path) -> None:
    detector = _seen(8, tmp_path)
    bank = PatchBank.from_arrays(detector.memory_bank.to_arrays())
    pixels, key = _part(_GOOD[:2], 9), f"{3:064}"
    assert _words(detector, pixels, bank) == _words(detector, pixels)
    assert _words(detector, pixels, bank.without(key)) == _words(detector, pixels, detector.memory_bank.without(key))
    assert key not in bank.without(key).words[0].by_part  # type: ignore[union-attr]


def test_too_few_parts_are_kept_on_disk_as_well(tmp_path: Path) -> None:
    bank = PatchBank.from_arrays(_seen(3, tmp_path).memory_bank.to_arrays())
    assert bank.words == (None,)


def test_the_reason_says_what_is_missing_and_what_is_too_many(tmp_path: Path) -> None:
    prediction = _seen(10, tmp_path).predict(_part(_GOOD[:2], 51))
    whole = replace(prediction.zones[1], score=0.9)
    said = decided_by(
        replace(prediction, zones=(replace(prediction.zones[0], score=0.1), whole)), Limits(0.5, 0.6, 0.5)
    )
    assert said.startswith("Region whole part, as a whole, has too little of what good parts show at ")


@pytest.mark.parametrize(
    ("at", "found", "said"),
    [
        ((0.1, 0.1), 2.4, "too little of what good parts show at top left (2 patches, 9 as a rule)"),
        ((0.5, 0.99), 1.0, "too little of what good parts show at bottom (1 patch, 9 as a rule)"),
        ((1.0, 0.5), 20.0, "too much of what they show at right (20 patches, 9 as a rule)"),
    ],
)
def test_a_word_is_said_by_where_good_parts_show_it(at: tuple[float, float], found: float, said: str) -> None:
    assert WordsFound("whole part", 0.5, (WordOff(at, 9.2, found),), ()).sentence == said


def test_without_a_word_that_stands_out_the_reason_says_so_much() -> None:
    assert WordsFound("whole part", 0.5, (), ()).sentence == ""
