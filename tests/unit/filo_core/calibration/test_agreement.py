"""Agreement against the worked example of AIAG's MSA manual, 4th edition, and against plain arithmetic."""

import math

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa as statsmodels_cohen
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_fleiss
from statsmodels.stats.proportion import proportion_confint

from filo_core.calibration.agreement import (
    Judgement,
    agreement_study,
    appraise,
    cohens_kappa,
    fleiss_kappa,
    kappa_bands,
)
from filo_core.capability import SYSTEM
from filo_core.errors import EvidenceError
from filo_core.types import Verdict

OK, NG, REVIEW = Verdict.OK, Verdict.NG, Verdict.REVIEW
AIAG_PAIRS = {"A-B": (44, 6, 3, 97, 0.86), "B-C": (42, 5, 9, 94, 0.79), "A-C": (43, 7, 8, 92, 0.78)}


def _from_table(both_ng: int, ng_ok: int, ok_ng: int, both_ok: int) -> tuple[list[Verdict], list[Verdict]]:
    pairs = [(NG, NG)] * both_ng + [(NG, OK)] * ng_ok + [(OK, NG)] * ok_ng + [(OK, OK)] * both_ok
    return [first for first, _ in pairs], [second for _, second in pairs]


@pytest.mark.parametrize("pair", AIAG_PAIRS)
def test_cohens_kappa_is_that_of_the_manual(pair: str) -> None:
    *table, published = AIAG_PAIRS[pair]
    kappa = cohens_kappa(*_from_table(*table))
    assert round(kappa.value, 2) == published
    expected = statsmodels_cohen(np.reshape(table, (2, 2)))
    assert (kappa.value, kappa.lower, kappa.upper) == pytest.approx(
        (expected.kappa, expected.kappa_low, expected.kappa_upp), abs=1e-6
    )


def test_cohens_kappa_and_its_error_follow_from_the_definition() -> None:
    kappa = cohens_kappa(*_from_table(20, 5, 10, 15))
    assert kappa.value == pytest.approx(0.4, abs=1e-12)
    # Fleiss, Cohen and Everitt 1969, by hand: p_o = 0.7, p_e = 0.5, margins 0.5/0.5 and 0.6/0.4.
    diagonal = 0.4 * (1 - 1.1 * 0.6) ** 2 + 0.3 * (1 - 0.9 * 0.6) ** 2
    # Cell (i, j) weighs with column margin i and row margin j: NG-OK with 0.6 + 0.5, OK-NG with 0.4 + 0.5.
    off = 0.6**2 * (0.1 * (0.6 + 0.5) ** 2 + 0.2 * (0.4 + 0.5) ** 2)
    error = math.sqrt((diagonal + off - (0.4 - 0.5 * 0.6) ** 2) / 0.25 / 50)
    assert kappa.upper - kappa.value == pytest.approx(1.959963984540054 * error, abs=1e-6)


def test_full_agreement_on_a_few_parts_is_no_certainty() -> None:
    few = cohens_kappa([OK, NG, OK, NG, OK], [OK, NG, OK, NG, OK])
    many = cohens_kappa([OK, NG] * 200, [OK, NG] * 200)
    assert few.value == many.value == 1.0
    assert few.lower < 0.2
    assert 0.95 < many.lower < 1.0
    assert few.upper == 1.0
    assert "no study yet" in few.sentence
    assert "no study yet" not in many.sentence


def test_a_part_that_one_did_not_decide_is_left_out_and_counted() -> None:
    kappa = cohens_kappa([OK, NG, REVIEW, NG, OK], [OK, NG, NG, OK, Verdict.NOT_INSPECTED])
    assert (kappa.parts, kappa.undecided) == (3, 2)
    assert "2 undecided left out" in kappa.sentence


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ([], [], "No part was decided by both"),
        ([OK], [NG], "Only one part"),
        ([NG] * 9, [NG] * 9, "All 9 parts were called NG by both"),
        ([REVIEW] * 5, [OK] * 5, "No part was decided by both"),
    ],
)
def test_too_little_to_compare_gives_a_sentence(first: list[Verdict], second: list[Verdict], sentence: str) -> None:
    with pytest.raises(EvidenceError, match=sentence):
        cohens_kappa(first, second)
    with pytest.raises(EvidenceError, match=sentence.replace("both", "all")):
        fleiss_kappa(list(zip(first, second, strict=True)))


def _three_appraisers(parts: int, seed: int) -> list[tuple[Verdict, ...]]:
    rng = np.random.default_rng(seed)
    truth = rng.random(parts) < 0.4
    said = truth[:, None] ^ (rng.random((parts, 3)) < 0.15)
    return [tuple(NG if bad else OK for bad in row) for row in said]


def test_fleiss_kappa_is_that_of_statsmodels_with_a_plain_jackknife_interval() -> None:
    rows = _three_appraisers(40, seed=3)
    table = np.array([[row.count(OK), row.count(NG)] for row in rows])
    kappa = fleiss_kappa(rows)
    value = float(statsmodels_fleiss(table))
    assert kappa.value == pytest.approx(value, abs=1e-6)
    pseudo = [40 * value - 39 * float(statsmodels_fleiss(np.delete(table, i, axis=0))) for i in range(40)]
    half = 2.0226909117347285 * np.std(pseudo, ddof=1) / math.sqrt(40)
    assert (kappa.lower, kappa.upper) == pytest.approx((value - half, value + half), abs=1e-6)


def test_fleiss_kappa_follows_from_its_definition() -> None:
    rows = [(OK, OK, OK), (OK, OK, NG), (NG, NG, OK), (NG, NG, NG)]
    # Mean pairwise agreement (1 + 1/3 + 1/3 + 1) / 4 = 2/3, by chance 1/2.
    assert fleiss_kappa(rows).value == pytest.approx(1 / 3, abs=1e-12)


def test_agreement_that_rests_on_one_part_has_no_interval() -> None:
    with pytest.raises(EvidenceError, match="rests on a single part"):
        fleiss_kappa([(OK, OK, OK)] * 9 + [(OK, OK, NG)])


def test_rows_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="same number of verdicts"):
        fleiss_kappa([(OK, NG), (OK, NG, NG)])


def test_effectiveness_misses_and_false_alarms_have_their_own_denominators() -> None:
    truth = [OK] * 60 + [NG] * 40
    said = [OK] * 55 + [NG] * 3 + [REVIEW] * 2 + [NG] * 36 + [OK] * 1 + [REVIEW] * 3
    appraisal = appraise(SYSTEM, said, truth)
    assert appraisal.miss is not None
    assert appraisal.false_alarm is not None
    assert (appraisal.effectiveness.count, appraisal.effectiveness.of) == (91, 100)
    assert (appraisal.miss.count, appraisal.miss.of) == (1, 37)
    assert (appraisal.false_alarm.count, appraisal.false_alarm.of) == (3, 58)
    assert (appraisal.undecided, appraisal.notes) == (5, ())
    assert (appraisal.miss.lower, appraisal.miss.upper) == pytest.approx(
        proportion_confint(1, 37, method="beta"), abs=1e-6
    )
    assert {name: band.name for name, band in appraisal.bands.items()} == {
        "effectiveness": "acceptable",
        "miss": "marginal",
        "false alarm": "marginal",
    }
    assert all("AIAG" in band.source for band in appraisal.bands.values())


def test_without_a_bad_part_there_is_no_miss_rate_and_the_note_says_so() -> None:
    appraisal = appraise("Ada", [OK, OK, NG], [OK, OK, OK])
    assert appraisal.miss is None
    assert appraisal.notes == ("Ada decided no part known to be bad, so there is no miss rate. Add some.",)
    with pytest.raises(EvidenceError, match="no parts of known truth"):
        appraise("Ada", [], [])
    with pytest.raises(ValueError, match="OK or NG"):
        appraise("Ada", [OK], [REVIEW])


def test_bands_differ_by_source_and_name_it() -> None:
    aiag, sigmaxl = kappa_bands(0.8)
    assert (aiag.name, sigmaxl.name) == ("good", "marginal")
    assert ("AIAG" in aiag.source, "SigmaXL" in sigmaxl.source) == (True, True)
    assert [band.name for band in kappa_bands(0.39)] == ["poor", "unacceptable"]


def test_a_study_compares_everybody_with_everybody_and_with_the_truth() -> None:
    rows = _three_appraisers(30, seed=5)
    judgements = [
        Judgement(f"part {index}", name, verdict)
        for index, row in enumerate(rows)
        for name, verdict in zip((SYSTEM, "Ada", "Bo"), row, strict=True)
    ]
    # Somebody changes their mind: the later verdict counts.
    judgements.insert(0, Judgement("part 0", "Ada", OK if rows[0][1] is NG else NG))
    truth = {f"part {index}": row[1] for index, row in enumerate(rows)}
    study = agreement_study(judgements, truth)
    assert [(pair.first, pair.second) for pair in study.pairs] == [(SYSTEM, "Ada"), (SYSTEM, "Bo"), ("Ada", "Bo")]
    assert study.fleiss == fleiss_kappa([rows[int(part.split()[1])] for part in sorted(truth)])
    assert [appraisal.effectiveness.value for appraisal in study.appraisals if appraisal.appraiser == "Ada"] == [1.0]


def test_a_study_says_what_is_missing() -> None:
    with pytest.raises(EvidenceError, match="two appraisers"):
        agreement_study([])
    study = agreement_study([Judgement("1", SYSTEM, OK), Judgement("2", "Ada", OK)])
    assert study.pairs[0].kappa is None
    assert "No part was decided" in study.pairs[0].sentence
    assert study.fleiss is None
    assert "No part was decided" in study.fleiss_sentence
    assert study.appraisals == ()


def test_one_appraiser_who_always_says_the_same_gives_a_sentence_and_no_number() -> None:
    first = [Verdict.OK] * 40
    second = [Verdict.NG if part % 4 == 0 else Verdict.OK for part in range(40)]
    for pair in ((first, second), (second, first)):
        with pytest.raises(EvidenceError, match=r"called OK by one of the two appraisers.*Include parts"):
            cohens_kappa(*pair)
