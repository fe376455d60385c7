"""Starting limits, and what n good parts can promise."""

import numpy as np
import pytest

from filo_core.calibration.conformal import jackknife_plus_limit
from filo_core.calibration.limits import (
    doubt_limit,
    doubting_limits,
    lowest_promise,
    parts_needed,
    promise_sentence,
    starting_limits,
)
from filo_core.calibration.variations import gentle_variations
from filo_core.errors import RecipeError
from filo_core.types import Limits, Verdict


@pytest.mark.parametrize(("rate", "parts"), [(0.05, 19), (0.01, 99), (0.005, 199)])
def test_a_rate_needs_one_over_it_minus_one_good_parts(rate: float, parts: int) -> None:
    assert parts_needed(rate) == parts
    assert lowest_promise(parts) == pytest.approx(rate)


def test_twelve_parts_promise_what_the_design_says_they_do() -> None:
    sentence = promise_sentence(12)
    assert "12 good parts" in sentence
    assert "7.7 %" in sentence
    assert "87 more for 1 %" in sentence


def test_one_part_is_told_apart_in_words() -> None:
    assert "its own variations" in promise_sentence(1)


def test_no_part_gives_a_sentence_and_no_number() -> None:
    with pytest.raises(RecipeError, match="good part"):
        starting_limits([], [])


def test_no_good_part_is_beyond_the_ok_limit_and_the_review_band_is_never_empty() -> None:
    limits = starting_limits([0.10, 0.12, 0.11, 0.13], [0.2, 0.3, 0.25, 0.2])
    assert limits.ok == 0.13
    assert limits.ng > limits.ok
    assert limits.region == 0.3
    identical = starting_limits([0.2, 0.2, 0.2], [0.2, 0.2, 0.2])
    assert identical.ng == pytest.approx(0.22)


def test_a_score_on_a_limit_gets_the_milder_verdict() -> None:
    limits = Limits(ok=0.2, ng=0.4, region=0.2)
    assert [limits.verdict(score) for score in (0.2, 0.21, 0.4, 0.41)] == [
        Verdict.OK,
        Verdict.REVIEW,
        Verdict.REVIEW,
        Verdict.NG,
    ]


def test_limits_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="ok <= ng"):
        Limits(ok=0.5, ng=0.4, region=0.1)


def test_variations_keep_size_and_type_and_differ_from_the_image() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8)
    views = gentle_variations(pixels)
    assert len(views) == 5
    assert all(view.shape == pixels.shape and view.dtype == np.uint8 for view in views)
    assert np.array_equal(views[0], pixels)
    assert all(not np.array_equal(view, pixels) for view in views[1:])


def test_one_odd_reference_does_not_open_the_door() -> None:
    """Leave-one-out scores of eight cookies, one of them unlike the others: the highest lets cracked ones pass."""
    usual = [0.10, 0.11, 0.12, 0.10, 0.13, 0.11, 0.12]
    assert doubt_limit([*usual, 0.45]) < 0.18
    assert doubt_limit([*usual, 0.45]) == pytest.approx(doubt_limit([*usual, 0.14]), rel=0.05)


def test_the_doubt_limit_follows_the_unit_of_small_scores() -> None:
    scores = [0.010, 0.012, 0.009, 0.015]
    assert doubt_limit([score / 10 for score in scores]) == pytest.approx(doubt_limit(scores) / 10, rel=0.02)


@pytest.mark.parametrize("scores", [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.3]])
def test_the_doubt_limit_stays_a_score(scores: list[float]) -> None:
    assert 0.0 < doubt_limit(scores) <= 1.0


def test_no_limit_without_a_part() -> None:
    with pytest.raises(RecipeError, match="Add a good image first"):
        doubt_limit([])


@pytest.mark.parametrize("count", [4, 8, 16])
def test_about_one_good_part_in_fourteen_is_doubtful_when_scores_spread_as_usual(count: int) -> None:
    """Log-odds of a normal distribution: 1.5 spreads leave 6.7 % above; few parts know their middle badly."""
    rng = np.random.default_rng(count)
    odds = rng.normal(-2.0, 0.2, size=(2000, count + 1))
    scores = 1.0 / (1.0 + np.exp(-odds))
    doubted = np.mean([row[-1] > doubt_limit(row[:-1].tolist()) for row in scores])
    assert 0.05 < doubted < 0.14


def test_few_parts_doubt_before_they_refuse() -> None:
    scores = [0.10, 0.12, 0.11, 0.30]
    limits = doubting_limits(jackknife_plus_limit(scores, 0.2), scores, [0.2, 0.3, 0.2, 0.6])
    assert limits.ok < 0.30 == limits.ng
    assert limits.region < 0.6
