"""The report on paper: words first, then the charts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, PageBreak, Paragraph

from filo_core.sentence import Sentence
from filo_core.statistics.costs import Weighing
from workflows.reporting.pdf_document import paragraph, write_document
from workflows.reporting.report import chart_sentence, heading_lines, pareto_sentence, report_lines, signal_lines
from workflows.reporting.report_charts import control_drawing, pareto_drawing, scores_drawing

if TYPE_CHECKING:
    from filo_core.sentence import InLanguage
    from workflows.reporting.report import Report

_NO_SCORE = Sentence("No score of this product in this time.")
_INDENT = 6 * mm


def write_pdf(report: Report, path: Path, foot: str = "", in_language: InLanguage = str) -> None:
    """Write the report to a file, its sentences by ``in_language``; one that is there is replaced.

    Raises:
        FolderError: if the file cannot be written.
    """
    story = (*_words(report, in_language), PageBreak(), *_charts(report, in_language))
    write_document(path, report.figures.wanted.product, story, foot)


def _words(report: Report, in_language: InLanguage) -> Iterator[Flowable]:
    for line in report_lines(report):
        # The figures of a station and a shift stand two spaces in.
        yield paragraph(in_language(line).strip(), indent=_INDENT if line.startswith(" ") else 0.0)


def _charts(report: Report, in_language: InLanguage) -> Iterator[Flowable]:
    def said(text: str) -> Paragraph:
        return paragraph(in_language(text))

    def block(title: str, *below: Flowable) -> KeepTogether:
        return KeepTogether([paragraph(in_language(title), "Heading4"), *below])

    figures = report.figures
    yield paragraph(in_language(heading_lines(figures)[0]), "Heading3")
    chart, found, scores = figures.chart, figures.pareto, figures.scores
    if isinstance(chart, str):
        yield block(Sentence("Share of NG by subgroup"), said(chart))
    else:
        words = (chart_sentence(chart), *signal_lines(figures))
        yield block(Sentence("Share of NG by subgroup"), control_drawing(chart, in_language), *map(said, words))
    if isinstance(found, str):
        yield block(Sentence("Anomaly types"), said(found))
    else:
        by = "" if found.weighing is Weighing.COUNT else Sentence(", by {value}", value=found.weighing.value)
        yield block(
            Sentence("Anomaly types{by}", by=by), pareto_drawing(found, in_language), said(pareto_sentence(found))
        )
    drawn = (
        scores_drawing(scores.history, scores.limits, in_language) if len(scores.history) and scores.limits else None
    )
    yield block(Sentence("Image scores and limits"), drawn or said(_NO_SCORE))
