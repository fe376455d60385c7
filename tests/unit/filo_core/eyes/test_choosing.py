"""The trial of eyes: the cheapest that suits, what counts as bad, and what it says."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from filo_core.errors import EvidenceError
from filo_core.events import EyesChosen, StepDone, TriedEyes
from filo_core.eyes.choosing import FAST, SHARP, candidates_for, cheapest_that_suits, is_large, try_eyes
from filo_core.types import Eyes, Prediction, Sight, SourceImage

GOOD = np.repeat(np.linspace(40, 200, 96, dtype=np.uint8)[None, :, None].repeat(96, axis=0), 3, axis=2)

PLACES = np.random.default_rng(4).permutation(96 * 96).reshape(96, 96).astype(np.float32) / (96 * 96)


class _Bank:
    def without(self, key: str) -> str:
        return f"without {key}"


class _Detector:
    """Sees any change of the good picture, or none; the good part itself varies from place to place."""

    def __init__(self, acuity: float, seconds: float) -> None:
        self.memory_bank = _Bank()
        self.against: list[str] = []
        self._acuity, self._seconds = acuity, seconds

    def predict_against(self, pixels: NDArray[np.uint8], bank: str) -> Prediction:
        self.against.append(bank)
        return self.predict(pixels)

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        changed = (pixels != GOOD).any(axis=2)
        shown = PLACES + np.float32(2.0 * self._acuity) * changed
        return Prediction(0.5, shown.astype(np.float32), (), {"all": self._seconds}, trained=True)


def _part(number: int) -> SourceImage:
    return SourceImage(f"{number}.png", b"", f"{number}", GOOD, datetime.now(UTC))


def _tried(*separations: float) -> list[TriedEyes]:
    return [TriedEyes(eyes, share, 0.1) for eyes, share in zip(SHARP, separations, strict=False)]


def test_the_cheaper_one_is_taken_with_up_to_twice_as_many_worse_places_and_not_beyond() -> None:
    assert cheapest_that_suits(_tried(0.99, 0.995, 0.995)) == SHARP[0]
    assert cheapest_that_suits(_tried(0.98, 0.99, 0.995)) == SHARP[1]
    assert cheapest_that_suits(_tried(0.5, 0.6, 0.9)) == SHARP[2]


def test_below_one_place_in_a_thousand_nothing_is_gained() -> None:
    assert cheapest_that_suits(_tried(0.9985, 0.9999, 0.99999)) == SHARP[0]
    assert cheapest_that_suits(_tried(0.9975, 0.9999, 0.99999)) == SHARP[1]


def test_there_are_at_most_eight_candidates_of_a_kind_the_cheaper_ones_first() -> None:
    usual, large = np.zeros((600, 800, 3), np.uint8), np.zeros((1500, 2000, 3), np.uint8)
    for sight in Sight:
        candidates = candidates_for(sight, [usual])
        assert 2 <= len(candidates) <= 8
        assert all(eyes.sight is sight for eyes in candidates)
        assert not any(eyes.in_tiles for eyes in candidates)
        for_large = candidates_for(sight, [usual, large])
        assert len(for_large) <= 8
        assert for_large[:-1] == candidates
        assert for_large[-1].in_tiles
    assert [eyes.light_px for eyes in FAST] == sorted(eyes.light_px for eyes in FAST)


def test_small_pictures_are_not_blown_up_beyond_what_their_pixels_say() -> None:
    for sight in Sight:
        assert max(eyes.light_px for eyes in candidates_for(sight, [np.zeros((128, 128, 3), np.uint8)])) == 512
        (only,) = candidates_for(sight, [np.zeros((20, 20, 3), np.uint8)])
        assert only.light_px == 256


def test_large_pictures_are_those_with_the_pixels_of_a_square_of_1500() -> None:
    assert not is_large(np.zeros((600, 1400, 3), np.uint8))
    assert is_large(np.zeros((1200, 2000, 3), np.uint8))


def test_every_part_is_looked_at_as_a_stranger_and_the_sharpest_needed_is_chosen() -> None:
    detectors = {SHARP[0]: _Detector(0.0, 0.05), SHARP[1]: _Detector(1.0, 0.1), SHARP[2]: _Detector(1.0, 0.3)}
    *steps, chosen = try_eyes(tuple(detectors), detectors.__getitem__, [_part(0), _part(1)])  # type: ignore[arg-type]
    assert [type(step) for step in steps] == [StepDone] * 3
    assert isinstance(chosen, EyesChosen)
    assert chosen.chosen == SHARP[1]
    blind, *seeing = (one.separation for one in chosen.candidates)
    assert 0.3 < blind < 0.99
    assert seeing == pytest.approx([1.0 - 0.5 / PLACES.size] * 2)
    assert set(detectors[SHARP[1]].against) == {"without 0", "without 1"}
    assert "100 ms a picture" in chosen.sentence
    assert "drawings alone" in chosen.sentence


def test_bad_parts_that_were_shown_weigh_as_much_as_all_drawings() -> None:
    detector = _Detector(1.0, 0.1)
    shown = [GOOD]
    *_, chosen = try_eyes([Eyes()], lambda _: detector, [_part(0), _part(1)], shown)  # type: ignore[arg-type, return-value]
    assert isinstance(chosen, EyesChosen)
    # No good place looks worse, and half a place is reckoned: of one part for drawings, of both for bad parts.
    assert chosen.candidates[0].separation == pytest.approx(1.0 - (0.5 * 0.25) ** 0.5 / PLACES.size)
    assert "1 bad parts" in chosen.sentence


def test_one_good_image_is_too_few_to_try_on() -> None:
    with pytest.raises(EvidenceError, match="two good images"):
        next(try_eyes(SHARP, lambda _: _Detector(1.0, 0.1), [_part(0)]))  # type: ignore[arg-type, return-value]
