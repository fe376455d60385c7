"""What a capability study says, in sentences and as data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filo_core.calibration.agreement import AIAG, Kappa
from filo_core.calibration.capability import AppraiserResult, CapabilityResult, capability
from filo_core.capability import SYSTEM, CapabilityStudy
from filo_core.sentence import CLAUSES, Joined, Sentence, one_or_many, sentences
from filo_core.statistics.rates import Rate, percent
from filo_core.types import EventKind
from workflows.people.rights import Right, asks

if TYPE_CHECKING:
    from workflows.people.access import Access

BANDS = Sentence(
    "Bands ({source}): effectiveness at least 90 % acceptable, 80 % marginal; misses at most 2 %, 5 %; "
    "false alarms at most 5 %, 10 %.",
    source=AIAG,
)
COUNTING = Sentence(
    "Effectiveness counts parts that were judged rightly at every presentation. Misses and false alarms count "
    "presentations that were decided; their intervals know that several belong to one part (Korn and Graubard). "
    "Intervals are exact (Clopper-Pearson), those of kappa jackknifed by part."
)
REVIEW_COUNTS = Sentence(
    "REVIEW of the system is no decision: neither a miss nor a false alarm, left out of both rates and of kappa, and "
    "never right, so it lowers the effectiveness."
)
SAME_FILE = Sentence(
    "The system was given the same files again. A program that computes the same from the same file repeats itself "
    "by construction: this says nothing about how well the camera presents a part twice. Photograph the parts anew "
    "for that."
)
RATES = {
    "effectiveness": Sentence("effectiveness"),
    "miss": Sentence("miss"),
    "false alarm": Sentence("false alarm"),
}
"""What the rates that have bands are called, by the names that the data has."""
_AND = Sentence(" and ")
_SYSTEM = Sentence("system")


def called(appraiser: str) -> str:
    """The system in any language; people as they are called."""
    return _SYSTEM if appraiser == SYSTEM else appraiser


@dataclass(frozen=True, slots=True)
class StudyReport:
    """A study and what follows from it."""

    study: CapabilityStudy
    result: CapabilityResult
    reported_by: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the report as data, which the audit chain holds when it is written."""
        return hashlib.sha256(json.dumps(report_content(self), sort_keys=True).encode()).hexdigest()


def read_study(study: CapabilityStudy) -> StudyReport:
    """The report of a study.

    Raises:
        EvidenceError: if no appraiser is finished.
    """
    return StudyReport(study, capability(study))


@asks(Right.EXPORT)
def tell_reported(access: Access, report: StudyReport, form: str) -> str:
    """Tell the chain what was reported and how it came out, before it goes out; back comes who did.

    Raises:
        AccessError: if there are users, and nobody is signed in who may do this.
    """
    verdicts = {found.appraiser: found.verdict for found in report.result.appraisers}
    detail = {"study": report.study.study_id, "as": form, "digest": report.digest, "verdicts": verdicts}
    return access.tell(Right.EXPORT, EventKind.STUDY_REPORTED, report.study.plan.product, detail)


def study_lines(report: StudyReport) -> tuple[str, ...]:
    """The report as sentences, the most important one first."""
    return (
        *verdict_lines(report.result),
        *plan_lines(report.study),
        *(line for found in report.result.appraisers for line in appraiser_lines(found)),
        *stopping_lines(report.result),
        *between_lines(report.result),
        *notes(report),
    )


def verdict_lines(result: CapabilityResult) -> Iterator[str]:
    """A line an appraiser: AIAG's band, and whether so few parts can carry it."""
    for found in result.appraisers:
        if not found.verdict:
            yield Sentence(
                "{who}: no verdict, since parts of one kind were never decided.", who=called(found.appraiser)
            )
            continue
        worst = [RATES[name] for name, band in found.bands.items() if band.name == found.verdict]
        few = why = ""
        if found.proven != found.verdict:
            few = Sentence(
                " With {parts} parts the intervals reach into {band}.", parts=result.parts, band=found.proven
            )
        if found.verdict != "acceptable":
            why = Sentence(" for {rates}", rates=Joined(worst, _AND))
        yield Sentence(
            "{who}: {band}{why} ({source}).{few}",
            who=called(found.appraiser),
            band=found.verdict,
            why=why,
            source=AIAG,
            few=few,
        )
    for name in result.unfinished:
        yield Sentence("{who} still has parts to judge: their answers are not counted.", who=called(name))


def plan_lines(study: CapabilityStudy) -> Iterator[str]:
    """What the study consists of."""
    plan = study.plan
    by = Sentence(" by {who}", who=study.created_by) if study.created_by else ""
    yield Sentence(
        "Study {number} of {product}, recipe version {version}, created {at:%Y-%m-%d %H:%M}{by}: {parts} parts, {bad} "
        "of them bad, {presentations} presentations in random order to each of {appraisers}.",
        number=study.study_id,
        product=plan.product,
        version=plan.recipe_version,
        at=study.created_at.astimezone(),
        by=by,
        parts=len(plan.parts),
        bad=plan.bad,
        presentations=plan.presentations,
        appraisers=Joined(map(called, plan.appraisers)),
    )
    if study.corrected:
        yield one_or_many(
            study.corrected,
            "1 answer was corrected by the same appraiser; the later one counts.",
            "{count} answers were corrected by the same appraiser; the later one counts.",
        )


def appraiser_lines(found: AppraiserResult) -> Iterator[str]:
    """One appraiser's figures, each with its count and interval."""
    who = called(found.appraiser)
    within = Sentence("{who}: the same at every presentation {rate}.", who=who, rate=found.within.sentence)
    yield sentences(within, _kappa(found.within_kappa))
    for name, rate in found.rates.items():
        band = found.bands[name].name
        yield Sentence("{who}, {what}: {rate}, {band}.", who=who, what=RATES[name], rate=rate.sentence, band=band)
    yield Sentence("{who} with the reference: {kappa}", who=who, kappa=_kappa(found.against_kappa))
    if found.undecided.count:
        yield Sentence("{who}, presentations without a decision: {rate}.", who=who, rate=found.undecided.sentence)


def stopping_lines(result: CapabilityResult) -> Iterator[str]:
    """How the line fares that lets nothing pass in REVIEW."""
    if result.stopping is not None:
        rates = result.stopping.rates.items()
        said = (Sentence("{what} {rate}", what=RATES[name], rate=rate.sentence) for name, rate in rates)
        yield Sentence("Where REVIEW stops a part as NG does: {rates}.", rates=Joined(said, CLAUSES))


def between_lines(result: CapabilityResult) -> Iterator[str]:
    """The appraisers beside each other."""
    for pair in result.pairs:
        first, second = called(pair.first), called(pair.second)
        yield Sentence("{first} and {second}: {kappa}", first=first, second=second, kappa=_kappa(pair.kappa))
    if result.all_agree is not None:
        yield Sentence(
            "All at every presentation: {kappa} The same about {rate} parts.",
            kappa=_kappa(result.fleiss),
            rate=result.all_agree.sentence,
        )
    yield Sentence("All right at every presentation: {rate} parts.", rate=result.all_right.sentence)


def notes(report: StudyReport) -> Iterator[str]:
    """How it was counted."""
    yield BANDS
    yield COUNTING
    system = next((found for found in report.result.appraisers if found.appraiser == SYSTEM), None)
    if system is None:
        return
    if system.undecided.count:
        yield REVIEW_COUNTS
    if report.result.score_spread is not None:
        spread = Sentence(
            "Largest difference between its scores of one part: {spread:.3g}.", spread=report.result.score_spread
        )
        yield sentences(SAME_FILE, spread)


def report_content(report: StudyReport) -> dict[str, Any]:
    """The report as data: every figure with its count and interval."""
    study, result = report.study, report.result
    return {
        "study": study.study_id,
        "product": study.plan.product,
        "recipe_version": study.plan.recipe_version,
        "recipe_hash": study.plan.recipe_hash,
        "parts": result.parts,
        "bad": result.bad,
        "presentations": result.presentations,
        "corrected": study.corrected,
        "source": AIAG,
        "appraisers": {found.appraiser: _appraiser_content(found) for found in result.appraisers},
        "review_stops": _appraiser_content(result.stopping) if result.stopping else None,
        "pairs": [{"first": p.first, "second": p.second, "kappa": _kappa_content(p.kappa)} for p in result.pairs],
        "fleiss": _kappa_content(result.fleiss),
        "all_agree": _rate_content(result.all_agree),
        "all_right": _rate_content(result.all_right),
        "score_spread": result.score_spread,
        "unfinished": list(result.unfinished),
    }


def _appraiser_content(found: AppraiserResult) -> dict[str, Any]:
    return {
        "verdict": found.verdict or None,
        "intervals_reach_into": found.proven or None,
        "within": _rate_content(found.within),
        "within_kappa": _kappa_content(found.within_kappa),
        "reference_kappa": _kappa_content(found.against_kappa),
        **{
            name.replace(" ", "_"): _rate_content(rate) | {"band": found.bands[name].name}
            for name, rate in found.rates.items()
        },
        "undecided": _rate_content(found.undecided),
    }


def _rate_content(rate: Rate | None) -> dict[str, Any]:
    if rate is None:
        return {}
    return {"count": rate.count, "of": rate.of, "rate": rate.value, "lower": rate.lower, "upper": rate.upper}


def _kappa_content(kappa: Kappa | str) -> dict[str, Any]:
    if isinstance(kappa, str):
        return {"missing": kappa}
    return {
        "kind": kappa.kind.value,
        "kappa": kappa.value,
        "lower": kappa.lower,
        "upper": kappa.upper,
        "parts": kappa.parts,
        "bands": {band.source: band.name for band in kappa.bands},
    }


def _kappa(kappa: Kappa | str) -> str:
    return kappa if isinstance(kappa, str) else kappa.sentence


def rate_cell(rate: Rate | None) -> str:
    """A rate for a table's cell: the share, its count and interval."""
    if rate is None:
        return "–"
    return Sentence(
        "{share} ({count} of {of}; {lower} to {upper})",
        share=percent(rate.value),
        count=rate.count,
        of=rate.of,
        lower=percent(rate.lower),
        upper=percent(rate.upper),
    )


def kappa_cell(kappa: Kappa | str) -> str:
    """A kappa for a table's cell."""
    if isinstance(kappa, str):
        return "–"
    return Sentence("{value:.2f} ({lower:.2f} to {upper:.2f})", value=kappa.value, lower=kappa.lower, upper=kappa.upper)
