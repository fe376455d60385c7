"""Charts against published worked examples and plain arithmetic."""

import math

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from filo_core.errors import EvidenceError
from filo_core.statistics.charts import (
    Subgroup,
    control_chart,
    first_pass_yield,
    laney_chart,
    p_chart,
    pareto,
)
from filo_core.types import UNKNOWN_TYPE

# D. C. Montgomery, Introduction to Statistical Quality Control: Tables 7.1 (orange juice cans), 7.4 (purchase orders).
CANS = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6]
ORDERS = [100, 80, 80, 100, 110, 110, 100, 100, 90, 90, 110, 120, 120]
ORDERS += [120, 110, 80, 80, 80, 90, 100, 100, 100, 100, 90, 90]
WRONG_ORDERS = [12, 8, 6, 9, 10, 12, 11, 16, 10, 6, 20, 15, 9, 8, 6, 8, 10, 7, 5, 8, 5, 8, 10, 6, 9]


def _subgroups(sizes: list[int], refused: list[int]) -> list[Subgroup]:
    return [Subgroup(f"{i}", n, d) for i, (n, d) in enumerate(zip(sizes, refused, strict=True), start=1)]


def test_the_p_chart_of_the_orange_juice_cans_is_the_published_one() -> None:
    chart = p_chart(_subgroups([50] * 30, CANS))
    assert round(chart.centre, 4) == 0.2313
    # R's qcc prints these limits for the same data.
    assert {(round(p.lower, 8), round(p.upper, 7)) for p in chart.points} == {(0.05242755, 0.4102391)}
    assert [point.label for point in chart.points if point.outside] == ["15", "23"]
    assert chart.notes == ()


def test_every_subgroup_has_limits_of_its_own_size() -> None:
    chart = p_chart(_subgroups(ORDERS, WRONG_ORDERS))
    assert chart.centre == pytest.approx(234 / 2450, abs=1e-12)
    for point, size in zip(chart.points, ORDERS, strict=True):
        half = 3 * math.sqrt(234 / 2450 * 2216 / 2450 / size)
        assert (point.lower, point.upper) == pytest.approx((max(234 / 2450 - half, 0), 234 / 2450 + half), abs=1e-6)
    assert [point.label for point in chart.points if point.outside] == ["11"]


def test_the_lower_limit_stops_at_zero_and_the_upper_at_one() -> None:
    low = p_chart(_subgroups([10, 10, 10], [0, 1, 1]))
    high = p_chart(_subgroups([10, 10, 10], [10, 9, 9]))
    assert {point.lower for point in low.points} == {0.0}
    assert {point.upper for point in high.points} == {1.0}
    assert "3 of 3 subgroups" in low.notes[-1]


def test_laney_widens_by_the_moving_range_of_the_deviations() -> None:
    # Centre 1/2; the deviations are -0.4 and +0.2, their moving range 0.6.
    chart = laney_chart(_subgroups([100, 400], [48, 202]))
    assert chart.sigma_z == pytest.approx(0.6 / 1.128, abs=1e-9)
    halves = [(point.upper - point.lower) / 2 for point in chart.points]
    assert halves == pytest.approx([3 * 0.6 / 1.128 * 0.05, 3 * 0.6 / 1.128 * 0.025], abs=1e-9)


def test_large_subgroups_that_vary_from_day_to_day_get_laney_s_chart() -> None:
    rng = np.random.default_rng(2)
    shares = rng.normal(0.05, 0.01, 30)
    days = [Subgroup(f"day {i}", 20_000, int(rng.binomial(20_000, share))) for i, share in enumerate(shares)]
    assert sum(point.outside for point in p_chart(days).points) > 10
    chart = control_chart(days)
    assert chart.sigma_z > 3.0
    assert sum(point.outside for point in chart.points) == 0
    stable = [Subgroup(f"day {i}", 20_000, int(rng.binomial(20_000, 0.05))) for i in range(30)]
    assert control_chart(stable) == p_chart(stable)


def test_one_bad_shift_stays_an_alarm() -> None:
    shifts = _subgroups([200] * 24, [10] * 12 + [60] + [10] * 11)
    assert [point.label for point in control_chart(shifts).points if point.outside] == ["13"]


def test_a_known_centre_is_kept() -> None:
    chart = p_chart(_subgroups([100, 100], [9, 11]), centre=0.05)
    assert chart.centre == 0.05
    assert [point.outside for point in chart.points] == [False, False]
    with pytest.raises(ValueError, match="between 0 and 1"):
        p_chart(_subgroups([100, 100], [9, 11]), centre=1.0)


@pytest.mark.parametrize("make", [p_chart, laney_chart, control_chart])
@pytest.mark.parametrize(
    ("subgroups", "sentence"),
    [
        ([], "at least two shifts or hours"),
        ([Subgroup("a", 10, 2), Subgroup("b", 0, 0)], "at least two shifts or hours"),
        ([Subgroup("a", 10, 0), Subgroup("b", 10, 0)], "None of the 20 images was refused"),
        ([Subgroup("a", 10, 10), Subgroup("b", 10, 10)], "Every one of the 20 images was refused"),
    ],
)
def test_without_variation_there_are_no_limits(make: object, subgroups: list[Subgroup], sentence: str) -> None:
    assert callable(make)
    with pytest.raises(EvidenceError, match=sentence):
        make(subgroups)


def test_laney_says_so_when_all_shares_are_equal() -> None:
    with pytest.raises(EvidenceError, match="same refused share"):
        laney_chart([Subgroup("a", 10, 2), Subgroup("b", 20, 4)])


def test_an_empty_subgroup_is_left_out_and_noted() -> None:
    chart = p_chart([Subgroup("a", 50, 9), Subgroup("b", 0, 0), Subgroup("c", 50, 11)])
    assert [point.label for point in chart.points] == ["a", "c"]
    assert chart.notes[0] == "1 without an inspected image left out."
    assert "provisional" in chart.notes[1]


def test_more_refused_than_inspected_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="3 refused of 2"):
        Subgroup("a", 2, 3)


def test_first_pass_yield_has_wilson_s_interval() -> None:
    rate = first_pass_yield(95, 100)
    assert (rate.lower, rate.upper) == pytest.approx(proportion_confint(95, 100, method="wilson"), abs=1e-6)
    assert rate.sentence == "95 of 100 (95 %, 95 % interval 88.8 % to 97.8 %)"
    assert (first_pass_yield(7, 7).upper, first_pass_yield(0, 7).lower) == (1.0, 0.0)
    with pytest.raises(EvidenceError, match="no presented parts"):
        first_pass_yield(0, 0)
    with pytest.raises(ValueError, match="cannot be"):
        first_pass_yield(3, 2)


def test_pareto_falls_cumulates_and_keeps_unknown_apart() -> None:
    chart = pareto({"scratch": 3, UNKNOWN_TYPE: 50, "dent": 5, "crack": 3, "hole": 0})
    assert [(bar.name, bar.count) for bar in chart.bars] == [("dent", 5), ("crack", 3), ("scratch", 3)]
    assert [bar.cumulative for bar in chart.bars] == pytest.approx([5 / 11, 8 / 11, 1.0], abs=1e-12)
    assert (chart.named, chart.unknown) == (11, 50)
    assert pareto({UNKNOWN_TYPE: 2}).bars == ()
    with pytest.raises(EvidenceError, match="No anomaly"):
        pareto({})
