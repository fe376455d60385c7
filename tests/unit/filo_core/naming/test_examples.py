"""Which regions people named: the decision that stands, region by region, with everything that was taken back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from filo_core.naming.examples import NOTHING_WRONG, names_of_regions
from filo_core.types import UNKNOWN_TYPE, Review, ReviewDecision, Verdict, Withdrawal

NOW = datetime(2026, 3, 4, tzinfo=UTC)
CONFIRM = Review(ReviewDecision.CONFIRM, Verdict.NG, "Ada", NOW)
GOOD = Review(ReviewDecision.OVERRULE, Verdict.OK, "Ada", NOW, "dust")
WITHDRAW = Review(Withdrawal.WITHDRAW, None, "Ada", NOW)


def retype(name: str, *regions: int) -> Review:
    return Review(ReviewDecision.RETYPE, Verdict.NG, "Ada", NOW, anomaly_type=name, regions=regions)


@pytest.mark.parametrize(
    ("reviews", "named"),
    [
        ([], [None, None]),
        ([CONFIRM], ["dent", None]),
        ([retype("burr")], ["burr", "burr"]),
        ([retype("burr", 1)], [None, "burr"]),
        ([retype("burr", 1), retype("hole", 0)], ["hole", "burr"]),
        ([retype("burr", 1), retype("hole", 1)], [None, "hole"]),
        ([retype("burr"), retype("hole", 1)], ["burr", "hole"]),
        ([retype("hole", 1), retype("burr")], ["burr", "burr"]),
        ([CONFIRM, retype("burr", 1)], ["dent", "burr"]),
        ([retype("burr", 1), CONFIRM], ["dent", "burr"]),
        ([retype("burr", 1), WITHDRAW], [None, None]),
        ([CONFIRM, retype("burr", 0), WITHDRAW], ["dent", None]),
        ([retype("burr"), GOOD], [NOTHING_WRONG, NOTHING_WRONG]),
        ([retype("burr"), GOOD, WITHDRAW], ["burr", "burr"]),
        ([retype(UNKNOWN_TYPE)], [None, None]),
        ([CONFIRM, retype(UNKNOWN_TYPE, 0)], [None, None]),
        ([retype("burr", 7)], [None, None]),
    ],
)
def test_what_stands_names_each_region(reviews: list[Review], named: list[str | None]) -> None:
    assert list(names_of_regions(("dent", UNKNOWN_TYPE), reviews)) == named
