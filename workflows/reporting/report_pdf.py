"""The report on paper: words first, then the charts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, PageBreak

from filo_core.sentence import Sentence
from filo_core.statistics.costs import Weighing
from workflows.reporting.pdf_document import paragraph, write_document
from workflows.reporting.report import chart_sentence, heading_lines, pareto_sentence, report_lines, signal_lines
from workflows.reporting.report_charts import control_drawing, pareto_drawing, scores_drawing

if TYPE_CHECKING:
    from workflows.reporting.report import Report

_NO_SCORE = Sentence("No score of this product in this time.")
_INDENT = 6 * mm


def write_pdf(report: Report, path: Path, foot: str = "") -> None:
    """Write the report to a file; one that is there is replaced.

    Raises:
        FolderError: if the file cannot be written.
    """
    write_document(path, report.figures.wanted.product, (*_words(report), PageBreak(), *_charts(report)), foot)


def _words(report: Report) -> Iterator[Flowable]:
    for line in report_lines(report):
        # The figures of a station and a shift stand two spaces in.
        yield paragraph(line.strip(), indent=_INDENT if line.startswith(" ") else 0.0)


def _charts(report: Report) -> Iterator[Flowable]:
    figures = report.figures
    yield paragraph(heading_lines(figures)[0], "Heading3")
    chart, found, scores = figures.chart, figures.pareto, figures.scores
    if isinstance(chart, str):
        yield _block(Sentence("Share of NG by subgroup"), paragraph(chart))
    else:
        words = (chart_sentence(chart), *signal_lines(figures))
        yield _block(Sentence("Share of NG by subgroup"), control_drawing(chart), *map(paragraph, words))
    if isinstance(found, str):
        yield _block(Sentence("Anomaly types"), paragraph(found))
    else:
        by = "" if found.weighing is Weighing.COUNT else Sentence(", by {value}", value=found.weighing.value)
        yield _block(Sentence("Anomaly types{by}", by=by), pareto_drawing(found), paragraph(pareto_sentence(found)))
    drawn = scores_drawing(scores.history, scores.limits) if len(scores.history) and scores.limits else None
    yield _block(Sentence("Image scores and limits"), drawn or paragraph(_NO_SCORE))


def _block(title: str, *below: Flowable) -> KeepTogether:
    return KeepTogether([paragraph(title, "Heading4"), *below])
