"""The Pareto by what defects cost: an amount where there is one, else severity, else the count alone."""

from __future__ import annotations

import pytest

from filo_core.statistics.charts import pareto
from filo_core.statistics.costs import Weighing, weights_of
from filo_core.types import AnomalyType, Severity

TYPES = (AnomalyType("dent"), AnomalyType("missing screw", Severity.CRITICAL), AnomalyType("dust", Severity.MINOR))
COUNTS = {"dent": 4, "missing screw": 2, "dust": 15, "unknown": 3}


def test_severity_puts_what_is_bad_before_what_is_frequent() -> None:
    weighing, weights = weights_of(TYPES, {})
    found = pareto(COUNTS, weighing, weights)
    assert weighing is Weighing.SEVERITY
    assert [(bar.name, bar.cost) for bar in found.bars] == [("missing screw", 10.0), ("dent", 4.0), ("dust", 3.0)]
    assert found.bars[0].share == pytest.approx(10 / 17)
    assert found.bars[-1].cumulative == pytest.approx(1.0)
    assert (found.named, found.unknown) == (21, 3)


def test_a_cost_decides_and_a_type_without_one_gets_the_mean_by_its_severity() -> None:
    weighing, weights = weights_of(TYPES, {"dent": 20.0})
    found = pareto(COUNTS, weighing, weights)
    assert weighing is Weighing.COST
    assert [(bar.name, bar.cost) for bar in found.bars] == [("missing screw", 200.0), ("dent", 80.0), ("dust", 60.0)]


def test_types_that_are_all_as_bad_are_counted_as_ever() -> None:
    weighing, weights = weights_of([AnomalyType("dent"), AnomalyType("dust")], {})
    found = pareto(COUNTS, weighing, weights)
    assert weighing is Weighing.COUNT
    assert found == pareto(COUNTS)
    assert [bar.name for bar in found.bars] == ["dust", "dent", "missing screw"]


def test_defects_that_cost_nothing_have_no_share_of_it() -> None:
    found = pareto({"dent": 4}, *weights_of(TYPES, {"dent": 0.0}))
    assert (found.bars[0].share, found.bars[0].count) == (0.0, 4)
