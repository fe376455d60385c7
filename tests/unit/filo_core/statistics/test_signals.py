"""Run rules and EWMA beside the p-chart, and how often chance alone sets them off."""

from __future__ import annotations

import numpy as np
import pytest

from filo_core.statistics.charts import Subgroup, p_chart
from filo_core.statistics.signals import FEWEST, RunRule, ewma_of, signals_of


def chart_of(counts: list[int], size: int = 100, centre: float = 0.1):  # type: ignore[no-untyped-def]
    return p_chart([Subgroup(str(place), size, count) for place, count in enumerate(counts)], centre)


def test_eight_in_a_row_on_one_side_are_a_signal_though_none_lies_outside() -> None:
    found = signals_of(chart_of([8, 12, 12, 11, 12, 13, 12, 11, 12, 8]))
    assert [(signal.place, signal.rule, signal.rises) for signal in found.broken] == [(8, RunRule.EIGHT_IN_A_ROW, True)]


def test_two_of_three_and_four_of_five() -> None:
    found = signals_of(chart_of([10, 9, 10, 9, 10, 9, 17, 10, 17, 10]))
    assert {(signal.place, signal.rule) for signal in found.broken} == {(8, RunRule.TWO_OF_THREE)}
    found = signals_of(chart_of([10, 10, 9, 9, 6, 6, 10, 6, 6, 10]))
    assert (8, RunRule.FOUR_OF_FIVE, False) in {(one.place, one.rule, one.rises) for one in found.broken}


def test_fewer_than_eight_subgroups_say_nothing() -> None:
    found = signals_of(chart_of([12] * (FEWEST - 1)))
    assert (found.broken, found.ewma, found.shifts) == ((), (), ())


def test_the_ewma_finds_a_small_shift_that_no_limit_shows() -> None:
    chart = chart_of([10, 9, 11, 10, 9, 11, 10, 10, *([14] * 12)])
    assert not any(point.outside for point in chart.points)
    assert signals_of(chart).shifts


def test_chance_alone_sets_the_ewma_off_once_in_five_hundred_subgroups() -> None:
    random = np.random.default_rng(7)
    lengths = []
    for _ in range(400):
        smoothed, limits = ewma_of(random.standard_normal(6000))
        outside = np.flatnonzero(np.abs(smoothed) > limits)
        lengths.append(int(outside[0]) + 1 if len(outside) else 6000)
    # The standard error of 400 runs is 5 %.
    assert np.mean(lengths) == pytest.approx(500, rel=0.15)


def test_shares_of_few_refused_parts_set_neither_off_more_often_than_normal_ones() -> None:
    random = np.random.default_rng(8)
    alarms = rules = 0
    for _ in range(300):
        counts = random.binomial(60, 0.03, 30)
        if not counts.any():
            continue
        found = signals_of(chart_of(counts.tolist(), 60, 0.03))
        alarms += bool(found.shifts)
        rules += bool(found.broken)
    # 30 subgroups at one alarm in 500: 6 %; of the rules about 30 % of such charts break one by chance.
    assert alarms <= 0.09 * 300
    assert rules <= 0.36 * 300
