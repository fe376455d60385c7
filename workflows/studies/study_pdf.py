"""A capability study on paper: the verdicts, a table of all rates, how it was counted, and a line to sign on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Spacer, Table, TableStyle

from filo_core.statistics.rates import CONFIDENCE, percent
from workflows.reporting.pdf_document import paragraph, write_document
from workflows.studies.report import (
    between_lines,
    kappa_cell,
    notes,
    plan_lines,
    rate_cell,
    stopping_lines,
    verdict_lines,
)

if TYPE_CHECKING:
    from filo_core.calibration.capability import AppraiserResult
    from workflows.studies.report import StudyReport

_RULE, _HEAD = HexColor("#b3b3b3"), HexColor("#eeeeee")
_GROUNDS = {"acceptable": HexColor("#d5ece2"), "marginal": HexColor("#ffefc2"), "unacceptable": HexColor("#f6d7db")}
_NAME, _CELL = 28 * mm, 44 * mm
_SIGN = "_" * 34
_BANDED = (("effectiveness", "effectiveness"), ("misses", "miss"), ("false alarms", "false alarm"))


def write_pdf(report: StudyReport, path: Path, foot: str = "") -> None:
    """Write the report to a file; one that is there is replaced.

    Raises:
        FolderError: if the file cannot be written.
    """
    write_document(path, f"Capability study {report.study.study_id}", tuple(_story(report)), foot)


def _story(report: StudyReport) -> Iterator[Flowable]:
    yield paragraph(f"Capability study {report.study.study_id}: {report.study.plan.product}", "Title")
    bands = [*(found.verdict for found in report.result.appraisers), *("" for _ in report.result.unfinished)]
    for line, band in zip(verdict_lines(report.result), bands, strict=True):
        yield _banner(line, band)
    yield Spacer(0, 3 * mm)
    for line in plan_lines(report.study):
        yield paragraph(line)
    yield paragraph(f"Each appraiser, with {percent(CONFIDENCE)} intervals", "Heading4")
    yield _table(report)
    yield Spacer(0, 3 * mm)
    for line in (*stopping_lines(report.result), *between_lines(report.result)):
        yield paragraph(line)
    yield paragraph("How it was counted", "Heading4")
    for line in notes(report):
        yield paragraph(line)
    yield paragraph(f"Digest of this report in the audit chain: {report.digest}")
    yield KeepTogether([Spacer(0, 14 * mm), paragraph(f"{_SIGN}   {_SIGN}"), paragraph(_reported(report))])


def _banner(line: str, band: str) -> Table:
    """A verdict on the colour of its band, which its words say as well."""
    banner = Table([[paragraph(line)]], colWidths=[160 * mm])
    banner.setStyle(TableStyle([("BACKGROUND", (0, 0), (-1, -1), _GROUNDS.get(band, _HEAD))]))
    return banner


def _table(report: StudyReport) -> Table:
    rows: tuple[tuple[str, Callable[[AppraiserResult], str]], ...] = (
        ("same every time", lambda found: rate_cell(found.within)),
        ("kappa of the presentations", lambda found: kappa_cell(found.within_kappa)),
        *((title, partial(_banded, name)) for title, name in _BANDED),
        ("no decision", lambda found: rate_cell(found.undecided)),
        ("kappa with the reference", lambda found: kappa_cell(found.against_kappa)),
    )
    appraisers = report.result.appraisers
    cells: list[Sequence[Flowable]] = [[paragraph(""), *(paragraph(found.appraiser) for found in appraisers)]]
    cells += [[paragraph(name), *(paragraph(cell(found)) for found in appraisers)] for name, cell in rows]
    table = Table(cells, colWidths=[_NAME, *[min(_CELL, (160 * mm - _NAME) / len(appraisers))] * len(appraisers)])
    grid = ("GRID", (0, 0), (-1, -1), 0.5, _RULE)
    table.setStyle(TableStyle([grid, ("BACKGROUND", (0, 0), (-1, 0), _HEAD), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return table


def _banded(name: str, found: AppraiserResult) -> str:
    rate = found.rates.get(name)
    return "–" if rate is None else f"{rate_cell(rate)}, {found.bands[name].name}"


def _reported(report: StudyReport) -> str:
    by = f"Reported by {report.reported_by}. " if report.reported_by else ""
    return f"{by}Place, date, signature of who carried the study out, and of who approves it."
