"""Attribute agreement analysis: what a capability study says about the system and the people who judge.

AIAG, Measurement Systems Analysis, 4th ed., chapter III C. Effectiveness counts parts: right at every presentation.
Misses and false alarms count presentations, with intervals that know that these belong to parts.

REVIEW of the system is no decision: it is neither a miss nor a false alarm, is left out of the two rates and of kappa,
lowers the effectiveness, and has a share of its own. How the line fares that stops such a part is told besides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from filo_core.calibration.agreement import (
    AIAG_RATES,
    Band,
    Kappa,
    KappaKind,
    fleiss_kappa,
    lower_at_full_agreement,
)
from filo_core.capability import SYSTEM, CapabilityStudy
from filo_core.errors import EvidenceError
from filo_core.sentence import Sentence
from filo_core.statistics.clusters import clustered_rate, jackknife_interval
from filo_core.statistics.rates import Interval, Rate, counted_rate
from filo_core.types import Verdict

Said = Sequence[Sequence[Verdict]]
"""A row a part, a verdict a presentation in it."""

_DECISIONS = (Verdict.OK, Verdict.NG)
_WORST_FIRST = (Sentence("unacceptable"), Sentence("marginal"), Sentence("acceptable"))


@dataclass(frozen=True, slots=True)
class AppraiserResult:
    """One appraiser: against themselves and against what the parts are known to be."""

    appraiser: str
    within: Rate
    """Parts that got the same verdict at every presentation (Clopper-Pearson)."""
    within_kappa: Kappa | str
    """Fleiss' kappa of the presentations, or why there is none."""
    against_kappa: Kappa | str
    """Cohen's kappa with the reference over all presentations, jackknifed by part; or why there is none."""
    effectiveness: Rate
    """Parts that were judged rightly at every presentation (Clopper-Pearson)."""
    miss: Rate | None
    """Presentations of bad parts called OK among those decided; None where none was."""
    false_alarm: Rate | None
    """Presentations of good parts called NG among those decided; None where none was."""
    undecided: Rate
    """Presentations without a decision: REVIEW, or not inspected."""

    @property
    def rates(self) -> dict[str, Rate]:
        """The rates that AIAG has bands for, as far as they are there."""
        found = {"effectiveness": self.effectiveness, "miss": self.miss, "false alarm": self.false_alarm}
        return {name: rate for name, rate in found.items() if rate is not None}

    @property
    def bands(self) -> dict[str, Band]:
        """What AIAG calls each of these rates, as they were counted."""
        return {name: AIAG_RATES[name].band(rate.value) for name, rate in self.rates.items()}

    @property
    def worst_bands(self) -> dict[str, Band]:
        """What AIAG would call the worse end of each interval: so bad it may be."""
        return {
            name: AIAG_RATES[name].band(rate.lower if name == "effectiveness" else rate.upper)
            for name, rate in self.rates.items()
        }

    @property
    def verdict(self) -> str:
        """The worst band of the three, as AIAG judges an appraiser; empty where one of the rates is missing."""
        return _worst(self.bands) if len(self.bands) == len(AIAG_RATES) else ""

    @property
    def proven(self) -> str:
        """The worst band that the intervals reach into; empty as :attr:`verdict`."""
        return _worst(self.worst_bands) if len(self.bands) == len(AIAG_RATES) else ""


@dataclass(frozen=True, slots=True)
class PairResult:
    """Two appraisers beside each other: Cohen's kappa over all presentations, jackknifed by part."""

    first: str
    second: str
    kappa: Kappa | str


@dataclass(frozen=True, slots=True)
class CapabilityResult:
    """All that a study says about the appraisers who are finished."""

    parts: int
    bad: int
    presentations: int
    appraisers: tuple[AppraiserResult, ...]
    stopping: AppraiserResult | None
    """The system where whatever is in REVIEW does not pass by itself: it counts as NG. None without a REVIEW."""
    pairs: tuple[PairResult, ...]
    fleiss: Kappa | str
    """Of all appraisers at all presentations."""
    all_agree: Rate | None
    """Parts about which all said the same at every presentation; None for a single appraiser."""
    all_right: Rate
    """Parts about which all were right at every presentation."""
    score_spread: float | None
    """Largest difference between the system's scores of one part; None where it was presented less than twice."""
    unfinished: tuple[str, ...]
    """Appraisers who still have parts to judge: nothing of theirs is in here."""


def capability(study: CapabilityStudy) -> CapabilityResult:
    """What the finished appraisers of a study have shown.

    Raises:
        EvidenceError: if nobody is finished.
    """
    plan = study.plan
    finished = {name: study.said(name) for name in plan.appraisers if study.is_finished(name)}
    if not finished:
        raise EvidenceError("Nobody has judged every part at every presentation yet. Present the parts first.")
    truth = [part.expected for part in plan.parts]
    spreads = [max(scores) - min(scores) for scores in map(study.scores, range(len(plan.parts))) if len(scores) > 1]
    together = [tuple(verdict for said in finished.values() for verdict in said[part]) for part in range(len(truth))]
    return CapabilityResult(
        parts=len(truth),
        bad=plan.bad,
        presentations=plan.presentations,
        appraisers=tuple(judge_appraiser(name, said, truth) for name, said in finished.items()),
        stopping=_stopping(finished[SYSTEM], truth) if SYSTEM in finished else None,
        pairs=tuple(
            PairResult(one, other, _or_why(lambda one=one, other=other: paired_kappa(finished[one], finished[other])))  # type: ignore[misc]
            for one, other in combinations(finished, 2)
        ),
        fleiss=_or_why(lambda: fleiss_kappa(together)),
        all_agree=_parts(sum(len(set(row)) == 1 for row in together), truth) if len(finished) > 1 else None,
        all_right=_parts(sum(set(row) == {known} for row, known in zip(together, truth, strict=True)), truth),
        score_spread=max(spreads) if spreads else None,
        unfinished=tuple(name for name in plan.appraisers if name not in finished),
    )


def judge_appraiser(name: str, said: Said, truth: Sequence[Verdict]) -> AppraiserResult:
    """One appraiser's figures.

    Args:
        name: for the table.
        said: what was said, a row a part.
        truth: what each part is, OK or NG, in the same order.

    Raises:
        ValueError: if the two differ in length.
    """
    rows = list(zip(said, truth, strict=True))
    return AppraiserResult(
        appraiser=name,
        within=_parts(sum(len(set(row)) == 1 for row in said), truth),
        within_kappa=_or_why(lambda: fleiss_kappa(said)),
        against_kappa=_or_why(lambda: paired_kappa(said, [[known] * len(row) for row, known in rows])),
        effectiveness=_parts(sum(set(row) == {known} for row, known in rows), truth),
        miss=_wrong(rows, Verdict.NG),
        false_alarm=_wrong(rows, Verdict.OK),
        undecided=clustered_rate(
            [sum(verdict not in _DECISIONS for verdict in row) for row in said], [len(row) for row in said], "parts"
        ),
    )


def paired_kappa(first: Said, second: Said) -> Kappa:
    """Cohen's kappa over all presentations of all parts, with a 95 % jackknife interval over the parts.

    Presentations are paired as they come: the first of one with the first of the other (AIAG's cross tables).

    Raises:
        EvidenceError: if fewer than two parts were decided by both, one of them gave the same verdict throughout, or
            a single part carries all the agreement.
        ValueError: if the two differ in shape.
    """
    tables = np.zeros((len(first), 2, 2))
    undecided = 0
    for part, (one, other) in enumerate(zip(first, second, strict=True)):
        for pair in zip(one, other, strict=True):
            if set(pair) <= set(_DECISIONS):
                tables[part, _DECISIONS.index(pair[0]), _DECISIONS.index(pair[1])] += 1
        undecided += not tables[part].any()
    decided = tables[tables.any(axis=(1, 2))]
    if len(decided) < 2:
        raise EvidenceError("Fewer than two parts were decided by both, so there is no agreement to measure.")
    total = decided.sum(axis=0)
    if 0.0 in total.sum(axis=0) or 0.0 in total.sum(axis=1):
        raise EvidenceError(
            "One of the two gave the same verdict throughout: agreement beyond chance cannot be measured."
        )
    value = _cohen(total)
    if total[0, 1] + total[1, 0] == 0.0:
        lower, upper = lower_at_full_agreement(len(decided), total.sum(axis=0) / total.sum()), 1.0
    else:
        lower, upper = jackknife_interval(decided, _cohen)
    return Kappa(KappaKind.COHEN, value, max(lower, -1.0), min(upper, 1.0), len(decided), undecided)


def _cohen(table: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Kappa of a table of counts; NaN where one of the two gave the same verdict throughout."""
    looks = float(table.sum())
    chance = float(table.sum(axis=0) @ table.sum(axis=1)) / looks**2 if looks else 1.0
    return (float(np.trace(table)) / looks - chance) / (1.0 - chance) if chance < 1.0 else float("nan")


def _stopping(said: Said, truth: Sequence[Verdict]) -> AppraiserResult | None:
    if not any(Verdict.REVIEW in row for row in said):
        return None
    stops = [[Verdict.NG if verdict is Verdict.REVIEW else verdict for verdict in row] for row in said]
    return judge_appraiser(SYSTEM, stops, truth)


def _wrong(rows: Sequence[tuple[Sequence[Verdict], Verdict]], known: Verdict) -> Rate | None:
    """Share of the decided presentations of one kind of parts that were called the other."""
    other = Verdict.OK if known is Verdict.NG else Verdict.NG
    of_kind = [row for row, expected in rows if expected is known]
    counts = [sum(verdict is other for verdict in row) for row in of_kind]
    sizes = [sum(verdict in _DECISIONS for verdict in row) for row in of_kind]
    return clustered_rate(counts, sizes, "parts") if any(sizes) else None


def _parts(count: int, truth: Sequence[Verdict]) -> Rate:
    return counted_rate(count, len(truth), "parts", Interval.CLOPPER_PEARSON)


def _worst(bands: dict[str, Band]) -> str:
    names = {band.name for band in bands.values()}
    return next(name for name in _WORST_FIRST if name in names)


def _or_why(figure: Callable[[], Kappa]) -> Kappa | str:
    try:
        return figure()
    except EvidenceError as error:
        return error.sentence
