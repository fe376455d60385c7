"""The statistics on paper: words and charts in dark ink on white, whatever theme the window has."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QMarginsF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QImage, QPageLayout, QPageSize, QPainter, QPdfWriter

from filo_core.errors import FolderError
from gui.statistics.drawing import draw_chart, draw_histogram, draw_pareto
from gui.statistics.wording import (
    agreement_lines,
    asked,
    chart_text,
    counts_text,
    errors_text,
    figure_of,
    limit_label,
    pareto_text,
    recount_text,
    scores_note,
)
from gui.theme import LIGHT
from gui.widgets.plot import Plot

if TYPE_CHECKING:
    from gui.statistics.presenter import StatisticsPresenter
    from workflows.figures import Figures

_RESOLUTION = 150
_MARGIN_MM = 15.0
_PLOT = QSize(900, 330)
"""Logical pixels a chart is drawn in; it is stretched to the width of the page."""
_SHARPNESS = 2
"""Pixels of the page for one of these."""


def write_report(presenter: StatisticsPresenter, path: Path) -> None:
    """Write the figures that were read, with the recount under the limits that are set now.

    Raises:
        FolderError: if the file cannot be written.
    """
    folder = path.parent
    if path.is_dir() or not folder.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise FolderError(f"{path} cannot be written. Choose another folder, or close the file elsewhere.")
    writer = QPdfWriter(str(path))
    writer.setResolution(_RESOLUTION)
    writer.setTitle(_tr("Statistics"))
    writer.setCreator("FiLo Inspector")
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    margins = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
    writer.setPageMargins(margins, QPageLayout.Unit.Millimeter)
    page = _Page(writer)
    figures = presenter.figures
    assert figures is not None, "only figures that were read are exported"
    _write_head(page, presenter, figures)
    _write_charts(page, figures)
    _write_scores(page, presenter, figures)
    page.heading(_tr("Agreement with reviewers"))
    for line in agreement_lines(figures.agreement):
        page.text(line)
    page.end()


class _Page:
    """Writes from the top down, and goes on to a new page when one is full."""

    def __init__(self, writer: QPdfWriter) -> None:
        self._writer = writer
        self._painter = QPainter(writer)
        self._painter.setPen(LIGHT.text)
        self._y = 0.0

    def title(self, text: str) -> None:
        self._write(text, 18.0, bold=True)

    def heading(self, text: str, followed_by: float = 0.0) -> None:
        self._y += 18.0
        self._make_room(40.0 + followed_by)
        self._write(text, 13.0, bold=True)

    def text(self, text: str) -> None:
        self._write(text, 10.0)

    def plot(self, name: str, draw: Callable[[Plot], None]) -> None:
        plot = Plot(name)
        # Laid out as a window would be, but never shown.
        plot.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        plot.resize(_PLOT)
        plot.show()
        draw(plot)
        QCoreApplication.processEvents()
        width = float(self._writer.width())
        height = width * _PLOT.height() / _PLOT.width()
        self._make_room(height)
        self._painter.drawImage(QRectF(0.0, self._y, width, height), _pictured(plot))
        plot.close()
        plot.deleteLater()
        self._y += height + 10.0

    def end(self) -> None:
        self._painter.end()

    def _write(self, text: str, point_size: float, *, bold: bool = False) -> None:
        font = QFont(self._painter.font())
        font.setPointSizeF(point_size)
        font.setBold(bold)
        self._painter.setFont(font)
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
        room = QRectF(0.0, 0.0, self._writer.width(), 1e6)
        height = self._painter.boundingRect(room, flags, text).height()
        self._make_room(height)
        self._painter.drawText(QRectF(0.0, self._y, room.width(), height + 2.0), flags, text)
        self._y += height + 8.0

    def _make_room(self, height: float) -> None:
        if self._y > 0.0 and self._y + height > self._writer.height():
            self._writer.newPage()
            self._y = 0.0


def _pictured(plot: Plot) -> QImage:
    # As a picture: axes keep the letters of the screen's resolution, which a page would stretch.
    image = QImage(_PLOT * _SHARPNESS, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    plot.render(painter, QRectF(image.rect()))
    painter.end()
    return image


def _write_head(page: _Page, presenter: StatisticsPresenter, figures: Figures) -> None:
    wanted = figures.wanted
    page.title(f"{_tr('Statistics')} – {wanted.product or _tr('all products')}")
    period = _tr("Period: %1 to %2").replace("%1", _moment(wanted.since)).replace("%2", _moment(wanted.until))
    page.text(period + (_tr(", station %1").replace("%1", wanted.station) if wanted.station else ""))
    page.text(counts_text(figures))
    if figures.untrained:
        page.text(_tr("%1 of them by untrained weights.").replace("%1", str(figures.untrained)))
    figure, words = figure_of(figures.first_pass)
    page.text(f"{_tr('First-pass yield')}: {figure} ({words})")
    recount = presenter.recount
    if recount is not None:
        figure, words = figure_of(asked(recount.review_load))
        page.text(f"{_tr('Expected review load')}: {figure} ({words})")


def _write_charts(page: _Page, figures: Figures) -> None:
    page.heading(_tr("NG share over time"))
    chart, pareto = figures.chart, figures.pareto
    if isinstance(chart, str):
        page.text(chart)
    else:
        page.plot(_tr("NG share over time"), lambda plot: draw_chart(plot, chart, LIGHT))
        page.text(" ".join((chart_text(chart), *chart.notes)))
    page.heading(_tr("What goes wrong most"))
    if isinstance(pareto, str):
        page.text(pareto)
    else:
        page.plot(_tr("What goes wrong most"), lambda plot: draw_pareto(plot, pareto, LIGHT))
        page.text(pareto_text(pareto))


def _write_scores(page: _Page, presenter: StatisticsPresenter, figures: Figures) -> None:
    page.heading(_tr("Scores and limits"), _PLOT.height())
    histogram, limits, recount = presenter.histogram(), presenter.limits, presenter.recount
    if histogram is not None:
        page.plot(_tr("Scores and limits"), lambda plot: draw_histogram(plot, histogram, LIGHT, limits))
    if limits is not None:
        page.text(f"{limit_label(False, limits.ok)}, {limit_label(True, limits.ng)}")
    if recount is not None:
        page.text(recount_text(recount))
        page.text(errors_text(recount))
    if note := scores_note(figures.scores):
        page.text(note)


def _moment(moment: datetime | None) -> str:
    return "…" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Statistics", text)
