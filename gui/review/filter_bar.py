"""Which inspections are shown: product, verdict, type, station, time, and whether somebody has decided."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QWidget

from filo_core.types import Verdict
from gui.records.choices import DOUBTFUL, Choices
from gui.records.filter_bar import RecordFilter
from gui.widgets.controls import button
from gui.widgets.verdicts import verdict_word


class FilterBar(RecordFilter):
    """One row of drop-downs; it starts with what somebody has to look at."""

    choices_changed = Signal(object)
    """The :class:`Choices`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.verdict = self.combo(self.tr("Verdict"))
        self.anomaly_type = self.combo(self.tr("Anomaly type"))
        self.station = self.combo(self.tr("Station"))
        self.undecided = button(self.tr("&Undecided only"), "review", checkable=True)
        self.verdict.addItem(self.tr("To look at"), DOUBTFUL)
        self.verdict.addItem(self.tr("All verdicts"), frozenset())
        for verdict in Verdict:
            self.verdict.addItem(verdict_word(verdict), frozenset({verdict}))
        self.verdict.setToolTip(self.tr("“To look at”: REVIEW, NG and NOT INSPECTED"))
        self.set_products(())
        self.set_seen((), ())
        stretched = (
            (self.product, 3),
            (self.verdict, 2),
            (self.anomaly_type, 3),
            (self.station, 2),
            (self.period, 2),
        )
        self.lay_out(stretched, (self.undecided,))
        self.undecided.toggled.connect(self.on_changed)
        self.changed.connect(self._on_changed)

    def choices(self) -> Choices:
        """What is chosen."""
        first_day, last_day = self.chosen_days
        return Choices(
            product=self.product.currentData() or "",
            verdicts=self.verdict.currentData(),
            anomaly_type=self.anomaly_type.currentData() or "",
            station=self.station.currentData() or "",
            undecided=self.undecided.isChecked(),
            period=self.chosen_period,
            first_day=first_day,
            last_day=last_day,
        )

    def set_products(self, products: Sequence[str]) -> None:
        """Offer other products, keeping what is chosen where it still exists."""
        self.offer(self.product, self.tr("All products"), products)

    def set_seen(self, anomaly_types: Sequence[str], stations: Sequence[str]) -> None:
        """Offer what is in the record now, keeping what is chosen where it still exists."""
        self.offer(self.anomaly_type, self.tr("All types"), anomaly_types)
        self.offer(self.station, self.tr("All stations"), stations)

    def show_everything(self) -> None:
        """Restrict nothing."""
        blocker = QSignalBlocker(self.undecided)
        self.undecided.setChecked(False)
        blocker.unblock()
        for combo in (self.product, self.anomaly_type, self.station, self.period):
            combo.setCurrentIndex(0)
        # Qt cannot compare Python sets: findData would find nothing and leave the box blank.
        everything = next(i for i in range(self.verdict.count()) if self.verdict.itemData(i) == frozenset())
        self.verdict.setCurrentIndex(everything)
        self.on_changed()

    @Slot()
    def _on_changed(self) -> None:
        self.choices_changed.emit(self.choices())
