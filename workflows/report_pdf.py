"""The report on paper: words first, then the charts. Drawn without a window system."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from filo_core.errors import FolderError
from workflows.report import chart_sentence, heading_lines, report_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from filo_core.statistics.charts import Pareto, PChart
    from workflows.figures import Figures, Scores
    from workflows.report import Report

_A4_INCHES = (8.27, 11.69)
_LINES_A_PAGE = 56
_LINE_LENGTH = 100
_BINS = 48
_LABELS = 12
"""Subgroups that are named below the chart at most."""


def write_pdf(report: Report, path: Path) -> None:
    """Write the report to a file; one that is there is replaced.

    Raises:
        FolderError: if the file cannot be written.
    """
    try:
        with PdfPages(path, metadata={"Title": report.figures.wanted.product, "Creator": "FiLo Inspector"}) as pages:
            for page in _word_pages(report):
                pages.savefig(page)
            pages.savefig(_chart_page(report.figures))
    except OSError as error:
        raise FolderError(f"{path} cannot be written: {error.strerror or error}. Choose another.") from error


def _word_pages(report: Report) -> list[Figure]:
    lines = [
        part
        for line in report_lines(report)
        for part in textwrap.wrap(line, _LINE_LENGTH, subsequent_indent="    ", replace_whitespace=False) or [""]
    ]
    pages = []
    for start in range(0, len(lines), _LINES_A_PAGE):
        page = Figure(figsize=_A4_INCHES)
        text = "\n".join(lines[start : start + _LINES_A_PAGE])
        page.text(0.07, 0.95, text, va="top", family="DejaVu Sans", fontsize=9, linespacing=1.5, parse_math=False)
        pages.append(page)
    return pages


def _chart_page(figures: Figures) -> Figure:
    page = Figure(figsize=_A4_INCHES, layout="constrained")
    page.suptitle(heading_lines(figures)[0], fontsize=11, parse_math=False)
    control, types, scores = page.subplots(3, 1)
    _draw_control(control, figures.chart)
    _draw_pareto(types, figures.pareto)
    _draw_scores(scores, figures.scores)
    return page


def _draw_control(axes: Axes, chart: PChart | str) -> None:
    axes.set_title("Share of NG by subgroup", fontsize=10)
    if isinstance(chart, str):
        _say(axes, chart)
        return
    places = np.arange(len(chart.points))
    shares = np.array([point.share for point in chart.points])
    axes.step(places, [point.upper for point in chart.points], where="mid", color="0.4", lw=0.8, label="limits")
    axes.step(places, [point.lower for point in chart.points], where="mid", color="0.4", lw=0.8)
    axes.axhline(chart.centre, color="0.4", lw=0.8, ls="--", label="centre")
    axes.plot(places, shares, "o-", color="#0072b2", ms=3, lw=1)
    outside = [index for index, point in enumerate(chart.points) if point.outside]
    # A cross as well as a colour.
    axes.plot(outside, shares[outside], "x", color="#d55e00", ms=9, mew=2, label="outside")
    every = max(1, -(-len(places) // _LABELS))
    labels = [point.label for point in chart.points[::every]]
    axes.set_xticks(places[::every], labels, rotation=30, ha="right", fontsize=7, parse_math=False)
    axes.legend(fontsize=7)
    axes.set_xlabel(textwrap.fill(chart_sentence(chart), _LINE_LENGTH), fontsize=7, parse_math=False)


def _draw_pareto(axes: Axes, found: Pareto | str) -> None:
    axes.set_title("Anomaly types", fontsize=10)
    if isinstance(found, str):
        _say(axes, found)
        return
    names = [bar.name for bar in found.bars] + (["unknown"] if found.unknown else [])
    counts = [bar.count for bar in found.bars] + ([found.unknown] if found.unknown else [])
    colours = ["#0072b2"] * len(found.bars) + ["0.7"] * (found.unknown > 0)
    bars = axes.barh(range(len(names)), counts, color=colours)
    axes.bar_label(bars, fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7, parse_math=False)
    axes.invert_yaxis()


def _draw_scores(axes: Axes, scores: Scores) -> None:
    axes.set_title("Image scores and limits", fontsize=10)
    if not len(scores.history) or scores.limits is None:
        _say(axes, "No score of this product in this time.")
        return
    top = max(1.05 * scores.history.highest, 1.15 * scores.limits.ng, 1e-3)
    counted = scores.history.histogram(np.linspace(0.0, top, _BINS + 1).tolist())
    axes.stairs(counted.counts, counted.edges, fill=True, color="#56b4e9")
    axes.axvline(scores.limits.ok, color="0.2", ls="--", lw=1, label=f"OK up to {scores.limits.ok:.4f}")
    axes.axvline(scores.limits.ng, color="0.2", ls="-", lw=1, label=f"NG above {scores.limits.ng:.4f}")
    axes.legend(fontsize=7)


def _say(axes: Axes, sentence: str) -> None:
    axes.set_axis_off()
    wrapped = textwrap.fill(sentence, _LINE_LENGTH)
    axes.text(0.5, 0.5, wrapped, ha="center", va="center", fontsize=9, parse_math=False)
