"""The drift watch: quiet when nothing changes, and no longer when something does."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from filo_core.calibration.drift import DriftDirection, payoffs, start_watch
from filo_core.errors import EvidenceError


def test_false_alarms_stay_below_the_stated_rate() -> None:
    rng = np.random.default_rng(11)
    repetitions, rate = 400, 0.05
    alarms = sum(
        start_watch(list(row[:8]), rate, seed=number).observe_all(row[8:]).alarm
        for number, row in enumerate(rng.standard_gamma(2.0, (repetitions, 108)))
    )
    assert alarms / repetitions <= rate + 2 * math.sqrt(rate * (1 - rate) / repetitions)


def test_false_alarms_stay_rare_when_many_scores_are_equal() -> None:
    rng = np.random.default_rng(12)
    rows = np.round(rng.normal(0.3, 0.05, (200, 108)), 1)
    alarms = sum(
        start_watch([*row[:8], 0.9], 0.05, seed=number).observe_all([*row[8:]]).alarm for number, row in enumerate(rows)
    )
    assert alarms / len(rows) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / len(rows))


@pytest.mark.parametrize(("shift", "direction"), [(3.0, DriftDirection.HIGHER), (-3.0, DriftDirection.LOWER)])
def test_a_shift_is_seen_within_twenty_parts_and_its_direction_told(shift: float, direction: DriftDirection) -> None:
    rng = np.random.default_rng(13)
    watch = start_watch(list(rng.normal(size=30))).observe_all(rng.normal(size=50))
    assert not watch.alarm
    assert "No sign of drift in 50 confirmed good parts" in watch.sentence
    drifted = watch.observe_all(rng.normal(shift, 1.0, 20))
    assert drifted.direction is direction
    assert drifted.alarm_part is not None
    assert 50 < drifted.alarm_part <= 70
    assert f"score {direction} than" in drifted.sentence
    assert "at most 1 %" in drifted.sentence


def test_the_alarm_stays_until_recalibration() -> None:
    watch = start_watch([0.1, 0.2, 0.3, 0.4, 0.5] * 6).observe_all([0.9 + 0.001 * part for part in range(40)])
    first = watch.alarm_part
    assert first is not None
    assert watch.observe_all([0.3] * 100).alarm_part == first


def smoothed_p_value(others: list[float], score: float, tie: float) -> float:
    """Vovk's smoothed conformal p-value, by counting."""
    above = sum(other > score for other in others)
    equal = sum(other == score for other in others) + 1
    return (above + tie * equal) / (len(others) + 1)


def test_every_bet_is_fair_on_uniform_p_values() -> None:
    for bet in range(len(payoffs(0.5))):
        pays, _ = quad(lambda p_value, bet=bet: payoffs(p_value)[bet], 0.0, 1.0)
        assert pays == pytest.approx(1.0, abs=1e-4)
    assert all(pay >= 0.0 for p_value in (0.0, 0.5, 1.0) for pay in payoffs(p_value))
    assert payoffs(0.2) == pytest.approx(payoffs(0.8)[3:] + payoffs(0.8)[:3])


def test_the_evidence_is_what_the_bets_on_every_start_have_made_of_one_unit() -> None:
    scores, parts, seed = [0.1, 0.2, 0.3, 0.4], [0.35, 0.15, 0.9], 3
    watch = start_watch(scores, seed=seed).observe_all(parts)
    paid = []
    for number, score in enumerate(parts, start=1):
        tie = float(np.random.default_rng((seed, number)).random())
        paid.append(payoffs(smoothed_p_value(scores + parts[: number - 1], score, tie)))
    # Start j has weight 1 / (j (j + 1)); starts after the last part still hold 1 / 4 altogether.
    starts = [1 / 2, 1 / 6, 1 / 12]
    wealth = [weight * float(np.mean(np.prod(paid[start:], axis=0))) for start, weight in enumerate(starts)]
    assert watch.evidence == pytest.approx(sum(wealth) + 1 / 4, abs=1e-12)


def test_part_by_part_and_all_at_once_are_the_same_and_can_be_replayed() -> None:
    scores = list(np.random.default_rng(1).random(30))
    at_once = start_watch(scores[:6], seed=5).observe_all(scores[6:])
    one_by_one = start_watch(scores[:6], seed=5)
    for score in scores[6:]:
        one_by_one = one_by_one.observe(score)
    assert at_once == one_by_one
    assert at_once.parts == 24


def test_too_little_to_compare_with_gives_a_sentence() -> None:
    with pytest.raises(EvidenceError, match="needs 4 confirmed good parts"):
        start_watch([0.1, 0.2, 0.3])
    with pytest.raises(EvidenceError, match="the very same score"):
        start_watch([0.1] * 12)
    with pytest.raises(EvidenceError, match="between 0 and 1"):
        start_watch([0.1, 0.2, 0.3, 0.4], 0.0)
    assert "No good part has been confirmed" in start_watch([0.1, 0.2, 0.3, 0.4]).sentence


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        start_watch([0.1, 0.2, 0.3, math.inf])
    with pytest.raises(ValueError, match="finite"):
        start_watch([0.1, 0.2, 0.3, 0.4]).observe(math.nan)
