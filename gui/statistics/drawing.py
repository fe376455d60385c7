"""Draws figures into plots. Shape and words carry the meaning as well as colour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPen
from PySide6.QtWidgets import QGraphicsRectItem

from filo_core.statistics.costs import Weighing
from filo_core.types import Verdict
from gui.statistics.wording import shortened
from gui.widgets.plot import Plot, thinned, whole_numbers
from gui.wording import percentage, short_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.statistics.charts import Pareto, ParetoBar, PChart
    from filo_core.statistics.recount import ScoreHistogram
    from filo_core.statistics.signals import Signals
    from filo_core.types import Limits
    from gui.theme import Theme

_ZONE_OPACITY = 0.14
MOST_BARS = 7
"""Further types share the last bar: what matters stands at the front."""


def draw_pareto(plot: Plot, pareto: Pareto, theme: Theme) -> None:
    """Named types from the top down, then a gap and those without a name, hatched."""
    weighed = pareto.weighing is not Weighing.COUNT
    plot.begin(theme, "", _tr("NG images, weighed by cost or severity") if weighed else _tr("NG images"))
    bars = _with_the_rest(pareto)
    longest = max([bar.cost for bar in bars] + [float(pareto.unknown)], default=1.0)
    plain, hatched = QBrush(QColor(theme.accent.ground)), QBrush(QColor(theme.muted), Qt.BrushStyle.BDiagPattern)
    ticks = []
    for row, bar in enumerate(bars):
        # What several types share is a mean, which nobody has entered.
        counted = f"{bar.count} × {short_number(bar.weight)}" if weighed and row < MOST_BARS else str(bar.count)
        text = f"{counted}  ({percentage(bar.share)}, {_tr('%1 so far').replace('%1', percentage(bar.cumulative))})"
        _add_bar(plot, -row, bar.cost, plain, theme, text)
        ticks.append((float(-row), shortened(bar.name)))
    lowest = -len(bars)
    if pareto.unknown:
        lowest -= 0 if bars else -1
        _add_bar(plot, lowest - 0.4, pareto.unknown, hatched, theme, str(pareto.unknown))
        ticks.append((lowest - 0.4, _tr("no known type")))
        lowest -= 1
    plot.left.setTicks([ticks])
    plot.bottom.setTicks([whole_numbers(math.ceil(longest))])
    # Room at the right for the numbers beside the longest bar, which is none where nothing costs anything.
    longest = longest or 1.0
    plot.show_range(QRectF(0.0, lowest + 0.2, 1.9 * longest, 0.6 - (lowest + 0.2)))


def _add_bar(plot: Plot, row: float, count: float, brush: QBrush, theme: Theme, text: str) -> None:
    plot.add(pg.BarGraphItem(x0=[0], y=[row], height=0.66, width=[count], brush=brush, pen=theme.text))
    plot.add_text(text, QPointF(count, row), theme)


def _with_the_rest(pareto: Pareto) -> list[ParetoBar]:
    from filo_core.statistics.charts import ParetoBar

    shown, rest = list(pareto.bars[:MOST_BARS]), pareto.bars[MOST_BARS:]
    if rest:
        count = sum(bar.count for bar in rest)
        name = _tr("%1 more types").replace("%1", str(len(rest)))
        weight = sum(bar.cost for bar in rest) / count
        shown.append(ParetoBar(name, count, sum(bar.share for bar in rest), 1.0, weight))
    return shown


def draw_chart(plot: Plot, chart: PChart, signals: Signals | None, theme: Theme) -> None:
    """Shares in per cent with the steps of their limits; what lies outside is a large triangle with its label.

    A subgroup that completes a run rule is a diamond, one at which the EWMA is beyond its limit a square.
    """
    plot.begin(theme, _tr("NG share (%)"), "")
    points = chart.points
    edges = np.arange(len(points) + 1) - 0.5
    dashed = pg.mkPen(theme.text, width=1.5, style=Qt.PenStyle.DashLine)
    for limits in ([point.upper for point in points], [point.lower for point in points]):
        plot.add(pg.PlotDataItem(edges, 100.0 * np.array(limits), stepMode="center", pen=dashed))
    centre = 100.0 * chart.centre
    plot.add(pg.PlotDataItem(edges[[0, -1]], [centre, centre], pen=pg.mkPen(theme.muted, width=1)))
    shares = 100.0 * np.array([point.share for point in points])
    inside = pg.PlotDataItem(
        np.arange(len(points)), shares, pen=pg.mkPen(theme.accent.ground, width=2), symbol="o", symbolSize=8,
        symbolBrush=theme.accent.ground, symbolPen=theme.surface, antialias=True,
    )  # fmt: skip
    plot.add(inside)
    _mark(plot, shares, signals, [place for place, point in enumerate(points) if point.outside], theme)
    highest = 1.15 * max(shares.max(), 100.0 * max(point.upper for point in points), 1.0)
    words = [(100.0 * points[-1].upper, _tr("upper limit")), (centre, _tr("mean"))]
    if points[-1].lower > 0.0:
        words.append((100.0 * points[-1].lower, _tr("lower limit")))
    share = max(plot.share_for(text) for _, text in words)
    room = len(points) * share / (1.0 - share)
    for level, text in words:
        plot.add_text(text, QPointF(edges[-1], level), theme)
    labels = [point.label for point in points]
    plot.bottom.setTicks([thinned(labels, int((1.0 - share) * plot.room_for(max(labels, key=len))))])
    plot.show_range(QRectF(-0.6, -0.02 * highest, len(points) + room, 1.02 * highest))


def _mark(plot: Plot, shares: NDArray[np.float64], signals: Signals | None, outside: list[int], theme: Theme) -> None:
    rules = sorted({signal.place for signal in signals.broken} - set(outside)) if signals else []
    shifts = [place for place in signals.shifts if place not in {*outside, *rules}] if signals else []
    for places, symbol, size, brush in (
        (outside, "t1", 17, theme.danger.ground),
        (rules, "d", 15, theme.verdict(Verdict.REVIEW).ground),
        (shifts, "s", 12, theme.verdict(Verdict.REVIEW).ground),
    ):
        plot.add(
            pg.ScatterPlotItem(
                places, shares[places], symbol=symbol, size=size, brush=brush, pen=theme.text, antialias=True
            )
        )


def draw_histogram(plot: Plot, histogram: ScoreHistogram, theme: Theme) -> None:
    """How many images have which score, decided good and bad ones in colours of their own, bad ones hatched.

    The limits are lines that the panel lays over it, and the zones of the verdicts lie below it.
    """
    plot.begin(theme, _tr("images"), _tr("image score (0 = like the good parts, 1 = not at all)"))
    edges, counts = np.array(histogram.edges), np.array(histogram.counts)
    good, bad = np.array(histogram.good), np.array(histogram.bad)
    green, red = QColor(theme.verdict(Verdict.OK).ground), QColor(theme.verdict(Verdict.NG).ground)
    stack = (
        (bad, np.zeros(len(counts)), QBrush(red, Qt.BrushStyle.BDiagPattern), red),
        (good, bad, QBrush(green), green),
        (counts - good - bad, good + bad, QBrush(QColor(theme.accent.ground)), QColor(theme.accent.ground)),
    )
    for heights, below, brush, pen in stack:
        if heights.any():
            plot.add(pg.BarGraphItem(x0=edges[:-1], x1=edges[1:], height=heights, y0=below, brush=brush, pen=pen))
    highest = 1.25 * max(1, int(counts.max()))
    plot.left.setTicks([whole_numbers(highest)])
    plot.show_range(QRectF(edges[0], 0.0, edges[-1] - edges[0], highest))


def draw_zones(plot: Plot, theme: Theme) -> dict[Verdict, QGraphicsRectItem]:
    """A faint ground for each verdict, behind what was drawn; :func:`move_zones` says where they lie."""
    zones = {}
    for verdict in (Verdict.OK, Verdict.REVIEW, Verdict.NG):
        colour = QColor(theme.verdict(verdict).ground)
        colour.setAlphaF(_ZONE_OPACITY)
        item = QGraphicsRectItem()
        item.setBrush(colour)
        item.setPen(QPen(Qt.PenStyle.NoPen))
        item.setZValue(-10.0)
        plot.add(item)
        zones[verdict] = item
    return zones


def move_zones(zones: dict[Verdict, QGraphicsRectItem], limits: Limits, area: QRectF) -> None:
    """Put the zones between the limits, over the whole height of what is seen."""
    ends = (
        area.left(),
        *(min(max(limit, area.left()), area.right()) for limit in (limits.ok, limits.ng)),
        area.right(),
    )
    for item, left, right in zip(zones.values(), ends[:-1], ends[1:], strict=True):
        item.setRect(QRectF(left, area.top(), right - left, area.height()))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Statistics", text)
