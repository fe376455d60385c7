"""Every formula of the eyes on numbers that can be checked by hand."""

import math

import numpy as np
import pytest

from filo_core.eyes.scoring import (
    LEAST_DEVIATION,
    corrected,
    deviations_at,
    fused,
    peak_of,
    spread_of,
    squashed,
    squashed_score,
    standardised,
)


def test_distances_become_deviations_from_the_mean_of_good_parts() -> None:
    spread = spread_of(np.float32([0.1, 0.3]))
    assert (spread.mean, spread.deviation) == pytest.approx((0.2, 0.1))
    np.testing.assert_allclose(standardised(np.float32([0.2, 0.5]), spread), [0.0, 3.0], atol=1e-5)


def test_parts_that_are_alike_to_the_pixel_do_not_make_everything_an_anomaly() -> None:
    assert spread_of(np.zeros(9, np.float32)).deviation == LEAST_DEVIATION


def test_a_distance_means_less_where_good_parts_vary_anyway() -> None:
    np.testing.assert_allclose(corrected(np.float32([0.4, 0.4]), np.float32([0.0, 0.6])), [0.4, 0.1], atol=1e-6)


def test_maps_are_averaged_and_the_score_is_the_mean_of_the_highest_share() -> None:
    low, high = np.zeros((10, 10), np.float32), np.full((10, 10), 4.0, np.float32)
    assert fused([low, high]).max() == 2.0
    ramp = np.arange(100, dtype=np.float32).reshape(10, 10)
    assert peak_of(ramp, 0.02, 0.0) == pytest.approx(98.5)
    assert peak_of(ramp, 0.0001, 0.0) == 99.0


def test_the_scale_rises_stays_between_zero_and_one_and_leads_back() -> None:
    scale = squashed(np.linspace(-6, 60, 400, dtype=np.float32))
    assert (np.diff(scale) > 0).all()
    assert 0.0 < scale.min() < scale.max() < 1.0
    for deviations in (-1.5, 0.0, 8.0, 40.0):
        assert deviations_at(squashed_score(deviations)) == pytest.approx(deviations, abs=1e-6)
    assert squashed_score(8.0) == pytest.approx(0.5, abs=1e-3)


def test_the_log_odds_of_a_score_are_the_logarithm_of_its_deviations() -> None:
    low, high = squashed_score(5.0), squashed_score(20.0)
    apart = math.log(high / (1 - high)) - math.log(low / (1 - low))
    assert apart == pytest.approx(math.log(20.0 / 5.0), abs=0.01)
