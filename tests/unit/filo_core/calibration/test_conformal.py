"""What a limit promises, in theory and when it is tried."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from filo_core.calibration.conformal import (
    ConformalLimit,
    GoodParts,
    Guarantee,
    jackknife_plus_limit,
    lowest_promise,
    parts_needed,
    promise_sentence,
    split_limit,
)
from filo_core.calibration.limits import limits_at, starting_limits
from filo_core.errors import EvidenceError, FiloError


def _scores(count: int) -> list[float]:
    return [0.01 * (index + 1) for index in range(count)]


@pytest.mark.parametrize(("parts", "alpha", "rank"), [(19, 0.05, 19), (99, 0.01, 99), (99, 0.05, 95), (4, 0.2, 4)])
def test_the_split_limit_is_the_right_order_statistic(parts: int, alpha: float, rank: int) -> None:
    limit = split_limit(_scores(parts)[::-1], alpha)
    assert limit == ConformalLimit(pytest.approx(0.01 * rank), Guarantee.SPLIT, parts, alpha, rank, alpha)


def test_every_rate_that_n_parts_can_just_promise_takes_their_largest_score() -> None:
    for parts in range(2, 400):
        limit = split_limit(_scores(parts), 1.0 / (parts + 1))
        assert limit.rank == parts == parts_needed(1.0 / (parts + 1))


def test_jackknife_plus_promises_less_than_split_and_never_more_than_twice_alpha() -> None:
    limit = jackknife_plus_limit(_scores(39), 0.05)
    assert (limit.rank, limit.guarantee) == (38, Guarantee.JACKKNIFE_PLUS)
    assert limit.promise == pytest.approx(3 / 40)
    for parts, alpha in itertools.product((4, 8, 19, 50, 99), (0.2, 0.25, 0.4)):
        assert alpha / 2 < jackknife_plus_limit(_scores(parts), alpha).promise <= 2 * alpha
    assert jackknife_plus_limit(_scores(3), 0.9).promise == 1.0


def test_the_worst_case_of_jackknife_plus_is_that_of_every_tournament() -> None:
    """Exhaustive for five parts: how many can beat at least k others at once."""
    players = 5
    games = list(itertools.combinations(range(players), 2))
    most = dict.fromkeys(range(1, players), 0)
    for outcome in itertools.product((0, 1), repeat=len(games)):
        wins = [0] * players
        for pair, second_wins in zip(games, outcome, strict=True):
            wins[pair[second_wins]] += 1
        for k in most:
            most[k] = max(most[k], sum(count >= k for count in wins))
    count = players - 1
    for k, strange in most.items():
        promise = jackknife_plus_limit(_scores(count), (count + 1 - k) / (count + 1)).promise
        assert strange == min(round(promise * players), players)


@pytest.mark.parametrize("make", [split_limit, jackknife_plus_limit])
@pytest.mark.parametrize(
    ("scores", "alpha", "sentence"),
    [
        ([], 0.1, "Add at least two"),
        ([0.2], 0.5, "says nothing about how good parts differ"),
        ([0.2] * 30, 0.1, "copies of one picture"),
        ([0.1, 0.2, 0.3, 0.4], 0.01, r"lowest they can promise is 20 %\. Add 95 more"),
        ([0.1, 0.2, 0.3], 0.0, "Give 0.05 for 5 %"),
    ],
)
def test_degenerate_evidence_gives_a_sentence(make: object, scores: list[float], alpha: float, sentence: str) -> None:
    assert callable(make)
    with pytest.raises(EvidenceError, match=sentence) as error:
        make(scores, alpha)
    assert isinstance(error.value, FiloError)


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        split_limit([0.1, math.nan, 0.2], 0.4)


def test_one_good_part_promises_no_rate() -> None:
    sentence = promise_sentence(1)
    assert "no false-reject rate can be promised" in sentence
    assert "18 more for 5 %, 98 more for 1 %" in sentence
    with pytest.raises(EvidenceError, match="1 reference says nothing"):
        GoodParts(references=(0.3,)).limit()


def test_no_good_part_gives_a_sentence() -> None:
    for ask in (lambda: promise_sentence(0), lambda: lowest_promise(0), lambda: GoodParts(()).limit()):
        with pytest.raises(EvidenceError, match="at least one good part"):
            ask()


def test_a_promised_rate_is_kept_in_the_worst_case_too() -> None:
    for parts in (4, 8, 19, 39, 50, 99):
        for rate in (1 / (parts + 1), 0.21, 0.3):
            limit = GoodParts(tuple(_scores(parts))).limit(rate)
            assert limit.guarantee is Guarantee.JACKKNIFE_PLUS
            assert limit.promise <= rate + 1e-12


def test_confirmed_parts_take_over_when_there_are_enough() -> None:
    few = GoodParts(tuple(_scores(8)), confirmed=tuple(_scores(18)))
    assert few.needed(0.05) == 1
    with pytest.raises(EvidenceError, match="Add 1 more"):
        few.limit(0.05)
    assert few.limit(0.12).guarantee is Guarantee.SPLIT
    enough = replace(few, confirmed=(*few.confirmed, 0.5))
    assert enough.needed(0.05) == 0
    assert enough.limit(0.05).guarantee is Guarantee.SPLIT
    assert enough.limit() == enough.limit(0.05)
    assert "not references: at most 5 % of good parts are refused (split conformal)" in enough.limit(0.05).sentence


def test_the_sentence_of_jackknife_plus_says_that_it_is_the_worst_case() -> None:
    assert "at most 7.5 % of good parts are refused in the worst case (jackknife+)" in (
        jackknife_plus_limit(_scores(39), 0.05).sentence
    )


def test_split_conformal_keeps_its_promise_on_parts_it_never_saw() -> None:
    rng = np.random.default_rng(7)
    repetitions = 4000
    scores = rng.standard_gamma(2.0, (repetitions, 9))
    refused = sum(row[8] > split_limit(list(row[:8]), 1 / 9).limit for row in scores)
    assert refused / repetitions == pytest.approx(1 / 9, abs=4 * math.sqrt(1 / 9 * 8 / 9 / repetitions))


def test_jackknife_plus_keeps_its_promise_with_a_memory_bank() -> None:
    """Score: distance to the nearest reference, as in the memory bank."""
    rng = np.random.default_rng(8)
    repetitions, count, refused = 2000, 8, 0
    for parts in rng.standard_t(3, (repetitions, count + 1, 4)):
        apart = np.linalg.norm(parts[:, None] - parts[None], axis=2)
        np.fill_diagonal(apart, np.inf)
        limit = jackknife_plus_limit(list(apart[:count, :count].min(axis=1)), 1 / 9)
        refused += apart[count, :count].min() > limit.limit
    assert refused / repetitions <= 1 / 9 + 3 * math.sqrt(1 / 9 * 8 / 9 / repetitions)


def test_promised_limits_keep_the_review_band_of_the_starting_limits() -> None:
    scores = [0.10, 0.12, 0.11, 0.13]
    promised = limits_at(GoodParts(tuple(scores)).limit(), scores, region=0.3)
    assert promised == starting_limits(scores, [0.2, 0.3, 0.25, 0.2])
