"""Reads the figures away from the window's thread, and counts the past again while a limit is moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from filo_core.errors import FiloError
from filo_core.types import InspectionFilter, Limits
from gui.background import Background, asked, sentence_of
from gui.records.choices import Choices
from gui.records.moved_limits import with_ng, with_ok
from gui.translation import in_language
from workflows.export.handing_out import export_figures, export_report
from workflows.reporting.figures import FigureReader, Figures
from workflows.reporting.periods import Grouping

if TYPE_CHECKING:
    from filo_core.statistics.recount import Recount, ScoreHistogram
    from gui.state import AppState

BINS = 48


@dataclass(frozen=True, slots=True)
class Wanted:
    """The state of the filter bar."""

    when: Choices = field(default_factory=lambda: Choices(verdicts=frozenset()))
    """Product, station and period; nothing else of it is used."""
    grouping: Grouping = Grouping.AUTO

    @property
    def restricts(self) -> bool:
        """False when every inspection is counted."""
        return self.when.restrict

    def to_filter(self, today: date) -> InspectionFilter:
        """The filter that the record understands."""
        return self.when.to_filter(today)


def _today() -> date:
    return datetime.now().astimezone().date()


class StatisticsPresenter(QObject):
    """The newest wish wins: figures that were asked for before it are thrown away."""

    figures_changed = Signal()
    limits_changed = Signal()
    """``limits`` and with it ``recount`` changed."""
    reading_changed = Signal(bool)
    exported = Signal(str)
    """Path of the file that was written."""
    failed = Signal(str, str)
    """A sentence and technical details."""
    arrived_changed = Signal(int)
    """Inspections and reviews recorded since the figures were read."""

    def __init__(self, state: AppState, today: Callable[[], date] = _today, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._today = today
        self._reader = FigureReader(state.workbench.storage, state.workbench.catalogue)
        self._background = Background()
        self._question = 0
        self._arrived = 0
        self.wanted = Wanted()
        self.figures: Figures | None = None
        self.limits: Limits | None = None
        state.inspection_recorded.connect(self._on_arrived)
        state.review_recorded.connect(self._on_arrived)

    # Reading ---------------------------------------------------------------------------------------------------

    def apply(self, wanted: Wanted) -> None:
        """Read the figures of other inspections."""
        self.wanted = wanted
        self.refresh()

    def refresh(self) -> None:
        """Read the record again."""
        self._question += 1
        self._arrived = 0
        self.arrived_changed.emit(0)
        question, wanted = self._question, self.wanted
        self._background.cancel_waiting()
        self.reading_changed.emit(True)
        self._background.run(
            lambda: self._reader.read(wanted.to_filter(self._today()), wanted.grouping),
            lambda figures: self._take(question, figures),
            lambda error: self._fail(question, error),
        )

    @property
    def arrived(self) -> int:
        """Inspections and reviews recorded since the figures were read."""
        return self._arrived

    def products(self) -> tuple[str, ...]:
        """Names of all products, sorted."""
        drafts = asked(self._state.workbench.catalogue.drafts)
        return tuple(sorted((draft.description.name for draft in drafts), key=str.casefold))

    def stations(self) -> tuple[str, ...]:
        """Every station that inspected something."""
        return asked(self._reader.stations)

    def close_down(self) -> None:
        """Expect nothing any more."""
        self._background.close()

    def _take(self, question: int, figures: Figures) -> None:
        if question != self._question:
            return
        self.reading_changed.emit(False)
        self.figures, self.limits = figures, figures.scores.limits
        self.figures_changed.emit()
        self.limits_changed.emit()

    def _fail(self, question: int, error: Exception) -> None:
        if question == self._question:
            self.reading_changed.emit(False)
            self.failed.emit(*sentence_of(error))

    def _on_arrived(self) -> None:
        self._arrived += 1
        self.arrived_changed.emit(self._arrived)

    # Limits ----------------------------------------------------------------------------------------------------

    @property
    def recount(self) -> Recount | None:
        """The past under the limits that are set now: exact, and a matter of microseconds."""
        if self.figures is None or self.limits is None or not len(self.figures.scores.history):
            return None
        return self.figures.scores.history.recount(self.limits)

    @property
    def are_moved(self) -> bool:
        """Whether the limits differ from those of the recipe in force."""
        return self.figures is not None and self.limits != self.figures.scores.limits

    def move_ok(self, value: float) -> None:
        """Set the OK limit, which pushes the NG limit before it."""
        if self.limits is not None:
            self._set_limits(with_ok(self.limits, max(0.0, value)))

    def move_ng(self, value: float) -> None:
        """Set the NG limit, which pushes the OK limit before it."""
        if self.limits is not None:
            self._set_limits(with_ng(self.limits, max(0.0, value)))

    def reset_limits(self) -> None:
        """Go back to the limits of the recipe in force."""
        if self.figures is not None and self.figures.scores.limits is not None:
            self._set_limits(self.figures.scores.limits)

    def take_over(self) -> bool:
        """Write the limits into the product's draft, which has to be signed off before they judge; False if refused."""
        product, limits = self.wanted.when.product, self.limits
        if limits is None:
            return False
        catalogue = self._state.workbench.catalogue
        try:
            asked(lambda: catalogue.set_limits(product, limits))
        except FiloError as error:
            self.failed.emit(in_language(str(error)), "")
            return False
        self._state.products_changed.emit()
        return True

    def histogram(self) -> ScoreHistogram | None:
        """Scores in bins that reach beyond the NG limit; None without a score."""
        if self.figures is None or not len(self.figures.scores.history):
            return None
        scores = self.figures.scores
        highest = scores.history.highest
        if scores.limits is not None:
            highest = max(highest, 1.15 * scores.limits.ng)
        return scores.history.histogram(np.linspace(0.0, max(1.02 * highest, 1e-3), BINS + 1).tolist())

    def _set_limits(self, limits: Limits) -> None:
        if limits != self.limits:
            self.limits = limits
            self.limits_changed.emit()

    # Export ----------------------------------------------------------------------------------------------------

    def export_csv(self, path: Path) -> None:
        """Write all figures, and the recount under the limits that are set now."""
        if self.figures is None:
            return
        figures, limits, access = self.figures, self.limits, self._state.workbench.access
        self._background.run(
            lambda: export_figures(access, figures, path, limits),
            lambda _: self.exported.emit(str(path)),
            lambda error: self.failed.emit(*sentence_of(error)),
        )

    def export_pdf(self, path: Path) -> None:
        """Write the report on the product, with the recount under the limits that are set now."""
        if self.figures is None or not self.figures.wanted.product:
            self.failed.emit(self.tr("Choose one product: a report is about one."), "")
            return
        workbench, wanted, limits = self._state.workbench, self.figures.wanted, self.limits

        def work() -> None:
            # Only who wants a report pays for loading it.
            from workflows.reporting.report import read_report

            report = read_report(workbench.storage, workbench.catalogue, wanted)
            scores = replace(report.figures.scores, limits=limits)
            shown = replace(report, figures=replace(report.figures, scores=scores))
            export_report(workbench.access, shown, path, in_language)

        self._background.run(
            work,
            lambda _: self.exported.emit(str(path)),
            lambda error: self.failed.emit(*sentence_of(error)),
        )
