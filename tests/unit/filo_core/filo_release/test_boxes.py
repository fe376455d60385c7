"""The release's box rules (section 4.10 and 4.11 of its description), oddities included."""

import numpy as np
import pytest

from filo_core.filo_release.boxes import BoxCandidate, filter_boxes, suppress
from filo_core.types import Position

WORDS = ("crack", "damage")


def _candidate(x: float, y: float, side: float = 0.1, score: float = 0.5, phrase: str = "crack") -> BoxCandidate:
    return BoxCandidate((x, y, side, side), score, phrase)


def test_a_survivor_is_in_pixels_and_unclamped() -> None:
    found = filter_boxes([_candidate(0.02, 0.5)], WORDS)
    assert found.boxes[0] == pytest.approx([-15.54, 233.1, 36.26, 284.9], abs=1e-3)
    assert found.rectangles[0].tolist() == [-15, 233, 36, 284]


def test_a_phrase_that_names_none_of_the_words_stays_in_fractions_and_marks_nothing() -> None:
    found = filter_boxes([_candidate(0.5, 0.5, phrase="metal")], WORDS)
    assert found.boxes[0] == pytest.approx([0.5, 0.5, 0.1, 0.1])
    assert not found.rectangles.any()
    assert found.centre == (259.0, 259.0)


def test_words_match_as_part_of_the_phrase_with_case() -> None:
    assert filter_boxes([_candidate(0.5, 0.5, phrase="cracked area")], WORDS).rectangles.any()
    assert not filter_boxes([_candidate(0.5, 0.5, phrase="Crack")], WORDS).rectangles.any()


def test_when_every_box_is_too_large_the_best_one_is_kept_all_the_same() -> None:
    large = [_candidate(0.5, 0.5, side=0.9, score=0.4), _candidate(0.4, 0.4, side=0.95, score=0.6)]
    found = filter_boxes(large, WORDS)
    assert len(found.boxes) == 1
    assert found.position is Position.CENTER


def test_when_every_score_is_too_low_the_kept_box_has_an_empty_phrase_and_is_dropped() -> None:
    found = filter_boxes([_candidate(0.1, 0.1, score=0.24)], WORDS)
    assert len(found.boxes) == 1
    assert not found.rectangles.any()
    assert found.position is Position.CENTER


def test_the_later_of_two_equal_truncated_scores_chooses_the_position() -> None:
    boxes = [_candidate(0.1, 0.1, score=0.6249), _candidate(0.8, 0.85, score=0.6203)]
    assert filter_boxes(boxes, WORDS).position is Position.BOTTOM_RIGHT


def test_a_centre_in_the_gap_between_two_bands_has_no_position() -> None:
    gap = 172.5 / 518
    assert filter_boxes([_candidate(gap, 0.6)], WORDS).position is None


def test_no_candidate_at_all_means_the_middle_and_no_rectangle() -> None:
    found = filter_boxes([], WORDS)
    assert found.rectangles.shape == (0, 4)
    assert found.position is Position.CENTER


def test_suppression_reduces_everything_outside_and_reads_negative_corners_from_the_far_end() -> None:
    ones = np.full((518, 518), 0.5, np.float32)
    final, kept = suppress(ones, np.array([[10, 20, 30, 25], [-15, 0, 37, 5]], np.int32))
    assert kept == 20 * 5
    assert final[22, 15] == np.float32(0.5)
    assert final[2, 10] == np.float32(0.5) * np.float32(0.7)


def test_a_pixel_that_is_exactly_one_is_never_reduced() -> None:
    values = np.full((518, 518), 0.5, np.float32)
    values[100, 100] = 1.0
    final, kept = suppress(values, np.zeros((1, 4), np.int32))
    assert final[100, 100] == 1.0
    assert kept == 1
