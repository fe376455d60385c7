"""The screen *Statistics*: figures, control chart, types, scores with limits to move, agreement."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from filo_core.errors import FiloError
from gui.guard_words import promise_line, sessions_line
from gui.state import AppState, Screen
from gui.statistics.cards import FigureTile, PlotCard
from gui.statistics.compare_dialog import CompareDialog
from gui.statistics.drawing import draw_chart, draw_pareto
from gui.statistics.filter_bar import StatisticsBar
from gui.statistics.limit_editor import LimitEditor
from gui.statistics.presenter import StatisticsPresenter, Wanted
from gui.statistics.study.dialog import StudyDialog
from gui.statistics.wording import (
    agreement_figure,
    agreement_lines,
    asked,
    change_note,
    change_text,
    chart_text,
    counts_text,
    figure_of,
    pareto_text,
    scores_note,
    signals_text,
)
from gui.theme import SPACE, current_theme
from gui.translation import in_language
from gui.widgets.controls import button, plain_label, set_shown
from gui.widgets.empty_page import EmptyPage
from gui.widgets.keys import on_key
from gui.widgets.message_fold import MessageFold
from gui.widgets.rows_layout import RowsLayout
from gui.widgets.untrained_note import UntrainedNote


class StatisticsPanel(QWidget):
    """Shows what :class:`StatisticsPresenter` has read; F5 reads again."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.presenter = StatisticsPresenter(state, parent=self)
        self._stale = True
        self._make_controls()
        self._lay_out()
        self._connect()
        for card in (self.chart, self.pareto, self.limits):
            card.show_sentence(self.tr("The record is being read"))

    # Building --------------------------------------------------------------------------------------------------

    def _make_controls(self) -> None:
        self.bar = StatisticsBar(self)
        self.message = MessageFold(self)
        self.busy = QProgressBar(self)
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setFixedWidth(110)
        self.busy.setAccessibleName(self.tr("The record is being read"))
        self.counts = plain_label("")
        self.study_button = button(
            self.tr("Capability &study…"), tip=self.tr("Known parts, presented blind to the system and to people")
        )
        self.compare_button = button(
            self.tr("Compare &recipes…"), tip=self.tr("Two versions on the same stored pictures")
        )
        self.refresh_button = button(self.tr("Refresh (F5)"), "refresh")
        self.change = plain_label("", "heading")
        self.change_note = plain_label("", "hint")
        self.promise = plain_label("", "hint")
        self.untrained = UntrainedNote(parent=self)
        self.first_pass = FigureTile(self.tr("First-pass yield"), self)
        self.load = FigureTile(self.tr("Expected review load"), self)
        self.agreement = FigureTile(self.tr("Agreement with reviewers"), self)
        self.chart = PlotCard(self.tr("NG share over time"), self)
        self.pareto = PlotCard(self.tr("What goes wrong most"), self)
        self.limits = LimitEditor(self)
        self.pairs = plain_label("", "hint")
        self.empty = EmptyPage("statistics", "", parent=self)

    def _lay_out(self) -> None:
        tiles = QHBoxLayout()
        tiles.setSpacing(SPACE)
        for tile in (self.first_pass, self.load, self.agreement):
            tiles.addWidget(tile, 1)
        line = RowsLayout()
        line.add(self.counts, 1)
        for control in (self.busy, self.compare_button, self.study_button, self.refresh_button):
            line.add(control)
        content = QWidget()
        grid = QGridLayout(content)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setSpacing(SPACE)
        first = QVBoxLayout()
        first.setSpacing(4)
        first.addWidget(self.change)
        first.addWidget(self.change_note)
        first.addWidget(self.promise)
        grid.addLayout(first, 0, 0, 1, 2)
        grid.addWidget(self.untrained, 1, 0, 1, 2)
        grid.addLayout(tiles, 2, 0, 1, 2)
        grid.addWidget(self.chart, 3, 0)
        grid.addWidget(self.pareto, 3, 1)
        grid.addWidget(self.limits, 4, 0, 1, 2)
        grid.addWidget(self.pairs, 5, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        for card in (self.chart, self.pareto):
            card.setMinimumHeight(290)
        self.limits.setMinimumHeight(420)
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setAccessibleName(self.tr("Figures and charts"))
        self.area.setWidget(content)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.area)
        self._stack.addWidget(self.empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.setSpacing(8)
        layout.addWidget(self.bar)
        layout.addLayout(line)
        layout.addWidget(self.message)
        layout.addWidget(self._stack, 1)

    def _connect(self) -> None:
        presenter = self.presenter
        presenter.figures_changed.connect(self._on_figures_changed)
        presenter.limits_changed.connect(self._on_limits_changed)
        presenter.reading_changed.connect(lambda reading: set_shown(self.busy, reading))
        presenter.failed.connect(self.message.show_error)
        presenter.exported.connect(self._on_exported)
        presenter.arrived_changed.connect(self._on_arrived_changed)
        self.bar.wanted_changed.connect(self._on_wanted_changed)
        self.bar.csv_button.clicked.connect(self.save_csv)
        self.bar.pdf_button.clicked.connect(self.save_pdf)
        self.refresh_button.clicked.connect(self.refresh)
        self.study_button.clicked.connect(self.open_study)
        self.compare_button.clicked.connect(self.open_comparison)
        self.limits.ok_moved.connect(presenter.move_ok)
        self.limits.ng_moved.connect(presenter.move_ng)
        self.limits.reset_requested.connect(presenter.reset_limits)
        self.limits.take_over_requested.connect(self._on_take_over_requested)
        self.empty.action_requested.connect(self._on_empty_action)
        self._state.current_product_changed.connect(self._on_product_changed)
        on_key(Qt.Key.Key_F5, self, self.refresh)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._stale = False
            self._read_names()
            self.bar.choose_product(self._state.current_product)
        elif self.presenter.arrived:
            self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "empty") and self.presenter.figures:
            self._on_figures_changed()
            self._on_limits_changed()

    def close_down(self) -> None:
        """Expect nothing any more; called before the window closes."""
        self.presenter.close_down()

    # Wishes ----------------------------------------------------------------------------------------------------

    @Slot()
    def refresh(self) -> None:
        """Read the record again under the same filter."""
        self._read_names()
        self.presenter.refresh()

    def open_study(self) -> None:
        """Show the capability study of the product that is looked at."""
        product = self.bar.wanted().when.product
        if not product:
            self.message.show_note(self.tr("Choose one product: a study is about one."))
            return
        dialog = StudyDialog(self._state, product, self)
        dialog.exec()
        dialog.deleteLater()

    def open_comparison(self) -> None:
        """Hold two recipes of the product that is looked at against each other."""
        product = self.bar.wanted().when.product
        if not product:
            self.message.show_note(self.tr("Choose one product: its recipes are compared."))
            return
        dialog = CompareDialog(self._state, product, self)
        dialog.exec()
        dialog.deleteLater()

    def save_csv(self) -> None:
        """Ask where, and write all figures as a table."""
        path = self._ask_for_path(self.tr("Save all figures as a table"), "statistics.csv", self.tr("Tables (*.csv)"))
        if path is not None:
            self.presenter.export_csv(path)

    def save_pdf(self) -> None:
        """Ask where, and write the report."""
        path = self._ask_for_path(self.tr("Save a report with the charts"), "statistics.pdf", self.tr("PDF (*.pdf)"))
        if path is not None:
            self.presenter.export_pdf(path)

    def _ask_for_path(self, title: str, name: str, kinds: str) -> Path | None:
        chosen, _ = QFileDialog.getSaveFileName(self, title, str(Path.home() / name), kinds)
        return Path(chosen) if chosen else None

    def _read_names(self) -> None:
        try:
            self.bar.set_names(self.presenter.products(), self.presenter.stations())
        except FiloError as error:
            self.message.show_error(in_language(str(error)))

    def _on_wanted_changed(self, wanted: Wanted) -> None:
        self.message.clear()
        self.presenter.apply(wanted)

    def _on_product_changed(self) -> None:
        # Whoever works on another product and comes here wants to see that one.
        if not self.isVisible():
            self._stale = True

    def _on_take_over_requested(self) -> None:
        if self.presenter.take_over():
            self.message.show_note(
                self.tr("The draft has the new limits. Sign it off under Products; until then the old ones judge.")
            )

    def _on_empty_action(self) -> None:
        if self.presenter.wanted.restricts:
            self.bar.show_everything()
        else:
            self._state.request_screen(Screen.FOLDER)

    # Showing ---------------------------------------------------------------------------------------------------

    def _on_figures_changed(self) -> None:
        figures = self.presenter.figures
        assert figures is not None, "the presenter says so once it has read them"
        has_any = figures.counts.done > 0
        self._stack.setCurrentWidget(self.area if has_any else self.empty)
        for control in (self.bar.csv_button, self.bar.pdf_button):
            control.setEnabled(has_any)
        if not has_any:
            self.counts.setText("")
            self._show_empty()
            return
        self.counts.setText(counts_text(figures))
        self.change.setText(change_text(figures.change))
        self.change_note.setText(change_note(figures.change))
        promised = " ".join(filter(None, (promise_line(figures.guard), sessions_line(figures.guard))))
        self.promise.setText(promised)
        set_shown(self.promise, bool(promised))
        self.untrained.set_trained(False if figures.untrained else None)
        self.first_pass.set_figure(*figure_of(figures.first_pass))
        self.agreement.set_figure(*agreement_figure(figures.agreement))
        self.pairs.setText("\n".join(agreement_lines(figures.agreement)))
        set_shown(self.pairs, not isinstance(figures.agreement, str))
        self._show_chart()
        self._show_pareto()
        self._show_histogram()

    def _show_empty(self) -> None:
        if self.presenter.wanted.restricts:
            self.empty.set_content(
                self.tr("No inspection fits this filter."),
                self.tr("Show &everything"),
                self.tr("Choose another product, station or period."),
            )
        else:
            self.empty.set_content(
                self.tr("Nothing has been inspected yet."),
                self.tr("Inspect a &folder"),
                self.tr("Yield, anomaly types and the control chart come from the verdicts that are kept."),
            )

    def _show_chart(self) -> None:
        assert self.presenter.figures is not None
        chart = self.presenter.figures.chart
        if isinstance(chart, str):
            self.chart.show_sentence(in_language(chart))
        else:
            signals = self.presenter.figures.signals
            draw_chart(self.chart.plot, chart, signals, current_theme())
            notes = (chart_text(chart), signals_text(chart, signals), *map(in_language, chart.notes))
            self.chart.show_plot(chart_text(chart), " ".join(note for note in notes if note))

    def _show_pareto(self) -> None:
        assert self.presenter.figures is not None
        pareto = self.presenter.figures.pareto
        if isinstance(pareto, str):
            self.pareto.show_sentence(in_language(pareto))
        else:
            draw_pareto(self.pareto.plot, pareto, current_theme())
            self.pareto.show_plot(pareto_text(pareto))

    def _show_histogram(self) -> None:
        assert self.presenter.figures is not None
        histogram = self.presenter.histogram()
        if histogram is None:
            self.limits.show_sentence(self.tr("No image has a score yet: nothing could be inspected."))
        else:
            self.limits.show_histogram(histogram, self.presenter.limits, scores_note(self.presenter.figures.scores))

    def _on_limits_changed(self) -> None:
        presenter = self.presenter
        recount = presenter.recount
        if presenter.limits is not None:
            self.limits.show_limits(presenter.limits, recount, moved=presenter.are_moved)
        if recount is not None:
            self.load.set_figure(*figure_of(asked(recount.review_load)))
        elif presenter.figures is not None:
            self.load.set_figure("–", scores_note(presenter.figures.scores))

    def _on_arrived_changed(self, arrived: int) -> None:
        text = self.tr("Refresh (F5)")
        if arrived:
            text = self.tr("%1 new: refresh (F5)").replace("%1", str(arrived))
        self.refresh_button.setText(text)
        self.refresh_button.setAccessibleName(text)

    def _on_exported(self, path: str) -> None:
        self.message.show_note(self.tr("Written to %1.").replace("%1", path))
