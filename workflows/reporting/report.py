"""A product's figures with their break-down by station and shift, and all of it in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from filo_core.errors import EvidenceError
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


NG_MEANS = "NG is what a person decided, else what the system said: in the counts, the control chart and the types."

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
        f"Did it change: {_said(figures.change, change_sentence)}",
        f"First-pass yield: {_said(figures.first_pass, lambda rate: rate.sentence)}",
        *(
            f"  station {name or 'without a name'}: {_said(rate, _sentence)}"
            for name, rate in report.by_station.items()
        ),
        *(f"  shift {name}: {_said(rate, _sentence)}" for name, rate in report.by_shift.items()),
        f"Anomaly types: {_said(figures.pareto, pareto_sentence)}",
        f"Control chart: {_said(figures.chart, chart_sentence)}",
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
    return (f"Promise: at most {percent(guard.promise)} of good parts are {guard.refused_word}. {guard.sentence}",)


def heading_lines(figures: Figures) -> tuple[str, ...]:
    """What is reported on, and how many verdicts it has."""
    wanted, counts = figures.wanted, figures.counts
    since = wanted.since.strftime("%Y-%m-%d %H:%M") if wanted.since else "the beginning"
    until = wanted.until.strftime("%Y-%m-%d %H:%M") if wanted.until else "now"
    place = f", station {wanted.station}" if wanted.station else ""
    first = f"{wanted.product}{place}, from {since} to {until}"
    known = (f"{figures.known} inspections of known parts are left out.",) if figures.known else ()
    if not counts.done:
        return (first, "Nothing was inspected in this time.", *known)
    verdicts = f"{counts.ok} OK, {counts.review} REVIEW, {counts.ng} NG, {counts.not_inspected} not inspected"
    untrained = (f"{figures.untrained} verdicts are by untrained weights.",) if figures.untrained else ()
    return (first, f"{counts.inspected} inspected: {verdicts}", NG_MEANS, *untrained, *known)


def signal_lines(figures: Figures) -> tuple[str, ...]:
    """What run rules and EWMA find beside the control chart."""
    signals = figures.signals
    if signals is None or not signals.ewma:
        return ()
    broken = "; ".join(
        f"{signal.label} {signal.rule.value}, {'above' if signal.rises else 'below'} the mean"
        for signal in signals.broken
    )
    labels = [] if isinstance(figures.chart, str) else [point.label for point in figures.chart.points]
    shifts = ", ".join(labels[place] for place in signals.shifts)
    shown = f"a small shift at {shifts}" if shifts else "no small shift"
    chance = "By chance alone one subgroup in about 90 breaks one."
    return (
        f"Run rules (Western Electric): {broken or 'none is broken'}. {chance}",
        f"EWMA (weight {EWMA_WEIGHT}, one false alarm in 500 subgroups): {shown}.",
    )


def pareto_sentence(found: Pareto) -> str:
    """The types by what they cost, and which costs most where that is not the most frequent one by itself."""
    bars = [f"{bar.name} {bar.count} ({percent(bar.share)})" for bar in found.bars]
    said = ", ".join([*bars, f"unknown {found.unknown} apart"] if found.unknown else bars) + "."
    if found.weighing is Weighing.COUNT or not found.bars:
        return said
    first = found.bars[0]
    return f"{said} Weighed by {found.weighing.value}: {first.name} costs most, {first.count} × {first.weight:g}."


def chart_sentence(chart: PChart) -> str:
    """Centre, kind and what lies outside."""
    kind = "p-chart" if chart.sigma_z == 1.0 else f"Laney p' (σz {chart.sigma_z:.2f})"
    outside = [point.label for point in chart.points if point.outside]
    said = f"outside their limits: {', '.join(outside)}" if outside else "none outside its limits"
    return " ".join((f"{kind}, centre {percent(chart.centre)}, {len(chart.points)} subgroups, {said}.", *chart.notes))


def score_lines(figures: Figures) -> tuple[str, ...]:
    """Limits in force, and what they would make of the history."""
    scores = figures.scores
    if not len(scores.history) or scores.limits is None:
        return ("Scores: none in this time.",)
    limits, counted = scores.limits, scores.history.recount(scores.limits)
    left_out = f" {scores.other_model} scores of another model left out." if scores.other_model else ""
    under = f"{len(scores.history)} under limits OK ≤ {limits.ok:.4f}, NG > {limits.ng:.4f}"
    verdicts = f"{counted.all.ok} OK, {counted.all.review} REVIEW, {counted.all.ng} NG"
    return (
        f"Scores: {under}: {verdicts}.{left_out}",
        f"Expected review load: {counted.review_load().sentence}.",
        f"False rejects: {_or_sentence(counted.false_reject_rate)}",
        f"False accepts: {_or_sentence(counted.false_accept_rate)}",
    )


def agreement_lines(found: AgreementStudy | str) -> tuple[str, ...]:
    """Every pair, all together, and each against the golden set."""
    if isinstance(found, str):
        return (f"Agreement: {found}",)
    lines = [f"Agreement of {pair.first} and {pair.second}: {pair.sentence}" for pair in found.pairs]
    if len(found.pairs) > 1:
        lines.append(f"Agreement of all: {found.fleiss_sentence}")
    for appraisal in found.appraisals:
        rates = {
            "effectiveness": appraisal.effectiveness,
            "miss": appraisal.miss,
            "false alarm": appraisal.false_alarm,
        }
        said = [
            f"{name} {rate.sentence}, {appraisal.bands[name].name} ({appraisal.bands[name].source})"
            for name, rate in rates.items()
            if rate is not None
        ]
        lines.append(f"{appraisal.appraiser} on known parts: {'; '.join(said)}. {' '.join(appraisal.notes)}".rstrip())
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
