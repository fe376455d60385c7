"""The report on paper: a band that says of what it is, five figures, the charts, the worst parts, a line to sign on."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable, Image, KeepTogether, Paragraph, Spacer, Table

from filo_core.sentence import Sentence
from filo_core.statistics.costs import Weighing
from filo_core.statistics.rates import percent
from workflows.reporting.pdf_document import HEADING_FONT, CoverBand, paragraph, write_document
from workflows.reporting.report import chart_sentence, pareto_sentence, report_lines, signal_lines
from workflows.reporting.report_charts import control_drawing, pareto_drawing, scores_drawing

if TYPE_CHECKING:
    from filo_core.sentence import InLanguage
    from workflows.reporting.report import Report
    from workflows.reporting.worst_parts import WorstPart

_NO_SCORE = Sentence("No score of this product in this time.")
_INDENT = 6 * mm
_WIDTH = 160 * mm
_PALE, _LINE, _GREY = HexColor("#eef1f6"), HexColor("#b3b3b3"), HexColor("#555555")
_FIGURE_SIZE = 17
_STATIONS = 4
"""Named at most."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands above a report beside its product."""

    made_at: datetime
    made_by: str = ""
    """Empty for the program itself."""
    title: str = ""
    """Such as the name of a shift; empty for none."""
    since: datetime | None = None
    """By the clock on the plant's wall, as ``until``; that of the figures where not given."""
    until: datetime | None = None


def write_pdf(
    report: Report, path: Path, foot: str = "", in_language: InLanguage = str, cover: Cover | None = None
) -> None:
    """Write the report to a file, its sentences by ``in_language``; one that is there is replaced.

    Raises:
        FolderError: if the file cannot be written.
    """
    cover = cover or Cover(datetime.now().astimezone())
    story = (
        *_first_page(report, in_language),
        *_words(report, in_language),
        *_signature(in_language),
    )
    band = _band(report, cover, in_language)
    page = Sentence("Page {number} of {pages}")
    write_document(path, report.figures.wanted.product, story, foot, band, in_language(page))


def _band(report: Report, cover: Cover, in_language: InLanguage) -> CoverBand:
    wanted = report.figures.wanted
    since, until = cover.since or wanted.since, cover.until or wanted.until
    begins = in_language(Sentence("{at:%Y-%m-%d %H:%M}", at=since)) if since else in_language(Sentence("the beginning"))
    ends = in_language(Sentence("{at:%Y-%m-%d %H:%M}", at=until)) if until else in_language(Sentence("now"))
    period = f"{begins} – {ends}"
    stations = ", ".join([wanted.station] if wanted.station else sorted(filter(None, report.by_station))[:_STATIONS])
    station = in_language(Sentence("Station {station}", station=stations)) if stations else ""
    by = in_language(Sentence("by {who}", who=cover.made_by)) if cover.made_by else ""
    made = in_language(Sentence("Made {at:%Y-%m-%d %H:%M}", at=cover.made_at))
    recipe = in_language(Sentence("Recipe {version}", version=report.recipe)) if report.recipe else ""
    lines = (
        "  ·  ".join(filter(None, (cover.title, period))),
        "  ·  ".join(filter(None, (station, made, by, recipe))),
    )
    return CoverBand(wanted.product, lines, report.picture)


def _first_page(report: Report, in_language: InLanguage) -> Iterator[Flowable]:
    yield _five_figures(report, in_language)
    yield from _charts(report, in_language)


def _five_figures(report: Report, in_language: InLanguage) -> Flowable:
    """Inspected, yield with its interval, NG, REVIEW, agreement: each large, with what it is beneath it."""
    figures = report.figures
    counts, first = figures.counts, figures.first_pass
    judged = counts.ok + counts.review + counts.ng
    shares = [f"{percent(number / judged)}" if judged else "–" for number in (counts.ng, counts.review)]
    study = figures.agreement
    kappa = None if isinstance(study, str) or not study.pairs else study.pairs[0].kappa
    first_words = Sentence("first-pass yield")
    if not isinstance(first, str):
        first_words = Sentence(
            "first-pass yield, 95 %: {lower} to {upper}", lower=percent(first.lower), upper=percent(first.upper)
        )
    cells = (
        (f"{counts.inspected}", Sentence("inspected")),
        ("–" if isinstance(first, str) else percent(first.value), first_words),
        (f"{counts.ng}", Sentence("NG, {share}", share=shares[0])),
        (f"{counts.review}", Sentence("REVIEW, {share}", share=shares[1])),
        (
            "–" if kappa is None else f"{kappa.value:.2f}",
            Sentence("agreement (kappa)")
            if kappa is None
            else Sentence("agreement (kappa) on {parts} parts", parts=kappa.parts),
        ),
    )
    numbers = [_number(in_language(number)) for number, _ in cells]
    words = [_small(in_language(text)) for _, text in cells]
    return Table(
        [numbers, words],
        colWidths=[_WIDTH / 5] * 5,
        style=[
            ("BACKGROUND", (0, 0), (-1, -1), _PALE),
            ("LINEAFTER", (0, 0), (-2, -1), 3, HexColor("#ffffff")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, 0), 6),
            ("BOTTOMPADDING", (0, -1), (-1, -1), 6),
        ],
        spaceAfter=4 * mm,
    )


def _number(text: str) -> Paragraph:
    return paragraph(text, "BodyText", fontSize=_FIGURE_SIZE, leading=1.2 * _FIGURE_SIZE, fontName=HEADING_FONT)


def _small(text: str) -> Paragraph:
    return paragraph(text, "BodyText", fontSize=7.5, leading=9.5, textColor=_GREY)


def _words(report: Report, in_language: InLanguage) -> Iterator[Flowable]:
    yield paragraph(in_language(Sentence("In words")), "Heading3")
    for line in report_lines(report):
        # The figures of a station and a shift stand two spaces in.
        yield paragraph(in_language(line).strip(), indent=_INDENT if line.startswith(" ") else 0.0)


def _charts(report: Report, in_language: InLanguage) -> Iterator[Flowable]:
    def said(text: str) -> Paragraph:
        return paragraph(in_language(text))

    def block(title: str, *below: Flowable) -> KeepTogether:
        return KeepTogether([paragraph(in_language(title), "Heading4"), *below])

    figures = report.figures
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
    if report.worst:
        yield block(Sentence("The worst parts"), _pictures(report.worst, in_language))
    drawn = (
        scores_drawing(scores.history, scores.limits, in_language) if len(scores.history) and scores.limits else None
    )
    yield block(Sentence("Image scores and limits"), drawn or said(_NO_SCORE))


def _pictures(worst: tuple[WorstPart, ...], in_language: InLanguage) -> Flowable:
    """Beside each other, each with its name, what it was called and its score beneath it."""
    column = _WIDTH / 3
    most = column - 4 * mm
    pictures, captions = [], []
    for part in worst:
        size = ImageReader(io.BytesIO(part.jpeg)).getSize()
        scale = most / max(size)
        pictures.append(Image(io.BytesIO(part.jpeg), size[0] * scale, size[1] * scale))
        called = part.called or in_language(Sentence("unknown"))
        times = in_language(Sentence("{times:.2f} × limit", times=part.times_limit)) if part.times_limit else ""
        captions.append(_small(" · ".join(filter(None, (part.name, called, times)))))
    blank = [""] * (3 - len(worst))
    return Table(
        [[*pictures, *blank], [*captions, *blank]],
        colWidths=[column] * 3,
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("ALIGN", (0, 0), (-1, -1), "LEFT"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ],
        hAlign="LEFT",
    )


def _signature(in_language: InLanguage) -> Iterator[Flowable]:
    words = [_small(in_language(text)) for text in (Sentence("Date"), Sentence("Name"), Sentence("Signature"))]
    table = Table(
        [["", "", ""], words],
        colWidths=[_WIDTH / 4, _WIDTH / 4, _WIDTH / 2],
        rowHeights=[11 * mm, None],
        style=[
            *(("LINEBELOW", (column, 0), (column, 0), 0.6, _LINE) for column in range(3)),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 8),
        ],
        hAlign="LEFT",
    )
    yield KeepTogether([Spacer(0, 2 * mm), table])
