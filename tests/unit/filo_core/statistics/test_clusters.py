"""Rates over parts that were looked at more than once."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from filo_core.errors import EvidenceError
from filo_core.statistics.clusters import clustered_rate, jackknife_interval


def test_parts_that_were_looked_at_once_have_the_exact_interval() -> None:
    rate = clustered_rate([1] * 3 + [0] * 37, [1] * 40, "parts")
    assert (rate.count, rate.of) == (3, 40)
    assert (rate.lower, rate.upper) == pytest.approx(proportion_confint(3, 40, method="beta"), abs=1e-6)


def test_the_same_answer_three_times_is_worth_one_look() -> None:
    rate = clustered_rate([3] * 4 + [0] * 36, [3] * 40, "parts")
    once = proportion_confint(4, 40, method="beta")
    assert (rate.count, rate.of) == (12, 120)
    # A little wider still: there are 39 degrees of freedom where the looks pretend 119.
    assert rate.lower == pytest.approx(once[0], abs=0.003)
    assert rate.upper == pytest.approx(once[1], abs=0.008)


@pytest.mark.parametrize("count", [0, 3])
def test_where_nothing_varies_each_part_counts_once(count: int) -> None:
    rate = clustered_rate([count] * 20, [3] * 20, "parts")
    ends = proportion_confint(20 * (count > 0), 20, method="beta")
    assert (rate.lower, rate.upper) == pytest.approx(ends, abs=1e-6)


def test_parts_without_a_decision_count_for_nothing_and_nothing_at_all_is_said() -> None:
    assert clustered_rate([1, 0, 0], [2, 2, 0], "parts").of == 4
    with pytest.raises(EvidenceError, match="no parts"):
        clustered_rate([0], [0], "parts")
    with pytest.raises(ValueError, match="more parts"):
        clustered_rate([3], [2], "parts")


def test_the_interval_holds_the_true_rate_as_often_as_it_says_although_looks_at_one_part_resemble_each_other() -> None:
    random = np.random.default_rng(5)
    shares = random.beta(0.5, 4.5, size=(400, 50))
    looks = random.binomial(3, shares)
    held = 0
    for row in looks:
        rate = clustered_rate(row.tolist(), [3] * 50, "parts")
        held += rate.lower <= 0.1 <= rate.upper
    assert held >= 0.93 * 400


def test_the_jackknife_of_a_mean_is_the_interval_of_student() -> None:
    values = np.array([1.0, 2.0, 4.0, 7.0])
    tables = np.stack([values, np.ones(4)], axis=1)
    lower, upper = jackknife_interval(tables, lambda total: float(total[0] / total[1]))
    half = 3.182446305284263 * values.std(ddof=1) / 2.0
    assert (lower, upper) == pytest.approx((3.5 - half, 3.5 + half))
