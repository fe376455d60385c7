"""Recipe against recipe."""

from __future__ import annotations

import pytest
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar

from filo_core.calibration.replay import Turned, compare_recipes, mcnemar
from filo_core.errors import EvidenceError
from filo_core.types import Verdict

OK, NG, REVIEW, NONE = Verdict.OK, Verdict.NG, Verdict.REVIEW, Verdict.NOT_INSPECTED


@pytest.mark.parametrize(
    ("truth", "first", "second", "turned"),
    [
        (NG, NG, OK, Turned.NEWLY_MISSED),
        (NG, REVIEW, OK, Turned.NEWLY_MISSED),
        (NG, OK, REVIEW, Turned.NO_LONGER_MISSED),
        (OK, OK, NG, Turned.NEWLY_REFUSED),
        (OK, NG, REVIEW, Turned.NO_LONGER_REFUSED),
        (OK, OK, REVIEW, Turned.NEWLY_DOUBTED),
        (NG, NG, REVIEW, Turned.NEWLY_DOUBTED),
        (NG, REVIEW, NG, Turned.NO_LONGER_DOUBTED),
        (None, OK, REVIEW, Turned.NEWLY_DOUBTED),
        (None, OK, NG, Turned.OTHERWISE),
        (OK, OK, NONE, Turned.UNANSWERED),
        (OK, OK, OK, None),
    ],
)
def test_how_a_part_turns(truth: Verdict | None, first: Verdict, second: Verdict, turned: Turned | None) -> None:
    found = compare_recipes([("h", "part", truth)], [(first, 0.1)], [(second, 0.2)])
    assert found.parts[0].turned is turned
    assert len(found.differing) == (turned is not None)


def test_rates_and_the_exact_test_are_those_of_statsmodels() -> None:
    rows = [(NG, NG, OK)] * 6 + [(NG, OK, NG)] + [(NG, NG, NG)] * 10 + [(NG, OK, OK)] * 3 + [(OK, OK, OK)] * 5
    parts = [(str(place), "part", truth) for place, (truth, _, _) in enumerate(rows)]
    found = compare_recipes(parts, [(one, None) for _, one, _ in rows], [(other, None) for _, _, other in rows])
    missed = found.missed()
    assert (missed.first.count, missed.second.count, missed.first.of) == (4, 9, 20)
    assert (missed.only_first, missed.only_second) == (1, 6)
    assert missed.p == pytest.approx(reference_mcnemar([[3, 1], [6, 10]], exact=True).pvalue, abs=1e-9)
    assert found.refused().p == 1.0
    assert [part.turned for part in found.differing][:6] == [Turned.NEWLY_MISSED] * 6


def test_without_decisions_the_sentence_says_so() -> None:
    found = compare_recipes([("h", "part", None)], [(OK, 0.1)], [(NG, 0.9)])
    with pytest.raises(EvidenceError, match="decided to be bad"):
        found.missed()
    with pytest.raises(EvidenceError, match="no stored picture"):
        compare_recipes([], [], [])
    assert mcnemar(0, 0) == 1.0
