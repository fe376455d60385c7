from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from filo_core.calibration.evidence import GOAL, calibrated
from filo_core.errors import EvidenceError
from filo_core.events import Calibrated

SIX = (0.10, 0.12, 0.11, 0.15, 0.13, 0.14)


def found(scores: tuple[float, ...], confirmed: tuple[float, ...] = (), alpha: float = GOAL) -> Calibrated:
    return calibrated(scores, [0.3] * len(scores), confirmed, alpha, model_hash="c" * 64, trained=True)


def test_six_references_promise_their_lowest_rate_and_name_what_is_missing() -> None:
    result = found(SIX)
    assert result.promise == result.lowest_promise == pytest.approx(1 / 7)
    assert result.needed_for_alpha == 93
    assert result.limits.ok <= 0.15 <= result.limits.ng
    assert result.guarantee == "jackknife+"
    assert "13 more for 5 %, 93 more for 1 %" in result.sentence
    assert "at most 14.3 % of good parts are called NG in the worst case (jackknife+, 6 good parts)." in result.sentence
    doubtful = sum(score > result.limits.ok for score in SIX)
    assert f"{doubtful} of these 6 would be doubtful" in result.sentence


def test_a_goal_of_one_s_own_is_named_as_well() -> None:
    assert "3 more for 10 %" in found(SIX, alpha=0.1).sentence


def test_confirmed_parts_carry_the_limit_once_there_are_as_many() -> None:
    more = tuple(0.2 + number / 100 for number in range(6))
    assert found(SIX, more[:5]).guarantee == "jackknife+"
    result = found(SIX, more)
    assert result.guarantee == "split conformal"
    assert result.limits.ok <= 0.25 <= result.limits.ng
    assert "worst case" not in result.sentence
    assert result.confirmed_scores == more


def test_a_promise_that_is_kept_exactly_by_ninety_nine_confirmed_parts() -> None:
    parts = tuple(number / 100 for number in range(1, 100))
    result = found(SIX, parts)
    assert result.needed_for_alpha == 0
    assert result.promise == 0.01
    assert result.limits.ok == 0.99


def test_one_part_has_limits_and_no_promise() -> None:
    result = found((0.2,))
    assert result.promise is None
    assert result.guarantee == ""
    assert result.limits.ok == 0.2
    assert "no false-reject rate can be promised" in result.sentence


def test_equal_scores_and_impossible_rates_are_sentences() -> None:
    with pytest.raises(EvidenceError, match="All 3 good parts have the very same score"):
        found((0.0, 0.0, 0.0))
    with pytest.raises(EvidenceError, match="lies between 0 and 1"):
        found(SIX, alpha=1.0)


@pytest.mark.parametrize("count", [4, 8, 19, 50, 99])
@pytest.mark.parametrize("confirmed", [False, True])
def test_what_calibration_promises_is_kept_for_exchangeable_parts(count: int, confirmed: bool) -> None:
    """1,000 calibrations, each of parts of its own and one new part, whichever variant the evidence carries."""
    rng = np.random.default_rng((count, confirmed))
    refused, promise = 0, 0.0
    for _ in range(1000):
        bank = rng.normal(size=(count, 3))
        apart = np.linalg.norm(bank[:, None] - bank[None], axis=2)
        np.fill_diagonal(apart, np.inf)
        others = rng.normal(size=(count + 1, 3))
        outside = np.linalg.norm(others[:, None] - bank[None], axis=2).min(axis=1)
        given = tuple(outside[:-1].tolist()) if confirmed else ()
        result = found(tuple(apart.min(axis=1).tolist()), given)
        assert result.promise is not None
        promise = result.promise
        # Below the goal the promise is about NG, and doubt begins earlier.
        refused += outside[-1] > (result.limits.ng if result.needed_for_alpha else result.limits.ok)
    assert promise == pytest.approx(max(GOAL, 1 / (count + 1)))
    assert binomtest(refused, 1000, promise, alternative="greater").pvalue > 0.001
