"""Did it get worse?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import fisher_exact

from filo_core.errors import EvidenceError
from filo_core.statistics.comparing import Trend, change_of


@pytest.mark.parametrize(
    ("now", "before", "trend"),
    [
        ((8, 100), (0, 100), Trend.PROBABLY_WORSE),
        ((30, 100), (2, 100), Trend.WORSE),
        ((2, 100), (30, 100), Trend.BETTER),
        ((0, 100), (8, 100), Trend.PROBABLY_BETTER),
        ((1, 12), (0, 10), Trend.TOO_FEW),
        ((0, 10), (0, 10), Trend.TOO_FEW),
        ((20, 2000), (18, 2000), Trend.SAME),
    ],
)
def test_what_two_shares_say(now: tuple[int, int], before: tuple[int, int], trend: Trend) -> None:
    found = change_of(now, before)
    assert found.trend is trend
    table = [[now[0], now[1] - now[0]], [before[0], before[1] - before[0]]]
    assert found.p == pytest.approx(fisher_exact(table).pvalue, abs=1e-9)
    assert found.lower <= found.now.value - found.before.value <= found.upper


def test_nothing_before_is_a_sentence() -> None:
    with pytest.raises(EvidenceError, match="no images inspected before"):
        change_of((1, 10), (0, 0))


def test_chance_alone_is_called_worse_or_better_in_less_than_one_of_twenty() -> None:
    random = np.random.default_rng(4)
    pairs = random.binomial(80, 0.06, (400, 2))
    called = sum(change_of((int(a), 80), (int(b), 80)).p < 0.05 for a, b in pairs)
    assert called <= 0.05 * 400
