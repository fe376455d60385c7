"""Statistics as one CSV file: section, name, value, of, lower, upper, note."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.spreadsheets import harmless
from filo_core.statistics.costs import Weighing
from filo_core.statistics.rates import Rate
from filo_core.types import UNKNOWN_TYPE, Limits
from filo_core.whole_files import whole_file
from workflows.reporting.period_change import change_sentence
from workflows.reporting.report import NG_MEANS, signal_lines

if TYPE_CHECKING:
    from workflows.reporting.figures import Figures

Cell = str | int | float
HEADER = ("section", "name", "value", "of", "lower", "upper", "note")


def write_csv(figures: Figures, path: Path, limits: Limits | None = None) -> None:
    """Write all figures, and the recount under ``limits`` where some are given.

    Raises:
        FolderError: if the file cannot be written.
    """
    # With a byte order mark, or a spreadsheet takes UTF-8 for something else.
    with whole_file(path) as temporary, temporary.open("x", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(HEADER)
        writer.writerows([harmless(cell) for cell in row] for row in _rows(figures, limits))


def _rows(figures: Figures, limits: Limits | None) -> Iterator[tuple[Cell, ...]]:
    counts = figures.counts
    for name, value in (
        ("OK", counts.ok),
        ("REVIEW", counts.review),
        ("NG", counts.ng),
        ("NOT INSPECTED", counts.not_inspected),
        ("by untrained weights", figures.untrained),
        ("of known parts, left out", figures.known),
    ):
        yield ("inspections", name, value, counts.done, "", "", NG_MEANS if name == "NG" else "")
    yield _rate_row("first-pass yield", "parts", figures.first_pass)
    yield from _change_rows(figures)
    yield from _pareto_rows(figures)
    yield from _chart_rows(figures)
    yield from _agreement_rows(figures)
    if limits is not None:
        yield from _recount_rows(figures, limits)


def _rate_row(section: str, name: str, rate: Rate | str) -> tuple[Cell, ...]:
    if isinstance(rate, str):
        return (section, name, "", "", "", "", rate)
    return (section, name, rate.count, rate.of, rate.lower, rate.upper, rate.sentence)


def _change_rows(figures: Figures) -> Iterator[tuple[Cell, ...]]:
    found = figures.change
    if isinstance(found, str):
        yield ("change of the NG share", "", "", "", "", "", found)
        return
    change = found.change
    for name, rate in (("now", change.now), ("before", change.before)):
        yield ("change of the NG share", name, rate.count, rate.of, rate.lower, rate.upper, rate.sentence)
    yield ("change of the NG share", "difference", change.now.value - change.before.value, "", change.lower,
           change.upper, change_sentence(found))  # fmt: skip


def _pareto_rows(figures: Figures) -> Iterator[tuple[Cell, ...]]:
    found = figures.pareto
    if isinstance(found, str):
        yield ("anomaly types", "", "", "", "", "", found)
        return
    for bar in found.bars:
        note = "" if found.weighing is Weighing.COUNT else f"{found.weighing.value} {bar.cost:g}"
        yield ("anomaly types", bar.name, bar.count, found.named, "", "", note)
    yield ("anomaly types", UNKNOWN_TYPE, found.unknown, found.named + found.unknown, "", "", "kept apart")


def _chart_rows(figures: Figures) -> Iterator[tuple[Cell, ...]]:
    chart = figures.chart
    if isinstance(chart, str):
        yield ("NG share", "", "", "", "", "", chart)
        return
    yield ("NG share", "centre", chart.centre, "", "", "", " ".join(chart.notes))
    for point in chart.points:
        note = "outside its limits" if point.outside else ""
        yield ("NG share", point.label, point.share, point.inspected, point.lower, point.upper, note)
    for line in signal_lines(figures):
        yield ("NG share", "signals", "", "", "", "", line)


def _agreement_rows(figures: Figures) -> Iterator[tuple[Cell, ...]]:
    study = figures.agreement
    if isinstance(study, str):
        yield ("agreement", "", "", "", "", "", study)
        return
    for pair in study.pairs:
        name = f"{pair.first} and {pair.second}"
        if pair.kappa is None:
            yield ("agreement", name, "", "", "", "", pair.sentence)
        else:
            kappa = pair.kappa
            yield ("agreement", name, kappa.value, kappa.parts, kappa.lower, kappa.upper, pair.sentence)


def _recount_rows(figures: Figures, limits: Limits) -> Iterator[tuple[Cell, ...]]:
    counted = figures.scores.history.recount(limits)
    note = f"OK up to {limits.ok!r}, NG above {limits.ng!r}"
    for name, value in (("OK", counted.all.ok), ("REVIEW", counted.all.review), ("NG", counted.all.ng)):
        yield ("recount", name, value, counted.all.total, "", "", note)
    yield ("recount", "false rejects", counted.false_rejects, counted.known_good.total, "", "", note)
    yield ("recount", "false accepts", counted.false_accepts, counted.known_bad.total, "", "", note)
