"""The score histogram with the two limits as lines that can be dragged, and fields that do the same by keyboard."""

from __future__ import annotations

from functools import partial

import pyqtgraph as pg
from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QGraphicsRectItem, QVBoxLayout, QWidget

from filo_core.statistics.recount import Recount, ScoreHistogram
from filo_core.types import Limits, Verdict
from gui.statistics.cards import PlotCard
from gui.statistics.drawing import draw_histogram, draw_zones, move_zones
from gui.statistics.wording import colours_text, errors_text, limit_label, recount_text
from gui.theme import Theme, current_theme
from gui.widgets.controls import button, captioned, limit_spin, plain_label, set_shown
from gui.widgets.rows_layout import RowsLayout
from gui.wording import number, score


class LimitEditor(QWidget):
    """Shows what it is given and says what is wished; the presenter decides."""

    ok_moved = Signal(float)
    ng_moved = Signal(float)
    reset_requested = Signal()
    take_over_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card = PlotCard(self.tr("Scores and limits"), self)
        self.ok_spin = limit_spin(self.tr("OK up to"), self)
        self.ng_spin = limit_spin(self.tr("NG above"), self)
        self.reset_button = button(
            self.tr("Limits of the &recipe"), "undo", tip=self.tr("Go back to the limits in force")
        )
        self.take_button = button(
            self.tr("Use in the &draft"),
            "check",
            tip=self.tr("They judge only after the product is signed off again."),
        )
        self.recounted = plain_label()
        self.errors = plain_label("", "hint")
        self._lines: dict[bool, pg.InfiniteLine] = {}
        self._zones: dict[Verdict, QGraphicsRectItem] = {}
        self._limits: Limits | None = None
        self._lay_out()
        self.ok_spin.valueChanged.connect(self.ok_moved)
        self.ng_spin.valueChanged.connect(self.ng_moved)
        self.reset_button.clicked.connect(self.reset_requested)
        self.take_button.clicked.connect(self.take_over_requested)

    def _lay_out(self) -> None:
        self._controls = QWidget(self)
        fields = RowsLayout(self._controls)
        for spin in (self.ok_spin, self.ng_spin):
            fields.add(captioned(spin.accessibleName(), spin))
        for made in (self.reset_button, self.take_button):
            fields.add(made)
        for part in (self._controls, self.recounted, self.errors):
            self.card.add_below(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.card)

    def sizeHint(self) -> QSize:
        return QSize(900, 400)

    def show_histogram(self, histogram: ScoreHistogram, limits: Limits | None, note: str) -> None:
        """Draw the scores, with the limits over them where there are some."""
        theme = current_theme()
        draw_histogram(self.card.plot, histogram, theme)
        self._lines, self._zones = {}, {}
        if limits is not None:
            self._zones = draw_zones(self.card.plot, theme)
            self._lines = {upper: self._line(upper, theme) for upper in (False, True)}
        summary = self.tr("%1 scores from %2 to %3").replace("%1", number(sum(histogram.counts)))
        ends = [edge for edge, count in zip(histogram.edges, histogram.counts, strict=False) if count]
        summary = summary.replace("%2", score(ends[0])).replace("%3", score(ends[-1]))
        self.card.show_plot(summary, " ".join(part for part in (colours_text(histogram), note) if part))
        for part in (self._controls, self.recounted, self.errors):
            set_shown(part, limits is not None)

    def show_sentence(self, sentence: str) -> None:
        """Say why there are no scores."""
        self._lines, self._zones = {}, {}
        self.card.show_sentence(sentence)
        for part in (self._controls, self.recounted, self.errors):
            part.hide()

    def show_limits(self, limits: Limits, recount: Recount | None, *, moved: bool) -> None:
        """Put lines and fields where the limits are, and say what they would do."""
        self._limits = limits
        for spin, value in ((self.ok_spin, limits.ok), (self.ng_spin, limits.ng)):
            # Rounding in the field must not move the limit itself.
            if round(value, spin.decimals()) != spin.value():
                blocker = QSignalBlocker(spin)
                spin.setValue(value)
                blocker.unblock()
        if self._zones:
            move_zones(self._zones, limits, self.card.plot.seen)
        for upper, line in self._lines.items():
            value = limits.ng if upper else limits.ok
            blocker = QSignalBlocker(line)
            line.setValue(value)
            blocker.unblock()
            line.label.setFormat(limit_label(upper, value))
        self.reset_button.setEnabled(moved)
        self.take_button.setEnabled(moved)
        if recount is not None:
            self.recounted.setText(recount_text(recount))
            self.errors.setText(errors_text(recount))

    def _line(self, upper: bool, theme: Theme) -> pg.InfiniteLine:
        style = Qt.PenStyle.SolidLine if upper else Qt.PenStyle.DashLine
        line = pg.InfiniteLine(
            angle=90,
            movable=True,
            pen=pg.mkPen(theme.text, width=2.5, style=style),
            hoverPen=pg.mkPen(theme.accent.ground, width=4),
            bounds=(0.0, 10.0),
            label=" ",
            labelOpts={
                "position": 0.82 if upper else 0.94,
                "anchors": [(-0.04, 0.5), (-0.04, 0.5)],
                "color": theme.text,
            },
        )
        line.sigPositionChanged.connect(partial(self._on_line_moved, upper))
        self.card.plot.add(line)
        return line

    def _on_line_moved(self, upper: bool, line: pg.InfiniteLine) -> None:
        (self.ng_moved if upper else self.ok_moved).emit(float(line.value()))
