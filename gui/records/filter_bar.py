"""What the filter bars of Review and Statistics have in common: product, time, and one row of drop-downs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QDate, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QDateEdit, QHBoxLayout, QVBoxLayout, QWidget

from gui.records.choices import Period
from gui.widgets.controls import captioned, set_shown
from gui.widgets.rows_layout import RowsLayout

_SHORTEST_CHARACTERS, _USUAL_CHARACTERS = 6, 12


class RecordFilter(QWidget):
    """A second row holds the two dates, when a span is asked for. The bars add what is theirs."""

    changed = Signal()
    """Something else is chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.product = self.combo(self.tr("Product"))
        self.period = self.combo(self.tr("When"))
        self.first_day = self._date(self.tr("From"))
        self.last_day = self._date(self.tr("To"))
        self.days = QWidget(self)
        for period, text in (
            (Period.ANY, self.tr("Any time")),
            (Period.TODAY, self.tr("Today")),
            (Period.YESTERDAY, self.tr("Yesterday")),
            (Period.WEEK, self.tr("Last 7 days")),
            (Period.MONTH, self.tr("Last 30 days")),
            (Period.BETWEEN, self.tr("From … to …")),
        ):
            self.period.addItem(text, period)

    def combo(self, name: str, *, short: bool = True) -> QComboBox:
        """A drop-down that tells when something is chosen in it."""
        made = QComboBox(self)
        made.setAccessibleName(name)
        made.setMinimumContentsLength(_SHORTEST_CHARACTERS if short else _USUAL_CHARACTERS)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.activated.connect(self.on_changed)
        return made

    def lay_out(self, combos: Sequence[tuple[QComboBox, int]], tail: Sequence[QWidget]) -> None:
        """Put the drop-downs under their captions, each with its stretch, and ``tail`` after them."""
        row = RowsLayout()
        for combo, stretch in combos:
            row.add(captioned(combo.accessibleName(), combo), stretch)
        for control in tail:
            row.add(control)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self.days_row())

    def days_row(self) -> QWidget:
        """The two dates; shown when a span is asked for."""
        row = QHBoxLayout(self.days)
        row.setContentsMargins(0, 0, 0, 0)
        for edit in (self.first_day, self.last_day):
            row.addWidget(captioned(edit.accessibleName(), edit))
        row.addStretch(1)
        self.days.hide()
        return self.days

    @property
    def chosen_period(self) -> Period:
        """When it was inspected."""
        # Qt hands a StrEnum back as a plain string.
        return Period(self.period.currentData())

    @property
    def chosen_days(self) -> tuple[date, date]:
        """First and last day of a span."""
        return _day(self.first_day), _day(self.last_day)

    def choose_product(self, name: str) -> None:
        """Choose one product, or all where it is not offered."""
        self.product.setCurrentIndex(max(0, self.product.findData(name)))
        self.on_changed()

    @Slot()
    def on_changed(self) -> None:
        """Show the dates where they count, and tell."""
        set_shown(self.days, self.chosen_period is Period.BETWEEN)
        self.changed.emit()

    @staticmethod
    def offer(combo: QComboBox, everything: str, names: Sequence[str]) -> None:
        """Offer ``everything`` and then ``names``, keeping what is chosen where it still exists."""
        chosen = combo.currentData()
        blocker = QSignalBlocker(combo)
        combo.clear()
        combo.addItem(everything, "")
        for name in names:
            combo.addItem(name, name)
        combo.setCurrentIndex(max(0, combo.findData(chosen)))
        blocker.unblock()

    def _date(self, name: str) -> QDateEdit:
        edit = QDateEdit(QDate.currentDate(), self)
        edit.setCalendarPopup(True)
        edit.setDisplayFormat("yyyy-MM-dd")
        edit.setAccessibleName(name)
        edit.dateChanged.connect(self.on_changed)
        return edit


def _day(edit: QDateEdit) -> date:
    chosen = edit.date()
    return date(chosen.year(), chosen.month(), chosen.day())
