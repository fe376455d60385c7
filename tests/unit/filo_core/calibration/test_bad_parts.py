"""Bad parts place the limits, within what the good parts' promise allows, and say what the set-up misses."""

from __future__ import annotations

import numpy as np
import pytest

from filo_core.calibration.bad_parts import bad_parts_needed, most_missed, of_ten, prove, stopping_limits
from filo_core.calibration.evidence import calibrated
from filo_core.events import Calibrated
from filo_core.proof import Colour, JudgedPart, Standing
from filo_core.statistics.rates import Interval, counted_rate
from filo_core.types import Limits, Verdict

GOOD = (0.10, 0.11, 0.12, 0.13, 0.14, 0.15)
PROMISED = 0.15


def parts(*scores: float) -> tuple[JudgedPart, ...]:
    return tuple(JudgedPart(f"{number:064}", f"{number}.png", score) for number, score in enumerate(scores))


def found(bad: tuple[float, ...] = (), good: tuple[float, ...] = GOOD, alpha: float = 0.01) -> Calibrated:
    return calibrated(good, good, (), alpha, model_hash="m", trained=True, bad=parts(*bad))


def test_without_a_bad_part_nothing_is_known_of_them() -> None:
    proof = found().proof
    assert proof is not None
    assert proof.standing is Standing.NEVER_SHOWN
    assert proof.standing.colour is Colour.AMBER
    assert proof.most_missed is None
    assert proof.sentence == "Never shown a bad part: it may miss everything."


def test_bad_parts_far_away_move_nothing_and_are_told_apart() -> None:
    with_them = found((0.4, 0.5, 0.6))
    assert with_them.limits == found().limits
    proof = with_them.proof
    assert proof is not None
    assert proof.standing.colour is Colour.GREEN
    assert proof.sentence == "Tells your 6 good parts from 3 bad ones."
    assert proof.missed_unseen == 0
    assert "up to 7.1 of 10 bad parts like these may pass" in with_them.sentence
    assert "3 more that are stopped make it 5 of 10" in with_them.sentence


def test_ok_ends_below_a_bad_part_and_the_price_is_said() -> None:
    before, after = found().limits, found((0.128, 0.5))
    assert before.ok > 0.128
    assert 0.12 < after.limits.ok < 0.128
    assert after.limits.verdict(0.128) is Verdict.REVIEW
    assert after.limits.ng == before.ng, "the good parts' promise is about NG, and stays"
    assert "3 instead of" in after.sentence
    assert "called NG" in after.sentence
    assert after.proof is not None
    assert after.proof.standing is Standing.BLURRED, "three good parts score higher than this bad one"
    assert after.proof.standing.colour is Colour.AMBER


def test_a_bad_part_that_looks_better_than_most_good_ones_is_missed_and_costs_nothing() -> None:
    after = found((0.105, 0.5))
    assert after.limits == found().limits
    assert after.proof is not None
    assert after.proof.standing.colour is Colour.RED
    assert after.proof.sentence == "Misses 1 of 2 bad parts."
    assert [part.score for part in after.proof.missed] == [0.105]


def test_ng_comes_down_to_the_promised_score_and_never_below() -> None:
    limits = Limits(0.13, 0.3, 0.1)
    assert stopping_limits(limits, GOOD, (0.2,), PROMISED).ng == pytest.approx(0.175)
    assert stopping_limits(limits, GOOD, (0.14,), PROMISED).ng == 0.3
    assert stopping_limits(limits, GOOD, (0.1500001,), PROMISED).ng >= PROMISED


def test_enough_parts_for_the_goal_go_on_saying_what_they_promise() -> None:
    good = tuple(0.1 + 0.0001 * number for number in range(40))
    plain, moved = found(good=good, alpha=0.05), found((0.1030,), good, alpha=0.05)
    assert "are refused" in plain.sentence
    assert moved.limits.ok < plain.limits.ok
    assert "are called NG" in moved.sentence
    assert moved.limits.ng >= plain.limits.ok


def test_each_bad_part_is_judged_by_limits_that_were_placed_without_it() -> None:
    limits = Limits(0.13, 0.2, 0.1)
    stopped = stopping_limits(limits, GOOD, (0.128, 0.5), PROMISED)
    proof = prove(stopped, parts(*GOOD), parts(0.128, 0.5), limits)
    assert not proof.missed
    assert proof.missed_unseen == 1
    assert proof.most_missed == pytest.approx(most_missed(1, 2))


def test_limits_moved_by_hand_are_taken_as_they_are() -> None:
    proof = prove(Limits(0.45, 0.6, 0.1), parts(*GOOD), parts(0.4, 0.5))
    assert (len(proof.missed), proof.missed_unseen) == (1, 1)
    everything = prove(Limits(0.0, 0.6, 0.1), parts(*GOOD), parts(0.4, 0.5))
    assert everything.standing is Standing.BLURRED, "who looks at every part tells nothing apart"


def test_one_good_part_never_loses_its_limit_to_a_bad_one() -> None:
    assert found((0.15,), good=(0.2,)).limits == found(good=(0.2,)).limits


@pytest.mark.parametrize(("missed", "of"), [(0, 1), (0, 3), (1, 3), (3, 3), (2, 40)])
def test_the_bound_is_that_of_the_reports(missed: int, of: int) -> None:
    assert most_missed(missed, of) == pytest.approx(counted_rate(missed, of, "x", Interval.CLOPPER_PEARSON).upper)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be missed"):
        most_missed(0, 0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        bad_parts_needed(1.0)


@pytest.mark.parametrize("share", [0.5, 0.2, 0.1])
def test_as_many_bad_parts_are_asked_for_as_the_bound_needs(share: float) -> None:
    needed = bad_parts_needed(share)
    assert most_missed(0, needed) <= share < most_missed(0, needed - 1)


def test_a_share_of_ten_is_never_less_than_it_is() -> None:
    assert [of_ten(share) for share in (0.0, 0.5, 0.7076, 0.701, 1.0)] == ["0", "5", "7.1", "7.1", "10"]


@pytest.mark.parametrize("shown", [1, 3, 5, 20])
@pytest.mark.parametrize("apart", [0.5, 1.5, 4.0])
def test_the_stated_share_of_missed_bad_parts_holds_in_95_of_100_set_ups(shown: int, apart: float) -> None:
    """1,000 set-ups, each of good and bad parts of its own; what passes is counted on 2,000 bad parts more."""
    rng, broken = np.random.default_rng((shown, int(10 * apart))), 0
    for _ in range(1000):
        good = tuple(0.2 + 0.02 * rng.normal(size=8))
        bad = tuple(0.2 + 0.02 * (apart + rng.normal(size=shown)))
        result = found(bad, good)
        assert result.proof is not None
        assert result.proof.most_missed is not None
        passing = (0.2 + 0.02 * (apart + rng.normal(size=2000)) <= result.limits.ok).mean()
        broken += passing > result.proof.most_missed
    assert broken <= 50
