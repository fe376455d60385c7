"""Which inspections are counted, and how the control chart divides them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QDate, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QDateEdit, QHBoxLayout, QVBoxLayout, QWidget

from gui.live.source_bar import captioned
from gui.review.filters import Choices, Period
from gui.statistics.presenter import Wanted
from gui.statistics.wording import grouping_text
from gui.widgets.controls import button, set_shown
from workflows.figures import Grouping


class StatisticsBar(QWidget):
    """One row; a second one for the two dates when a span is asked for."""

    wanted_changed = Signal(object)
    """The :class:`Wanted`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.product = self._combo(self.tr("Product"))
        self.station = self._combo(self.tr("Station"))
        self.period = self._combo(self.tr("When"))
        self.grouping = self._combo(self.tr("Control chart"))
        self.first_day = self._date(self.tr("From"))
        self.last_day = self._date(self.tr("To"))
        self.csv_button = button(self.tr("&CSV…"), "export", tip=self.tr("Save all figures as a table"))
        self.pdf_button = button(self.tr("&PDF…"), "export", tip=self.tr("Save a report with the charts"))
        self._days = QWidget(self)
        self._fill()
        self._lay_out()
        for combo in (self.product, self.station, self.period, self.grouping):
            combo.activated.connect(self._on_changed)
        for edit in (self.first_day, self.last_day):
            edit.dateChanged.connect(self._on_changed)

    def _combo(self, name: str) -> QComboBox:
        combo = QComboBox(self)
        combo.setAccessibleName(name)
        combo.setMinimumContentsLength(9)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        return combo

    def _date(self, name: str) -> QDateEdit:
        edit = QDateEdit(QDate.currentDate(), self)
        edit.setCalendarPopup(True)
        edit.setDisplayFormat("yyyy-MM-dd")
        edit.setAccessibleName(name)
        edit.setMinimumWidth(140)
        return edit

    def _fill(self) -> None:
        for period, text in (
            (Period.ANY, self.tr("Any time")),
            (Period.TODAY, self.tr("Today")),
            (Period.YESTERDAY, self.tr("Yesterday")),
            (Period.WEEK, self.tr("Last 7 days")),
            (Period.MONTH, self.tr("Last 30 days")),
            (Period.BETWEEN, self.tr("From … to …")),
        ):
            self.period.addItem(text, period)
        for grouping in Grouping:
            self.grouping.addItem(grouping_text(grouping), grouping)
        self.set_names((), ())

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(10)
        for combo, stretch in ((self.product, 3), (self.station, 2), (self.period, 2), (self.grouping, 2)):
            row.addWidget(captioned(combo.accessibleName(), combo), stretch)
        for control in (self.csv_button, self.pdf_button):
            row.addWidget(control, 0, Qt.AlignmentFlag.AlignBottom)
        days = QHBoxLayout(self._days)
        days.setContentsMargins(0, 0, 0, 0)
        for edit in (self.first_day, self.last_day):
            days.addWidget(captioned(edit.accessibleName(), edit))
        days.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row)
        layout.addWidget(self._days)
        self._days.hide()

    def wanted(self) -> Wanted:
        """What is chosen."""
        return Wanted(
            Choices(
                product=self.product.currentData() or "",
                verdicts=frozenset(),
                period=Period(self.period.currentData()),
                first_day=_day(self.first_day),
                last_day=_day(self.last_day),
            ),
            self.station.currentData() or "",
            Grouping(self.grouping.currentData()),
        )

    def set_names(self, products: Sequence[str], stations: Sequence[str]) -> None:
        """Offer other products and stations, keeping what is chosen where it still exists."""
        for combo, everything, names in (
            (self.product, self.tr("All products"), products),
            (self.station, self.tr("All stations"), stations),
        ):
            chosen = combo.currentData()
            blocker = QSignalBlocker(combo)
            combo.clear()
            combo.addItem(everything, "")
            for name in names:
                combo.addItem(name, name)
            combo.setCurrentIndex(max(0, combo.findData(chosen)))
            blocker.unblock()

    def choose_product(self, name: str) -> None:
        """Count one product's inspections, or all where it is not offered."""
        self.product.setCurrentIndex(max(0, self.product.findData(name)))
        self._on_changed()

    def show_everything(self) -> None:
        """Restrict nothing."""
        for combo in (self.product, self.station, self.period):
            combo.setCurrentIndex(0)
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        set_shown(self._days, self.period.currentData() == Period.BETWEEN)
        self.wanted_changed.emit(self.wanted())


def _day(edit: QDateEdit) -> date:
    chosen = edit.date()
    return date(chosen.year(), chosen.month(), chosen.day())
