"""The recount is exactly what every single score would give, and quick enough for a slider."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filo_core.errors import EvidenceError
from filo_core.statistics.recount import Recount, ScoreHistory, VerdictCounts, verdict_counts
from filo_core.types import Limits, Verdict

# Few different values, so that scores on a limit and equal scores are common.
COARSE = st.integers(0, 8).map(lambda eighth: eighth / 8)


@given(st.lists(COARSE), COARSE, COARSE)
def test_the_recount_is_that_of_every_single_score(scores: list[float], one: float, other: float) -> None:
    limits = Limits(ok=min(one, other), ng=max(one, other), region=0.1)
    expected = verdict_counts(limits.verdict(score) for score in scores)
    assert ScoreHistory.of(scores).recount(limits).all == expected


@pytest.mark.timed
def test_a_million_scores_are_recounted_in_well_under_a_second() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random(1_000_000)
    started = time.perf_counter()
    history = ScoreHistory.of(scores, known_good=scores[:10_000], known_bad=scores[10_000:20_000])
    first = history.recount(Limits(0.4, 0.6, 0.4)).all
    built = time.perf_counter() - started
    started = time.perf_counter()
    for step in range(1000):
        history.recount(Limits(step / 2000, 0.5 + step / 2000, 0.4))
    moved = time.perf_counter() - started
    assert first == VerdictCounts(
        int((scores <= 0.4).sum()), int(((scores > 0.4) & (scores <= 0.6)).sum()), int((scores > 0.6).sum())
    )
    assert built < 1.0
    assert moved < 1.0


def test_reviewed_images_show_what_moving_a_limit_costs() -> None:
    history = ScoreHistory.of([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], known_good=[0.1, 0.2, 0.5], known_bad=[0.3, 0.6])
    recount = history.recount(Limits(ok=0.3, ng=0.4, region=0.3))
    assert recount == Recount(
        Limits(0.3, 0.4, 0.3), VerdictCounts(3, 1, 2), VerdictCounts(2, 0, 1), VerdictCounts(1, 0, 1)
    )
    assert (recount.false_rejects, recount.false_accepts) == (1, 1)
    assert recount.false_reject_rate().value == pytest.approx(1 / 3)
    assert recount.false_accept_rate().value == 0.5
    load = recount.review_load()
    assert (load.count, load.of) == (1, 6)
    assert load.lower < 1 / 6 < load.upper


def test_an_empty_history_counts_zero_and_gives_no_share() -> None:
    recount = ScoreHistory.of([]).recount(Limits(0.1, 0.2, 0.1))
    assert recount.all == VerdictCounts()
    for rate in (recount.review_load, recount.false_reject_rate, recount.false_accept_rate):
        with pytest.raises(EvidenceError, match="yet, so there is no share"):
            rate()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_score_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        ScoreHistory.of([0.1, bad, 0.3])


def test_the_histogram_puts_a_score_on_a_limit_on_its_milder_side() -> None:
    histogram = ScoreHistory.of([0.0, 0.25, 0.5, 0.5, 0.75, 1.0, 1.5]).histogram([0.0, 0.5, 1.0])
    assert histogram.counts == (4, 2)
    assert histogram.edges == (0.0, 0.5, 1.0)
    with pytest.raises(ValueError, match="rise"):
        ScoreHistory.of([0.1]).histogram([0.5, 0.5])


def test_images_not_inspected_are_in_no_count() -> None:
    verdicts = [Verdict.OK, Verdict.NG, Verdict.NG, Verdict.REVIEW, Verdict.NOT_INSPECTED]
    counts = verdict_counts(verdicts)
    assert (counts, counts.total) == (VerdictCounts(ok=1, review=1, ng=2), 4)
