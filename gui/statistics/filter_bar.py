"""Which inspections are counted, and how the control chart divides them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from gui.records.choices import Choices
from gui.records.filter_bar import RecordFilter
from gui.statistics.presenter import Wanted
from gui.statistics.wording import grouping_text
from gui.widgets.controls import button
from workflows.reporting.periods import Grouping


class StatisticsBar(RecordFilter):
    """One row: what is counted, and where the figures go."""

    wanted_changed = Signal(object)
    """The :class:`Wanted`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.station = self.combo(self.tr("Station"), short=False)
        self.grouping = self.combo(self.tr("Control chart"), short=False)
        self.csv_button = button(self.tr("&CSV…"), "export", tip=self.tr("Save all figures as a table"))
        self.pdf_button = button(self.tr("&PDF…"), "export", tip=self.tr("Save a report with the charts"))
        for grouping in Grouping:
            self.grouping.addItem(grouping_text(grouping), grouping)
        self.set_names((), ())
        stretched = ((self.product, 3), (self.station, 2), (self.period, 2), (self.grouping, 2))
        self.lay_out(stretched, (self.csv_button, self.pdf_button))
        self.changed.connect(self._on_changed)

    def wanted(self) -> Wanted:
        """What is chosen."""
        first_day, last_day = self.chosen_days
        choices = Choices(
            product=self.product.currentData() or "",
            verdicts=frozenset(),
            station=self.station.currentData() or "",
            period=self.chosen_period,
            first_day=first_day,
            last_day=last_day,
        )
        return Wanted(choices, Grouping(self.grouping.currentData()))

    def set_names(self, products: Sequence[str], stations: Sequence[str]) -> None:
        """Offer other products and stations, keeping what is chosen where it still exists."""
        self.offer(self.product, self.tr("All products"), products)
        self.offer(self.station, self.tr("All stations"), stations)

    def show_everything(self) -> None:
        """Restrict nothing."""
        for combo in (self.product, self.station, self.period):
            combo.setCurrentIndex(0)
        self.on_changed()

    @Slot()
    def _on_changed(self) -> None:
        self.wanted_changed.emit(self.wanted())
