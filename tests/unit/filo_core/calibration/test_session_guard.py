"""Good parts of another session beside a promise: exact numbers, and what is said of them."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from filo_core.calibration.evidence import calibrated
from filo_core.calibration.guard import Guard, Source
from filo_core.calibration.limits import GUESSED
from filo_core.calibration.session_guard import exceeding_p_value, session_rate
from filo_core.sessions import ToldBy
from filo_core.statistics.rates import Interval, counted_rate, exact_rate
from filo_core.types import Limits, Verdict

LIMITS = Limits(0.3, 0.6, 0.4)
DAY = Source("2026-11-27", 8, ToldBy.FILE)


@pytest.mark.parametrize(
    ("refused", "of", "promise"), [(0, 8, 0.11), (1, 8, 0.11), (4, 8, 0.11), (8, 8, 0.5), (3, 40, 0.01)]
)
def test_the_test_is_the_exact_binomial_one(refused: int, of: int, promise: float) -> None:
    expected = binomtest(refused, of, promise, alternative="greater").pvalue
    assert exceeding_p_value(refused, of, promise) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("count", "of"), [(0, 1), (1, 1), (0, 8), (3, 40), (40, 40), (999, 1000)])
def test_the_quick_interval_is_that_of_statsmodels(count: int, of: int) -> None:
    slow = counted_rate(count, of, "parts", Interval.CLOPPER_PEARSON)
    quick = exact_rate(count, of)
    assert (quick.count, quick.of) == (count, of)
    assert (quick.lower, quick.upper) == pytest.approx((slow.lower, slow.upper), rel=1e-9)


@pytest.mark.parametrize(("count", "of"), [(0, 0), (2, 1), (-1, 3)])
def test_a_share_of_nothing_is_no_number(count: int, of: int) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        exact_rate(count, of)


@pytest.mark.parametrize(("refused", "of", "promise"), [(9, 8, 0.1), (-1, 8, 0.1), (1, 8, 1.5)])
def test_counts_that_contradict_each_other_are_refused(refused: int, of: int, promise: float) -> None:
    with pytest.raises(ValueError, match="cannot be refused"):
        exceeding_p_value(refused, of, promise)


def test_a_session_is_counted_as_the_promise_means_it() -> None:
    scores = (0.2, 0.4, 0.7, 0.9)
    as_ng = session_rate("night", scores, LIMITS, 0.11, Verdict.NG)
    assert (as_ng.rate.count, as_ng.doubtful) == (2, 3)
    as_refused = session_rate("night", scores, LIMITS, 0.11, Verdict.REVIEW)
    assert as_refused.rate.count == 3
    assert as_refused.exceeds
    assert not session_rate("night", scores, LIMITS, 0.11, Verdict.REVIEW, joined=True).exceeds
    assert session_rate("night", scores, LIMITS, None, Verdict.NG).p_value is None


def test_what_is_stated_is_never_less_than_what_the_session_carries() -> None:
    quiet = session_rate("night", (0.1,) * 8, LIMITS, 0.11, Verdict.NG)
    guard = Guard(0.11, Verdict.NG, (DAY,), (quiet,))
    # Nobody refused among eight: the exact interval ends at 1 - 0.025^(1/8).
    assert guard.stated == pytest.approx(1 - 0.025 ** (1 / 8))
    assert not guard.exceeded
    many = session_rate("night", (0.1,) * 200, LIMITS, 0.11, Verdict.NG)
    assert Guard(0.11, Verdict.NG, (DAY,), (many,)).stated == 0.11
    assert Guard(0.11, Verdict.NG, (DAY,)).stated == 0.11


def test_a_promise_of_one_session_says_so() -> None:
    alone = Guard(0.11, Verdict.NG, (DAY,))
    assert alone.one_session
    assert "of one session (2026-11-27, 8 parts, by the dates of the files)" in alone.sentence
    assert "another day or shift" in alone.sentence
    nobody_knows = Guard(0.11, Verdict.NG, (Source("", 8),))
    assert "It is not known of which days" in nobody_knows.sentence
    two = Guard(0.11, Verdict.NG, (DAY, Source("night", 4)))
    assert not two.one_session
    assert "of 2 sessions" in two.sentence
    assert Guard(None, Verdict.NG, ()).sentence == ""


def test_a_session_that_exceeds_the_promise_asks_for_new_limits() -> None:
    shown = session_rate("night", (0.7,) * 4 + (0.1,) * 4, LIMITS, 0.11, Verdict.NG)
    sentence = Guard(0.11, Verdict.NG, (DAY,), (shown,)).sentence
    assert "more than promised (promised at most 11 %; exact test, p = 0.007" in sentence
    assert "Set the limits again with these parts" in sentence
    assert "4 of 8 (50 %, 95 % interval" in sentence


def test_each_session_asks_for_a_limit_of_its_own_and_the_highest_is_taken() -> None:
    good = tuple(0.1 + 0.01 * number for number in range(8))
    alone = calibrated(good, good, (), 0.01, model_hash="", trained=True)
    assert (alone.refused_as, alone.promise, alone.promised_at) == (Verdict.NG, pytest.approx(1 / 9), max(good))
    night = (0.5, 0.6, 0.7)
    both = calibrated(good, good, (), 0.01, model_hash="", trained=True, sessions={"night": night})
    assert both.limits.ng >= max(night)
    assert both.limits.region == alone.limits.region
    assert both.promise == pytest.approx(1 / 4), "the weaker of the two promises"
    assert "With the good parts of night (3): at most 25 %" in both.sentence
    assert both.confirmed_scores == night
    within = calibrated(good, good, (), 0.01, model_hash="", trained=True, sessions={"night": (0.11, 0.12)})
    assert within.limits.ng == alone.limits.ng, "what lies within moves no limit"


def test_few_parts_promise_no_more_than_about_ng_however_many_another_session_has() -> None:
    good, many = (*(0.1 + 0.001 * number for number in range(7)), 0.5), tuple(0.05 + 0.0002 * n for n in range(120))
    found = calibrated(good, good, (), 0.01, model_hash="", trained=True, sessions={"long night": many})
    assert found.promised_at is not None
    assert found.limits.ok < found.promised_at, "good parts beyond it come to review, and nothing is said of how many"
    assert found.refused_as is Verdict.NG
    assert "of good parts of any session are called NG" in found.sentence
    assert "refused" not in found.sentence


def test_without_a_good_part_limits_are_a_guess_and_promise_nothing() -> None:
    guessed = calibrated((), (), (), 0.01, model_hash="", trained=True)
    assert guessed.limits == Limits(0.5, 0.75, 0.5)
    assert (guessed.promise, guessed.sentence) == (None, GUESSED)
    one = calibrated((), (), (0.2,), 0.01, model_hash="", trained=True)
    assert (one.limits, one.promise) == (guessed.limits, None)
    confirmed = calibrated((), (), (0.1, 0.2, 0.3), 0.01, model_hash="", trained=True)
    assert confirmed.promise == pytest.approx(0.25)
    assert confirmed.limits.ng >= 0.3
    assert confirmed.guarantee == "split conformal"
