"""Attribute agreement analysis, held against published numbers, statsmodels and simulated truth."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa
from statsmodels.stats.proportion import proportion_confint

from filo_core.calibration.agreement import Kappa
from filo_core.calibration.capability import capability, judge_appraiser, paired_kappa
from filo_core.capability import SYSTEM, CapabilityStudy, StudyAnswer, StudyPart, StudyPlan
from filo_core.errors import EvidenceError
from filo_core.types import Verdict

OK, NG, REVIEW = Verdict.OK, Verdict.NG, Verdict.REVIEW
MOMENT = datetime(2026, 3, 4, tzinfo=UTC)
# AIAG, MSA, 4th ed., pages 136 to 138: both bad, first bad only, second bad only, both good; the kappa printed there.
AIAG_TABLES = {
    "A and B": (44, 6, 3, 97, 0.86),
    "B and C": (42, 5, 9, 94, 0.79),
    "A and C": (43, 7, 8, 92, 0.78),
    "A and reference": (45, 5, 3, 97, 0.88),
    "B and reference": (45, 2, 3, 100, 0.92),
    "C and reference": (42, 9, 6, 93, 0.77),
}


def make_study(said: dict[str, list[list[Verdict]]], truth: list[Verdict]) -> CapabilityStudy:
    parts = tuple(StudyPart(f"{place:064x}", f"{place}.png", known) for place, known in enumerate(truth))
    people = tuple(name for name in said if name != SYSTEM)
    plan = StudyPlan("nut", 1, "h", parts, people, 3, "k")
    answers = tuple(
        StudyAnswer(name, presentation, part, verdict, 0.5 if name == SYSTEM else None, MOMENT)
        for name, rows in said.items()
        for part, row in enumerate(rows)
        for presentation, verdict in enumerate(row, start=1)
    )
    return CapabilityStudy(1, plan, "Ada", MOMENT, answers)


@pytest.mark.parametrize("name", AIAG_TABLES)
def test_kappa_is_the_one_that_the_manual_prints(name: str) -> None:
    both, first, second, good, printed = AIAG_TABLES[name]
    pairs = [(NG, NG)] * both + [(NG, OK)] * first + [(OK, NG)] * second + [(OK, OK)] * good
    # Whatever belongs to one part: three presentations in a row.
    rows = [pairs[start : start + 3] for start in range(0, 150, 3)]
    found = paired_kappa([[one for one, _ in row] for row in rows], [[other for _, other in row] for row in rows])
    assert round(found.value, 2) == printed
    assert found.value == pytest.approx(cohens_kappa([[both, first], [second, good]]).kappa, abs=1e-6)
    assert found.lower < found.value < found.upper


def random_said(random: np.random.Generator, truth: list[Verdict], miss: float, alarm: float) -> list[list[Verdict]]:
    wrong = {NG: (miss, OK), OK: (alarm, NG)}
    return [[wrong[known][1] if random.random() < wrong[known][0] else known for _ in range(3)] for known in truth]


def test_all_numbers_are_those_of_statsmodels() -> None:
    random = np.random.default_rng(3)
    truth = [NG] * 20 + [OK] * 30
    said = {name: random_said(random, truth, 0.15, 0.1) for name in (SYSTEM, "Ada", "Bo")}
    found = capability(make_study(said, truth))
    for result in found.appraisers:
        rows = said[result.appraiser]
        right = sum(set(row) == {known} for row, known in zip(rows, truth, strict=True))
        ends = proportion_confint(right, 50, method="beta")
        assert (result.effectiveness.lower, result.effectiveness.upper) == pytest.approx(ends, abs=1e-6)
        assert isinstance(result.within_kappa, Kappa)
        table = [[row.count(OK), row.count(NG)] for row in rows]
        assert result.within_kappa.value == pytest.approx(fleiss_kappa(table, method="fleiss"), abs=1e-6)
        cells = np.zeros((2, 2))
        for row, known in zip(rows, truth, strict=True):
            for verdict in row:
                cells[(OK, NG).index(verdict), (OK, NG).index(known)] += 1
        assert isinstance(result.against_kappa, Kappa)
        assert result.against_kappa.value == pytest.approx(cohens_kappa(cells).kappa, abs=1e-6)
        assert result.miss is not None
        assert result.miss.count == sum(row.count(OK) for row in rows[:20])
        assert result.miss.of == 60
    assert isinstance(found.fleiss, Kappa)
    both = [[sum(rows[part].count(verdict) for rows in said.values()) for verdict in (OK, NG)] for part in range(50)]
    assert found.fleiss.value == pytest.approx(fleiss_kappa(both, method="fleiss"), abs=1e-6)
    assert len(found.pairs) == 3


def test_known_rates_are_found_again() -> None:
    random = np.random.default_rng(11)
    truth = [NG] * 32 + [OK] * 48
    misses, alarms, held = [], [], 0
    for _ in range(300):
        found = judge_appraiser("Ada", random_said(random, truth, 0.05, 0.08), truth)
        assert found.miss is not None
        assert found.false_alarm is not None
        misses.append(found.miss.value)
        alarms.append(found.false_alarm.value)
        held += found.miss.lower <= 0.05 <= found.miss.upper
    assert np.mean(misses) == pytest.approx(0.05, abs=0.005)
    assert np.mean(alarms) == pytest.approx(0.08, abs=0.005)
    assert held >= 0.95 * 300


def test_the_bands_are_those_of_the_manual_and_too_few_parts_prove_less() -> None:
    truth = [NG] * 10 + [OK] * 10
    right = judge_appraiser(SYSTEM, [[known] * 3 for known in truth], truth)
    assert (right.verdict, right.proven) == ("acceptable", "unacceptable")
    one_missed = [[OK] * 3, *([known] * 3 for known in truth[1:])]
    found = judge_appraiser(SYSTEM, one_missed, truth)
    assert {name: band.name for name, band in found.bands.items()} == {
        "effectiveness": "acceptable", "miss": "unacceptable", "false alarm": "acceptable",
    }  # fmt: skip
    assert found.verdict == "unacceptable"


def test_review_is_neither_a_miss_nor_a_false_alarm_and_lowers_the_effectiveness() -> None:
    truth = [NG] * 10 + [OK] * 10
    said = [[REVIEW] * 3, *([known] * 3 for known in truth[1:])]
    found = capability(make_study({SYSTEM: said}, truth))
    system = found.appraisers[0]
    assert (system.effectiveness.count, system.effectiveness.of) == (19, 20)
    assert system.miss is not None
    assert (system.miss.count, system.miss.of) == (0, 27)
    assert (system.undecided.count, system.undecided.of) == (3, 60)
    assert found.stopping is not None
    assert found.stopping.effectiveness.count == 20
    assert found.all_agree is None


def test_who_has_not_finished_is_named_and_not_counted() -> None:
    truth = [NG] * 10 + [OK] * 10
    full = [[known] * 3 for known in truth]
    study = make_study({SYSTEM: full, "Ada": full[:-1]}, truth)
    found = capability(study)
    assert [result.appraiser for result in found.appraisers] == [SYSTEM]
    assert found.unfinished == ("Ada",)
    assert len(study.remaining("Ada")) == 3
    with pytest.raises(EvidenceError, match="Nobody has judged"):
        capability(make_study({"Ada": full[:-1]}, truth))


def test_one_verdict_throughout_has_no_kappa_and_says_why() -> None:
    truth = [NG] * 10 + [OK] * 10
    found = judge_appraiser("Ada", [[OK] * 3] * 20, truth)
    assert isinstance(found.against_kappa, str)
    assert "same verdict throughout" in found.against_kappa
    assert found.verdict == "unacceptable"


def test_every_presentation_has_an_order_of_its_own_that_anybody_can_make_again() -> None:
    plan = make_study({"Ada": []}, [NG, OK] * 10).plan
    orders = {plan.order(name, number) for name in (SYSTEM, "Ada") for number in (1, 2, 3)}
    assert len(orders) == 6
    assert all(sorted(order) == list(range(20)) for order in orders)
    assert plan.order("Ada", 1) == plan.order("Ada", 1)
