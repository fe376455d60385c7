"""A capability study on paper: the verdicts, a table of all rates, how it was counted, and a line to sign on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer, Table, TableStyle

from filo_core.sentence import Sentence, sentences
from filo_core.statistics.rates import CONFIDENCE, percent
from workflows.reporting.pdf_document import paragraph, write_document
from workflows.studies.report import (
    between_lines,
    called,
    kappa_cell,
    notes,
    plan_lines,
    rate_cell,
    stopping_lines,
    verdict_lines,
)

if TYPE_CHECKING:
    from filo_core.calibration.capability import AppraiserResult
    from filo_core.sentence import InLanguage
    from workflows.studies.report import StudyReport

_RULE, _HEAD = HexColor("#b3b3b3"), HexColor("#eeeeee")
_GROUNDS = {"acceptable": HexColor("#d5ece2"), "marginal": HexColor("#ffefc2"), "unacceptable": HexColor("#f6d7db")}
_NAME, _CELL = 28 * mm, 44 * mm
_SIGN = "_" * 34
_BANDED = (
    (Sentence("effectiveness"), "effectiveness"),
    (Sentence("misses"), "miss"),
    (Sentence("false alarms"), "false alarm"),
)


def write_pdf(report: StudyReport, path: Path, foot: str = "", in_language: InLanguage = str) -> None:
    """Write the report to a file, its sentences by ``in_language``; one that is there is replaced.

    Raises:
        FolderError: if the file cannot be written.
    """
    title = Sentence("Capability study {number}", number=report.study.study_id)
    write_document(path, in_language(title), tuple(_story(report, in_language)), foot)


def _story(report: StudyReport, in_language: InLanguage) -> Iterator[Flowable]:
    def said(text: str, style: str = "BodyText") -> Paragraph:
        return paragraph(in_language(text), style)

    study = report.study
    title = Sentence("Capability study {number}: {product}", number=study.study_id, product=study.plan.product)
    yield said(title, "Title")
    bands = [*(found.verdict for found in report.result.appraisers), *("" for _ in report.result.unfinished)]
    for line, band in zip(verdict_lines(report.result), bands, strict=True):
        yield _banner(said(line), band)
    yield Spacer(0, 3 * mm)
    for line in plan_lines(study):
        yield said(line)
    yield said(Sentence("Each appraiser, with {confidence} intervals", confidence=percent(CONFIDENCE)), "Heading4")
    yield _table(report, said)
    yield Spacer(0, 3 * mm)
    for line in (*stopping_lines(report.result), *between_lines(report.result)):
        yield said(line)
    yield said(Sentence("How it was counted"), "Heading4")
    for line in notes(report):
        yield said(line)
    yield said(Sentence("Digest of this report in the audit chain: {digest}", digest=report.digest))
    yield KeepTogether([Spacer(0, 14 * mm), paragraph(f"{_SIGN}   {_SIGN}"), said(_reported(report))])


def _banner(line: Paragraph, band: str) -> Table:
    """A verdict on the colour of its band, which its words say as well."""
    banner = Table([[line]], colWidths=[160 * mm])
    banner.setStyle(TableStyle([("BACKGROUND", (0, 0), (-1, -1), _GROUNDS.get(band, _HEAD))]))
    return banner


def _table(report: StudyReport, said: Callable[[str], Paragraph]) -> Table:
    rows: tuple[tuple[str, Callable[[AppraiserResult], str]], ...] = (
        (Sentence("same every time"), lambda found: rate_cell(found.within)),
        (Sentence("kappa of the presentations"), lambda found: kappa_cell(found.within_kappa)),
        *((title, partial(_banded, name)) for title, name in _BANDED),
        (Sentence("no decision"), lambda found: rate_cell(found.undecided)),
        (Sentence("kappa with the reference"), lambda found: kappa_cell(found.against_kappa)),
    )
    appraisers = report.result.appraisers
    cells: list[Sequence[Flowable]] = [[paragraph(""), *(said(called(found.appraiser)) for found in appraisers)]]
    cells += [[said(name), *(said(cell(found)) for found in appraisers)] for name, cell in rows]
    table = Table(cells, colWidths=[_NAME, *[min(_CELL, (160 * mm - _NAME) / len(appraisers))] * len(appraisers)])
    grid = ("GRID", (0, 0), (-1, -1), 0.5, _RULE)
    table.setStyle(TableStyle([grid, ("BACKGROUND", (0, 0), (-1, 0), _HEAD), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return table


def _banded(name: str, found: AppraiserResult) -> str:
    rate = found.rates.get(name)
    if rate is None:
        return "–"
    return Sentence("{rate}, {band}", rate=rate_cell(rate), band=found.bands[name].name)


def _reported(report: StudyReport) -> str:
    by = Sentence("Reported by {who}.", who=report.reported_by) if report.reported_by else ""
    return sentences(by, Sentence("Place, date, signature of who carried the study out, and of who approves it."))
