"""Agreement between appraisers, of whom the system is one: kappa, effectiveness, misses and false alarms.

An appraiser decides OK or NG. REVIEW and NOT_INSPECTED are no decision: such a part is left out of kappa and of the
two error rates, is counted as ``undecided``, and lowers the effectiveness.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from filo_core.capability import SYSTEM
from filo_core.errors import EvidenceError
from filo_core.sentence import CLAUSES, Joined, Sentence
from filo_core.statistics.rates import CONFIDENCE, Interval, Rate, counted_rate, percent
from filo_core.types import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

LEAST_STUDY_PARTS = 20
"""Fewer parts are no study (AIAG MSA: at least 20, better 50)."""

_DECISIONS = (Verdict.OK, Verdict.NG)
AIAG = "AIAG, Measurement Systems Analysis, 4th ed."
SIGMAXL = "SigmaXL, Attribute MSA"


class KappaKind(StrEnum):
    """Which kappa."""

    COHEN = "Cohen's kappa"
    FLEISS = "Fleiss' kappa"


_KINDS = {KappaKind.COHEN: Sentence("Cohen's kappa"), KappaKind.FLEISS: Sentence("Fleiss' kappa")}


@dataclass(frozen=True, slots=True)
class Band:
    """A word for a number, and whose word it is: sources differ, so none is shown without its name."""

    name: str
    source: str

    @property
    def sentence(self) -> str:
        """The word and its source."""
        return Sentence("{name} ({source})", name=self.name, source=self.source)


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement beyond chance: 1 is perfect, 0 is what chance gives. ``lower`` and ``upper`` hold 95 %."""

    kind: KappaKind
    value: float
    lower: float
    upper: float
    parts: int
    """Parts that every one of the appraisers decided."""
    undecided: int
    """Parts left out because one of them did not decide."""

    @property
    def bands(self) -> tuple[Band, ...]:
        """What the sources call this value."""
        return kappa_bands(self.value)

    @property
    def sentence(self) -> str:
        """The number with its interval and the bands, in words."""
        words = Joined((band.sentence for band in self.bands), CLAUSES)
        left_out = Sentence(", {undecided} undecided left out", undecided=self.undecided) if self.undecided else ""
        few = (
            Sentence(" Fewer than {least} parts are no study yet.", least=LEAST_STUDY_PARTS)
            if self.parts < LEAST_STUDY_PARTS
            else ""
        )
        return Sentence(
            "{kind} {value:.2f}, {confidence} interval {lower:.2f} to {upper:.2f}, {parts} "
            "parts{left_out}: {words}.{few}",
            kind=_KINDS[self.kind],
            value=self.value,
            confidence=percent(CONFIDENCE),
            lower=self.lower,
            upper=self.upper,
            parts=self.parts,
            left_out=left_out,
            words=words,
            few=few,
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one appraiser said about one part, without knowing what the others said."""

    part: str
    """Key of the part, the same for every appraiser."""
    appraiser: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Appraisal:
    """One appraiser against what the parts really are; every rate with its exact (Clopper-Pearson) interval."""

    appraiser: str
    effectiveness: Rate
    """Right decisions among all parts, undecided ones included."""
    miss: Rate | None
    """Bad parts called OK, among the bad parts decided; None without one. A miss is a false accept."""
    false_alarm: Rate | None
    """Good parts called NG, among the good parts decided; None without one. A false alarm is a false reject."""
    undecided: int
    notes: tuple[str, ...]
    """Why a rate is missing, as sentences."""

    @property
    def bands(self) -> Mapping[str, Band]:
        """What AIAG calls each of the rates that are there."""
        rates = {"effectiveness": self.effectiveness, "miss": self.miss, "false alarm": self.false_alarm}
        return {name: AIAG_RATES[name].band(rate.value) for name, rate in rates.items() if rate is not None}


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Cohen's kappa of two appraisers; without one the sentence says why."""

    first: str
    second: str
    kappa: Kappa | None
    sentence: str


@dataclass(frozen=True, slots=True)
class AgreementStudy:
    """All that a set of judgements says about its appraisers."""

    pairs: tuple[PairAgreement, ...]
    fleiss: Kappa | None
    """Of all appraisers together, over the parts that all of them decided."""
    fleiss_sentence: str
    appraisals: tuple[Appraisal, ...]
    """Against the truth; empty where none is known."""


@dataclass(frozen=True, slots=True)
class RateBands:
    """Up to where a rate is acceptable, and up to where marginal."""

    acceptable: float
    marginal: float
    high_is_good: bool = False

    def band(self, rate: float) -> Band:
        """What a share in [0, 1] is called."""
        sign = -1.0 if self.high_is_good else 1.0
        if sign * rate <= sign * self.acceptable:
            return Band(Sentence("acceptable"), AIAG)
        return Band(Sentence("marginal" if sign * rate <= sign * self.marginal else "unacceptable"), AIAG)


AIAG_RATES = {
    "effectiveness": RateBands(0.90, 0.80, high_is_good=True),
    "miss": RateBands(0.02, 0.05),
    "false alarm": RateBands(0.05, 0.10),
}
"""AIAG's bands by rate: effectiveness at least 90 % (80 %), misses at most 2 % (5 %), false alarms 5 % (10 %)."""


def kappa_bands(value: float) -> tuple[Band, ...]:
    """What AIAG and SigmaXL call a kappa. AIAG names only what is above 0.75 and below 0.40."""
    aiag = Sentence("good" if value >= 0.75 else "poor" if value < 0.40 else "neither good nor poor")
    sigmaxl = Sentence("good" if value >= 0.90 else "marginal" if value >= 0.70 else "unacceptable")
    return (Band(aiag, AIAG), Band(sigmaxl, SIGMAXL))


def cohens_kappa(first: Sequence[Verdict], second: Sequence[Verdict]) -> Kappa:
    """Cohen's kappa of two appraisers over the same parts in the same order, with its 95 % interval.

    Raises:
        EvidenceError: if fewer than two parts were decided by both, or one of them gave the same verdict throughout.
        ValueError: if the two differ in length.
    """
    decided = [pair for pair in zip(first, second, strict=True) if set(pair) <= set(_DECISIONS)]
    _check_decided(Counter(verdict for pair in decided for verdict in pair), len(decided), Sentence("both appraisers"))
    for verdicts in zip(*decided, strict=True):
        # Kappa is zero then whatever the other one said, and its error is the root of nothing.
        _check_decided(Counter(verdicts), len(decided), Sentence("one of the two appraisers"))
    from statsmodels.stats.inter_rater import cohens_kappa as kappa_of

    counts = Counter(decided)
    table = np.array([[counts[row, column] for column in _DECISIONS] for row in _DECISIONS], np.float64)
    found = kappa_of(table, return_results=True)
    value = float(found.kappa)
    lower, upper = float(found.kappa_low), float(found.kappa_upp)
    if table[0, 1] + table[1, 0] == 0.0:
        # The usual error is zero here, as if ten agreements were as certain as ten thousand.
        lower, upper = lower_at_full_agreement(len(decided), table.sum(axis=0) / table.sum()), 1.0
    return Kappa(
        KappaKind.COHEN, value, max(lower, -1.0), min(upper, 1.0), len(decided), undecided=len(first) - len(decided)
    )


def fleiss_kappa(ratings: Sequence[Sequence[Verdict]]) -> Kappa:
    """Fleiss' kappa of all appraisers, with a 95 % jackknife interval over the parts.

    statsmodels has the value, but no error for it; the error published first (Fleiss 1971) holds only when the true
    kappa is zero. Leaving out one part at a time assumes nothing about it.

    Args:
        ratings: one row a part, one verdict an appraiser in it, the appraisers in the same order.

    Raises:
        EvidenceError: if fewer than two parts were decided by all, or all gave one and the same verdict throughout.
        ValueError: if a row has another number of appraisers than the first, or fewer than two.
    """
    widths = {len(row) for row in ratings}
    if len(widths) > 1 or (widths and min(widths) < 2):
        raise ValueError("every part needs the same number of verdicts, at least two")
    decided = [row for row in ratings if set(row) <= set(_DECISIONS)]
    _check_decided(Counter(verdict for row in decided for verdict in row), len(decided), Sentence("all appraisers"))
    table = np.array([[row.count(verdict) for verdict in _DECISIONS] for row in map(list, decided)], np.float64)
    value = _fleiss(table)
    if np.all(table.max(axis=1) == table.sum(axis=1)):
        lower, upper = lower_at_full_agreement(len(decided), table.sum(axis=0) / table.sum()), 1.0
    else:
        lower, upper = _jackknife_interval(table, value)
    return Kappa(
        KappaKind.FLEISS, value, max(lower, -1.0), min(upper, 1.0), len(decided), undecided=len(ratings) - len(decided)
    )


def appraise(appraiser: str, verdicts: Sequence[Verdict], truth: Sequence[Verdict]) -> Appraisal:
    """One appraiser's effectiveness, miss and false-alarm rates against the known truth.

    Args:
        appraiser: name for the table.
        verdicts: what was said, one a part.
        truth: what each part is, OK or NG, in the same order.

    Raises:
        EvidenceError: without a part of which the truth is known.
        ValueError: if a truth is neither OK nor NG, or the two differ in length.
    """
    if not set(truth) <= set(_DECISIONS):
        raise ValueError("the truth about a part is OK or NG")
    counts = Counter(zip(truth, verdicts, strict=True))
    right = sum(counts[verdict, verdict] for verdict in _DECISIONS)
    effectiveness = counted_rate(right, len(truth), Sentence("parts of known truth"), Interval.CLOPPER_PEARSON)
    rates: list[Rate | None] = []
    notes = []
    for is_really, word in ((Verdict.NG, "bad"), (Verdict.OK, "good")):
        wrong = counts[is_really, Verdict.OK if is_really is Verdict.NG else Verdict.NG]
        decided = wrong + counts[is_really, is_really]
        if decided:
            rates.append(counted_rate(wrong, decided, Sentence("{word} parts", word=word), Interval.CLOPPER_PEARSON))
            continue
        rates.append(None)
        name = "miss" if is_really is Verdict.NG else "false-alarm"
        notes.append(
            Sentence(
                "{appraiser} decided no part known to be {word}, so there is no {name} rate. Add some.",
                appraiser=appraiser,
                word=word,
                name=name,
            )
        )
    undecided = sum(verdict not in _DECISIONS for verdict in verdicts)
    return Appraisal(appraiser, effectiveness, rates[0], rates[1], undecided, tuple(notes))


def agreement_study(judgements: Iterable[Judgement], truth: Mapping[str, Verdict] | None = None) -> AgreementStudy:
    """Every pair, all together, and each against the truth; the system first, then by name.

    Args:
        judgements: in the order of time; an appraiser's later verdict on a part replaces the earlier one.
        truth: what parts are known to be, OK or NG; parts that are not in it are compared between appraisers only.

    Raises:
        EvidenceError: if fewer than two appraisers judged anything.
    """
    said: dict[str, dict[str, Verdict]] = {}
    for judgement in judgements:
        said.setdefault(judgement.appraiser, {})[judgement.part] = judgement.verdict
    if len(said) < 2:
        raise EvidenceError(
            "Agreement needs the verdicts of two appraisers on the same parts. Ask a second person to review blind."
        )
    said = {name: said[name] for name in sorted(said, key=lambda name: (name != SYSTEM, name))}
    pairs = tuple(_pair(first, second, said) for first, second in combinations(said, 2))
    shared = set.intersection(*(set(by_part) for by_part in said.values()))
    everybody: Kappa | None = None
    try:
        everybody = fleiss_kappa([[said[name][part] for name in said] for part in sorted(shared)])
        sentence = everybody.sentence
    except EvidenceError as error:
        sentence = str(error)
    appraisals = []
    for name, by_part in said.items():
        if known := sorted(set(by_part) & set(truth or {})):
            appraisals.append(appraise(name, [by_part[p] for p in known], [(truth or {})[p] for p in known]))
    return AgreementStudy(pairs, everybody, sentence, tuple(appraisals))


def _pair(first: str, second: str, said: Mapping[str, Mapping[str, Verdict]]) -> PairAgreement:
    shared = sorted(set(said[first]) & set(said[second]))
    try:
        kappa = cohens_kappa([said[first][part] for part in shared], [said[second][part] for part in shared])
    except EvidenceError as error:
        return PairAgreement(first, second, None, str(error))
    return PairAgreement(first, second, kappa, kappa.sentence)


def _check_decided(verdicts: Counter[Verdict], parts: int, who: str) -> None:
    if parts < 2:
        number = Sentence("No part was") if parts == 0 else Sentence("Only one part was")
        raise EvidenceError(
            "{number} decided by {who}, so there is no agreement to measure. Review more parts.", number=number, who=who
        )
    if len(verdicts) == 1:
        raise EvidenceError(
            "All {parts} parts were called {verdicts} by {who}: agreement beyond chance cannot be "
            "told. Include parts of the other kind.",
            parts=parts,
            verdicts=next(iter(verdicts)),
            who=who,
        )


def _fleiss(table: NDArray[np.float64]) -> float:
    from statsmodels.stats.inter_rater import fleiss_kappa as kappa_of

    return float(kappa_of(table, method="fleiss"))


def _jackknife_interval(table: NDArray[np.float64], value: float) -> tuple[float, float]:
    from scipy.stats import t

    parts = len(table)
    # Parts with equal rows leave equal tables behind, and there are few different rows.
    rows, first, counts = np.unique(table, axis=0, return_index=True, return_counts=True)
    without = np.empty(len(rows))
    for index, position in enumerate(first):
        rest = np.delete(table, position, axis=0)
        if np.count_nonzero(rest.sum(axis=0)) < 2:
            raise EvidenceError(
                "Agreement beyond chance rests on a single part here, so it has no interval. "
                "Include more parts of the other kind."
            )
        without[index] = _fleiss(rest)
    pseudo = parts * value - (parts - 1) * without
    centre = float(counts @ pseudo) / parts
    variance = float(counts @ (pseudo - centre) ** 2) / (parts - 1)
    half = float(t.ppf(0.5 + CONFIDENCE / 2.0, parts - 1)) * (variance / parts) ** 0.5
    return value - half, value + half


def lower_at_full_agreement(parts: int, shares: NDArray[np.float64]) -> float:
    """Kappa at the exact lower bound of an agreement that was never seen broken."""
    agreement = counted_rate(parts, parts, "parts", Interval.CLOPPER_PEARSON).lower
    by_chance = float((shares**2).sum())
    return (agreement - by_chance) / (1.0 - by_chance)
