"""Which inspections are shown: product, verdict, type, time, and whether somebody has decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QDate, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QDateEdit, QHBoxLayout, QVBoxLayout, QWidget

from filo_core.types import Verdict
from gui.review.filters import DOUBTFUL, Choices, Period
from gui.widgets.controls import button, plain_label, set_shown
from gui.widgets.verdicts import verdict_word


class FilterBar(QWidget):
    """One row of drop-downs; a second one for the two dates when a span is asked for."""

    choices_changed = Signal(object)
    """The :class:`Choices`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.product = self._combo(self.tr("Product"), 150)
        self.verdict = self._combo(self.tr("Verdict of the system"), 150)
        self.anomaly_type = self._combo(self.tr("Anomaly type"), 140)
        self.period = self._combo(self.tr("When"), 120)
        self.undecided = button(self.tr("&Undecided only"), "review", checkable=True)
        self.first_day = self._date(self.tr("From"))
        self.last_day = self._date(self.tr("To"))
        self._days = QWidget(self)
        self._fill_fixed()
        self._lay_out()
        for combo in (self.product, self.verdict, self.anomaly_type, self.period):
            combo.activated.connect(self._on_changed)
        self.undecided.toggled.connect(self._on_changed)
        for edit in (self.first_day, self.last_day):
            edit.dateChanged.connect(self._on_changed)

    def _combo(self, name: str, width: int) -> QComboBox:
        combo = QComboBox(self)
        combo.setAccessibleName(name)
        combo.setMinimumWidth(width)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        return combo

    def _date(self, name: str) -> QDateEdit:
        edit = QDateEdit(QDate.currentDate(), self)
        edit.setCalendarPopup(True)
        edit.setDisplayFormat("yyyy-MM-dd")
        edit.setAccessibleName(name)
        edit.setMinimumWidth(140)
        return edit

    def _fill_fixed(self) -> None:
        self.verdict.addItem(self.tr("To look at"), DOUBTFUL)
        self.verdict.addItem(self.tr("All verdicts"), frozenset())
        for verdict in Verdict:
            self.verdict.addItem(verdict_word(verdict), frozenset({verdict}))
        self.verdict.setToolTip(self.tr("“To look at”: REVIEW, NG and NOT INSPECTED"))
        for period, text in (
            (Period.ANY, self.tr("Any time")),
            (Period.TODAY, self.tr("Today")),
            (Period.YESTERDAY, self.tr("Yesterday")),
            (Period.WEEK, self.tr("Last 7 days")),
            (Period.MONTH, self.tr("Last 30 days")),
            (Period.BETWEEN, self.tr("From … to …")),
        ):
            self.period.addItem(text, period)
        self.set_names((), ())

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(10)
        for combo, stretch in ((self.product, 3), (self.verdict, 2), (self.anomaly_type, 3), (self.period, 2)):
            row.addLayout(self._captioned(combo), stretch)
        corner = QVBoxLayout()
        corner.addStretch(1)
        corner.addWidget(self.undecided)
        row.addLayout(corner)
        days = QHBoxLayout(self._days)
        days.setContentsMargins(0, 0, 0, 0)
        for edit in (self.first_day, self.last_day):
            label = plain_label(edit.accessibleName(), "hint", wrap=False)
            label.setBuddy(edit)
            days.addWidget(label)
            days.addWidget(edit)
        days.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row)
        layout.addWidget(self._days)
        self._days.hide()

    @staticmethod
    def _captioned(combo: QComboBox) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(2)
        label = plain_label(combo.accessibleName(), "hint", wrap=False)
        label.setBuddy(combo)
        column.addWidget(label)
        column.addWidget(combo)
        return column

    def choices(self) -> Choices:
        """What is chosen."""
        return Choices(
            product=self.product.currentData() or "",
            verdicts=self.verdict.currentData(),
            anomaly_type=self.anomaly_type.currentData() or "",
            undecided=self.undecided.isChecked(),
            # Qt hands a StrEnum back as a plain string.
            period=Period(self.period.currentData()),
            first_day=_day(self.first_day),
            last_day=_day(self.last_day),
        )

    def set_names(self, products: Sequence[str], anomaly_types: Sequence[str]) -> None:
        """Offer other products and types, keeping what is chosen where it still exists."""
        for combo, everything, names in (
            (self.product, self.tr("All products"), products),
            (self.anomaly_type, self.tr("All types"), anomaly_types),
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
        """Show one product's inspections, or all where it is not offered."""
        self.product.setCurrentIndex(max(0, self.product.findData(name)))
        self._on_changed()

    def show_everything(self) -> None:
        """Restrict nothing."""
        blockers = [QSignalBlocker(control) for control in (self.undecided, self.first_day, self.last_day)]
        self.undecided.setChecked(False)
        for blocker in blockers:
            blocker.unblock()
        self.product.setCurrentIndex(0)
        self.anomaly_type.setCurrentIndex(0)
        self.period.setCurrentIndex(0)
        # Qt cannot compare Python sets: findData would find nothing and leave the box blank.
        everything = next(i for i in range(self.verdict.count()) if self.verdict.itemData(i) == frozenset())
        self.verdict.setCurrentIndex(everything)
        self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        set_shown(self._days, self.period.currentData() == Period.BETWEEN)
        self.choices_changed.emit(self.choices())


def _day(edit: QDateEdit) -> date:
    chosen = edit.date()
    return date(chosen.year(), chosen.month(), chosen.day())
