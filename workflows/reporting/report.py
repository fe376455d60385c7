"""A product's figures with their break-down by station and shift, and all of it in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from filo_core.errors import EvidenceError
from filo_core.sentence import CLAUSES, Joined, Sentence, sentences
from filo_core.statistics.charts import Pareto, PChart
from filo_core.statistics.costs import Weighing
from filo_core.statistics.rates import Rate, percent
from filo_core.statistics.signals import EWMA_WEIGHT
from filo_core.types import InspectionFilter
from workflows.products.evidence import drift
from workflows.reporting.figures import FigureReader, Figures, first_pass_of
from workflows.reporting.period_change import change_sentence
from workflows.reporting.periods import shift_of

if TYPE_CHECKING:
    from filo_core.calibration.agreement import AgreementStudy
    from storage.repositories.figures import JudgedInspection
    from storage.storage import Storage
    from workflows.products.catalogue import Catalogue
    from workflows.reporting.worst_parts import WorstPart


NG_MEANS = Sentence(
    "NG is what a person decided, else what the system said: in the counts, the control chart and the types."
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Everything that is reported; a ``str`` stands where the evidence is too thin for a number."""

    figures: Figures
    by_station: Mapping[str, Rate | str]
    """First-pass yield by station; one without a name is ``""``."""
    by_shift: Mapping[str, Rate | str]
    """First-pass yield by shift of the day, such as ``"06–14"``."""
    drift: str
    proof: str = ""
    """What is known of the version in force and its bad parts, with the reason for signing it all the same; empty
    where it tells them from good ones, and before the first version."""
    recipe: str = ""
    """Version in force and the begin of its hash; empty before the first one, and where no paper is wanted."""
    picture: bytes = b""
    """Of the product, as JPEG; empty where there is none, and where no paper is wanted."""
    worst: tuple[WorstPart, ...] = ()
    """Those that count as NG with the highest scores, with pictures; none where no paper is wanted."""


def read_report(storage: Storage, catalogue: Catalogue, wanted: InspectionFilter) -> Report:
    """The report on the wanted inspections of one product.

    Raises:
        ProductError: if there is no such product.
        StorageError: if the record cannot be read.
    """
    wanted = replace(wanted, product=catalogue.draft(wanted.product).description.name)
    figures = FigureReader(storage, catalogue).read(wanted)
    with storage.reading() as transaction:
        stations = (wanted.station,) if wanted.station else transaction.figures.stations()
        line = replace(wanted, line_only=True)
        rows = transaction.figures.judged(line)
        by_station = {name: transaction.figures.judged(replace(line, station=name)) for name in stations}
    named = {row.inspection_id for found in by_station.values() for row in found}
    by_station[""] = tuple(row for row in rows if row.inspection_id not in named)
    by_shift: defaultdict[str, list[JudgedInspection]] = defaultdict(list)
    for row in rows:
        by_shift[shift_of(row.inspected_at)].append(row)
    return Report(
        figures,
        {name: _yield(found) for name, found in by_station.items() if found},
        {shift: _yield(by_shift[shift]) for shift in sorted(by_shift)},
        drift(storage, wanted.product).sentence,
        catalogue.reported_proof(wanted.product),
    )


def report_lines(report: Report) -> tuple[str, ...]:
    """The report as sentences, a figure a line."""
    figures = report.figures
    return (
        *heading_lines(figures),
        *((f"Recipe: {report.proof}",) if report.proof else ()),
        *promise_lines(figures),
        Sentence("Did it change: {change}", change=_said(figures.change, change_sentence)),
        Sentence("First-pass yield: {first_pass}", first_pass=_said(figures.first_pass, lambda rate: rate.sentence)),
        *(
            Sentence("  station {name}: {rate}", name=name or "without a name", rate=_said(rate, _sentence))
            for name, rate in report.by_station.items()
        ),
        *(
            Sentence("  shift {name}: {rate}", name=name, rate=_said(rate, _sentence))
            for name, rate in report.by_shift.items()
        ),
        Sentence("Anomaly types: {pareto}", pareto=_said(figures.pareto, pareto_sentence)),
        Sentence("Control chart: {chart}", chart=_said(figures.chart, chart_sentence)),
        *signal_lines(figures),
        *score_lines(figures),
        *agreement_lines(figures.agreement),
        f"Drift: {report.drift}",
    )


def promise_lines(figures: Figures) -> tuple[str, ...]:
    """What is promised of good parts, and which sessions that rests on; nothing where nothing is."""
    guard = figures.guard
    if guard is None or not guard.sentence:
        return ()
    if guard.promise is None:
        return (f"Promise: {guard.sentence}",)
    return (
        Sentence(
            "Promise: at most {promise} of good parts are {refused_word}. {sentence}",
            promise=percent(guard.promise),
            refused_word=guard.refused_word,
            sentence=guard.sentence,
        ),
    )


def heading_lines(figures: Figures) -> tuple[str, ...]:
    """What is reported on, and how many verdicts it has."""
    wanted, counts = figures.wanted, figures.counts
    since = wanted.since.strftime("%Y-%m-%d %H:%M") if wanted.since else Sentence("the beginning")
    until = wanted.until.strftime("%Y-%m-%d %H:%M") if wanted.until else "now"
    place = Sentence(", station {station}", station=wanted.station) if wanted.station else ""
    first = Sentence(
        "{product}{place}, from {since} to {until}", product=wanted.product, place=place, since=since, until=until
    )
    known = (
        (Sentence("{known} inspections of known parts are left out.", known=figures.known),) if figures.known else ()
    )
    if not counts.done:
        return (first, Sentence("Nothing was inspected in this time."), *known)
    verdicts = Sentence(
        "{ok} OK, {review} REVIEW, {ng} NG, {not_inspected} not inspected",
        ok=counts.ok,
        review=counts.review,
        ng=counts.ng,
        not_inspected=counts.not_inspected,
    )
    untrained = (
        (Sentence("{untrained} verdicts are by untrained weights.", untrained=figures.untrained),)
        if figures.untrained
        else ()
    )
    return (
        first,
        Sentence("{inspected} inspected: {verdicts}", inspected=counts.inspected, verdicts=verdicts),
        NG_MEANS,
        *untrained,
        *known,
    )


def signal_lines(figures: Figures) -> tuple[str, ...]:
    """What run rules and EWMA find beside the control chart."""
    signals = figures.signals
    if signals is None or not signals.ewma:
        return ()
    broken = "; ".join(
        Sentence(
            "{label} {value}, {rises} the mean",
            label=signal.label,
            value=signal.rule.value,
            rises="above" if signal.rises else "below",
        )
        for signal in signals.broken
    )
    labels = [] if isinstance(figures.chart, str) else [point.label for point in figures.chart.points]
    shifts = ", ".join(labels[place] for place in signals.shifts)
    shown = Sentence("a small shift at {shifts}", shifts=shifts) if shifts else Sentence("no small shift")
    chance = Sentence("By chance alone one subgroup in about 90 breaks one.")
    return (
        Sentence("Run rules (Western Electric): {broken}. {chance}", broken=broken or "none is broken", chance=chance),
        Sentence(
            "EWMA (weight {ewma_weight}, one false alarm in 500 subgroups): {shown}.",
            ewma_weight=EWMA_WEIGHT,
            shown=shown,
        ),
    )


def pareto_sentence(found: Pareto) -> str:
    """The types by what they cost, and which costs most where that is not the most frequent one by itself."""
    bars = [
        Sentence("{name} {count} ({share})", name=bar.name, count=bar.count, share=percent(bar.share))
        for bar in found.bars
    ]
    said = (
        ", ".join([*bars, Sentence("unknown {unknown} apart", unknown=found.unknown)] if found.unknown else bars) + "."
    )
    if found.weighing is Weighing.COUNT or not found.bars:
        return said
    first = found.bars[0]
    return Sentence(
        "{said} Weighed by {value}: {name} costs most, {count} × {weight:g}.",
        said=said,
        value=found.weighing.value,
        name=first.name,
        count=first.count,
        weight=first.weight,
    )


def chart_sentence(chart: PChart) -> str:
    """Centre, kind and what lies outside."""
    kind = "p-chart" if chart.sigma_z == 1.0 else Sentence("Laney p' (σz {sigma_z:.2f})", sigma_z=chart.sigma_z)
    outside = [point.label for point in chart.points if point.outside]
    said = (
        Sentence("outside their limits: {outside}", outside=", ".join(outside))
        if outside
        else Sentence("none outside its limits")
    )
    return " ".join(
        (
            Sentence(
                "{kind}, centre {centre}, {count} subgroups, {said}.",
                kind=kind,
                centre=percent(chart.centre),
                count=len(chart.points),
                said=said,
            ),
            *chart.notes,
        )
    )


def score_lines(figures: Figures) -> tuple[str, ...]:
    """Limits in force, and what they would make of the history."""
    scores = figures.scores
    if not len(scores.history) or scores.limits is None:
        return (Sentence("Scores: none in this time."),)
    limits, counted = scores.limits, scores.history.recount(scores.limits)
    left_out = (
        Sentence(" {other_model} scores of another model left out.", other_model=scores.other_model)
        if scores.other_model
        else ""
    )
    under = Sentence(
        "{count} under limits OK ≤ {ok:.4f}, NG > {ng:.4f}", count=len(scores.history), ok=limits.ok, ng=limits.ng
    )
    verdicts = Sentence(
        "{ok} OK, {review} REVIEW, {ng} NG", ok=counted.all.ok, review=counted.all.review, ng=counted.all.ng
    )
    return (
        Sentence("Scores: {under}: {verdicts}.{left_out}", under=under, verdicts=verdicts, left_out=left_out),
        Sentence("Expected review load: {sentence}.", sentence=counted.review_load().sentence),
        Sentence("False rejects: {false_reject_rate}", false_reject_rate=_or_sentence(counted.false_reject_rate)),
        Sentence("False accepts: {false_accept_rate}", false_accept_rate=_or_sentence(counted.false_accept_rate)),
    )


def agreement_lines(found: AgreementStudy | str) -> tuple[str, ...]:
    """Every pair, all together, and each against the golden set."""
    if isinstance(found, str):
        return (Sentence("Agreement: {found}", found=found),)
    lines: list[str] = [
        Sentence(
            "Agreement of {first} and {second}: {sentence}",
            first=pair.first,
            second=pair.second,
            sentence=pair.sentence,
        )
        for pair in found.pairs
    ]
    if len(found.pairs) > 1:
        lines.append(Sentence("Agreement of all: {fleiss_sentence}", fleiss_sentence=found.fleiss_sentence))
    for appraisal in found.appraisals:
        rates = {
            "effectiveness": appraisal.effectiveness,
            "miss": appraisal.miss,
            "false alarm": appraisal.false_alarm,
        }
        said = [
            Sentence(
                "{name} {sentence}, {name_2} ({source})",
                name=name,
                sentence=rate.sentence,
                name_2=appraisal.bands[name].name,
                source=appraisal.bands[name].source,
            )
            for name, rate in rates.items()
            if rate is not None
        ]
        known = Sentence(
            "{appraiser} on known parts: {said}.", appraiser=appraisal.appraiser, said=Joined(said, CLAUSES)
        )
        lines.append(sentences(known, *appraisal.notes))
    return tuple(lines)


def _yield(rows: Iterable[JudgedInspection]) -> Rate | str:
    found = tuple(rows)
    try:
        return first_pass_of(found)
    except EvidenceError as error:
        return str(error)


def _sentence(rate: Rate) -> str:
    return rate.sentence


def _said(found: T | str, words: Callable[[T], str]) -> str:
    return found if isinstance(found, str) else words(found)


def _or_sentence(rate: Callable[[], Rate]) -> str:
    try:
        return f"{rate().sentence}."
    except EvidenceError as error:
        return str(error)
