"""The charts of the report on paper. Marks differ by shape as well as by colour: paper is often grey."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from reportlab.graphics.charts.barcharts import HorizontalBarChart
from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.graphics.widgets.markers import makeMarker
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.units import mm

from filo_core.sentence import Sentence
from filo_core.statistics.rates import percent
from workflows.reporting.pdf_document import LATIN_FONT, font_of

if TYPE_CHECKING:
    from filo_core.sentence import InLanguage
    from filo_core.statistics.charts import Pareto, PChart
    from filo_core.statistics.recount import ScoreHistory
    from filo_core.types import Limits

_WIDTH, _HEIGHT = 160 * mm, 62 * mm
_LEFT, _BELOW, _LEGEND = 12 * mm, 16 * mm, 8 * mm
_BAR, _NAME_WIDTH, _LONGEST_NAME = 5 * mm, 40 * mm, 30
_MEANING, _SAMPLE = 35 * mm, 6 * mm
_SMALL = 7
_BINS = 48
_LABELS = 12
"""Subgroups that are named below the chart at most."""
_TYPES = 24
"""Anomaly types that have a bar at most, so that the chart fits a page."""

_BLUE, _SKY, _ORANGE = HexColor("#0072b2"), HexColor("#56b4e9"), HexColor("#d55e00")
_GREEN = HexColor("#0a7447")
_OK_GROUND, _REVIEW_GROUND, _NG_GROUND = HexColor("#e2efe9"), HexColor("#fff6dd"), HexColor("#f7e2e5")
_GREY, _PALE, _INK = HexColor("#666666"), HexColor("#b3b3b3"), HexColor("#333333")
_DASHED = (4, 2)

Points = Sequence[tuple[float, float]]


def control_drawing(chart: PChart, in_language: InLanguage = str) -> Drawing:
    """Share of NG by subgroup, with the limits that each has of its own."""
    points = chart.points
    shares = [(float(place), point.share) for place, point in enumerate(points)]
    plot = _plot(
        [
            _steps([point.upper for point in points]),
            _steps([point.lower for point in points]),
            ((-0.5, chart.centre), (len(points) - 0.5, chart.centre)),
            shares,
        ]
    )
    for row, colour in enumerate((_GREY, _GREY, _GREY, _BLUE)):
        plot.lines[row].strokeColor = colour
    plot.lines[2].strokeDashArray = _DASHED
    for place, point in enumerate(points):
        mark = makeMarker("Cross", size=9, strokeColor=_ORANGE, strokeWidth=2) if point.outside else None
        plot.lines[3, place].symbol = mark or makeMarker("FilledCircle", size=3, fillColor=_BLUE, strokeColor=_BLUE)
    _name_subgroups(plot, [point.label for point in points])
    plot.yValueAxis.labelTextFormat = lambda share: f"{100 * share:.0f} %"
    # Told at the end of each line how high it is: the newest limit, and the centre.
    top = max(1.05 * max(point.share for point in points), 1.05 * points[-1].upper, 1e-3)
    plot.yValueAxis.valueMax = top
    named = [_height_named(plot, level / top, percent(level)) for level in (points[-1].upper, chart.centre)]
    return _framed(
        plot,
        [
            (_BLUE, None, Sentence("share of NG")),
            (_GREY, None, Sentence("limits")),
            (_GREY, _DASHED, Sentence("centre")),
        ],
        grounds=named,
        in_language=in_language,
    )


def _height_named(plot: LinePlot, height: float, text: str) -> String:
    """A number at the right of a line that ends at this share of the plot's height."""
    place = plot.y + height * plot.height - _SMALL / 3
    return String(plot.x + plot.width + 1.5 * mm, place, text, fontName=LATIN_FONT, fontSize=_SMALL)


def pareto_drawing(found: Pareto, in_language: InLanguage = str) -> Drawing:
    """What each anomaly type costs, or how often it was found; those without a name last, by their number."""
    bars = [(bar.name, bar.cost) for bar in found.bars[:_TYPES]]
    if found.unknown:
        bars.append((in_language(Sentence("unknown")), found.unknown))
    # The lowest bar comes first.
    bars.reverse()
    drawing = Drawing(_WIDTH, len(bars) * _BAR + _BELOW)
    chart = HorizontalBarChart()
    chart.x, chart.y = _NAME_WIDTH, _BELOW / 2
    chart.width, chart.height = _WIDTH - _NAME_WIDTH - _LEFT, len(bars) * _BAR
    chart.data = [[count for _, count in bars]]
    chart.bars.strokeColor = None
    chart.bars[0].fillColor = _BLUE
    if found.unknown:
        chart.bars[0, 0].fillColor = _PALE
    chart.barLabelFormat = lambda cost: in_language(Sentence("{cost:g}", cost=cost))
    chart.barLabels.fontName, chart.barLabels.fontSize = LATIN_FONT, _SMALL
    chart.barLabels.nudge = 3
    chart.barLabels.boxAnchor = "w"
    chart.valueAxis.valueMin = 0
    chart.valueAxis.visible = False
    names = [name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…" for name, _ in bars]
    chart.categoryAxis.categoryNames = names
    chart.categoryAxis.labels.fontSize = _SMALL
    for place, name in enumerate(names):
        chart.categoryAxis.labels[place].fontName = font_of(name)
    drawing.add(chart)
    return drawing


def scores_drawing(history: ScoreHistory, limits: Limits, in_language: InLanguage = str) -> Drawing:
    """How many images have which score, where the limits lie, and what people have decided about them."""
    top = max(1.05 * history.highest, 1.15 * limits.ng, 1e-3)
    counted = history.histogram(np.linspace(0.0, top, _BINS + 1).tolist())
    highest = float(max(counted.counts))
    decided = [good + bad for good, bad in zip(counted.good, counted.bad, strict=True)]
    rows = [_outline(counted.edges, heights) for heights in (counted.counts, decided, counted.bad)]
    plot = _plot([*rows, *(((limit, 0.0), (limit, highest)) for limit in (limits.ok, limits.ng))])
    for row, colour in enumerate((_SKY, _GREEN, _ORANGE, _INK, _INK)):
        plot.lines[row].inFill = row < len(rows)
        plot.lines[row].strokeColor = colour
    plot.lines[3].strokeDashArray = _DASHED
    plot.xValueAxis.valueMin, plot.xValueAxis.valueMax = 0.0, top
    plot.xValueAxis.labelTextFormat = lambda score: in_language(Sentence("{score:.3f}", score=score))
    plot.yValueAxis.labelTextFormat = "%d"
    zones = ((0.0, limits.ok, _OK_GROUND), (limits.ok, limits.ng, _REVIEW_GROUND), (limits.ng, top, _NG_GROUND))
    grounds = [_ground(plot, left / top, min(right, top) / top, colour) for left, right, colour in zones]
    legend = [
        (_INK, _DASHED, Sentence("OK up to {ok:.4f}", ok=limits.ok)),
        (_INK, None, Sentence("NG above {ng:.4f}", ng=limits.ng)),
    ]
    if any(decided):
        legend += [(_GREEN, None, Sentence("decided good")), (_ORANGE, None, Sentence("decided bad"))]
    return _framed(plot, legend, grounds, in_language)


def _outline(edges: Sequence[float], heights: Sequence[int]) -> Points:
    return [
        corner
        for height, left, right in zip(heights, edges[:-1], edges[1:], strict=True)
        for corner in ((left, float(height)), (right, float(height)))
    ]


def _ground(plot: LinePlot, left: float, right: float, colour: Color) -> Rect:
    """A zone behind the plot between two shares of its width."""
    rect = Rect(plot.x + left * plot.width, plot.y, (right - left) * plot.width, plot.height)
    rect.fillColor, rect.strokeColor = colour, None
    return rect


def _steps(levels: Sequence[float]) -> Points:
    """A level for every subgroup, from half a subgroup before it to half a one after it."""
    return [(place + side, level) for place, level in enumerate(levels) for side in (-0.5, 0.5)]


def _plot(rows: Sequence[Points]) -> LinePlot:
    plot = LinePlot()
    plot.x, plot.y = _LEFT, _BELOW
    plot.width, plot.height = _WIDTH - 2 * _LEFT, _HEIGHT - _BELOW - _LEGEND
    plot.data = rows
    plot.lines.strokeWidth = 0.8
    plot.yValueAxis.valueMin = 0
    for axis in (plot.xValueAxis, plot.yValueAxis):
        axis.labels.fontName, axis.labels.fontSize = LATIN_FONT, _SMALL
    return plot


def _name_subgroups(plot: LinePlot, labels: Sequence[str]) -> None:
    axis = plot.xValueAxis
    every = max(1, -(-len(labels) // _LABELS))
    axis.valueMin, axis.valueMax = -0.5, len(labels) - 0.5
    axis.valueSteps = list(range(0, len(labels), every))
    axis.labelTextFormat = labels[::every]
    axis.labels.angle, axis.labels.boxAnchor = 30, "ne"


def _framed(
    plot: LinePlot,
    meanings: Sequence[tuple[Color, tuple[int, int] | None, str]],
    grounds: Sequence[Rect | String] = (),
    in_language: InLanguage = str,
) -> Drawing:
    """The plot with what its lines mean above it; ``grounds`` lie beneath it."""
    drawing = Drawing(_WIDTH, _HEIGHT)
    for ground in grounds:
        drawing.add(ground)
    drawing.add(plot)
    for place, (colour, dashes, text) in enumerate(meanings):
        left, height = _LEFT + place * _MEANING, _HEIGHT - _LEGEND / 2
        line = Line(left, height, left + _SAMPLE, height)
        line.strokeColor, line.strokeDashArray = colour, dashes
        drawing.add(line)
        words = in_language(text)
        drawing.add(String(left + 1.2 * _SAMPLE, height - _SMALL / 3, words, fontName=font_of(words), fontSize=_SMALL))
    return drawing
