"""Which inspections are worked through, and in which order: one row over the picture, and a second one for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from filo_core.types import PageOrder
from gui.records.choices import Choices, Queue
from gui.records.filter_bar import RecordFilter
from gui.review.queue_chips import SHOWN, QueueChips, queue_name
from gui.widgets.controls import HintedEdit, button, captioned, icon_button, set_shown
from gui.widgets.rows_layout import RowsLayout

_TYPING_MS = 250
"""The record is asked once somebody has stopped typing."""
_LONGEST_SEARCH = 100
_NARROWEST_PX = 640
_AROUND_WORDS_PX = 56
"""Of a drop-down: its padding, and its arrow."""
_WIDEST_JOB_PX = 200
_GAP_PX = 8


class FilterBar(RecordFilter):
    """It starts with what somebody has to decide."""

    choices_changed = Signal(object)
    """The :class:`Choices`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips = QueueChips(self)
        self.queue = self.combo(self.tr("What to look at"))
        # It stands alone for all chips, so it is never cut.
        self.queue.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.order = self.combo(self.tr("Order"))
        self.anomaly_type = self.combo(self.tr("Anomaly type"))
        self.station = self.combo(self.tr("Station"))
        self.search = HintedEdit(self, narrow=True)
        self.search.setPlaceholderText(self.tr("Name, serial"))
        self.search.setAccessibleName(self.tr("Search by name or serial"))
        self.search.setToolTip(
            self.tr("A serial, or a part of it or of the image's name; a whole serial is found at once")
        )
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(_LONGEST_SEARCH)
        self._job: tuple[str, datetime] | None = None
        self.job_button = button("", "close", tip=self.tr("Only this job is shown. Press to show all."))
        self.more_button = icon_button(self.tr("More filters"), "settings", checkable=True)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._fill()
        self._lay_out()
        self._connect()

    def _fill(self) -> None:
        for queue in SHOWN:
            self.queue.addItem(queue_name(queue), queue.value)
        for order, text in (
            (PageOrder.NEWEST, self.tr("Newest first")),
            (PageOrder.HIGHEST, self.tr("By score")),
            (PageOrder.NEAREST, self.tr("Near limit")),
        ):
            self.order.addItem(text, order.value)
        self.set_products(())
        self.set_seen((), ())

    def _lay_out(self) -> None:
        row = RowsLayout(spacing=_GAP_PX)
        row.add(self.product, 2)
        row.add(self.job_button)
        row.add(self.chips)
        row.add(self.queue, 2)
        row.add(self.period, 1)
        row.add(self.search, 2)
        row.add(self.order, 1)
        row.add(self.more_button)
        self._second = QWidget(self)
        second = QHBoxLayout(self._second)
        second.setContentsMargins(0, 0, 0, 0)
        second.setSpacing(_GAP_PX)
        for combo in (self.anomaly_type, self.station):
            second.addWidget(captioned(combo.accessibleName(), combo), 1)
        second.addWidget(self.days_row())
        second.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._second)
        # Else the chips would keep the window from getting narrower.
        self.setMinimumWidth(_NARROWEST_PX)
        set_shown(self._second, False)
        set_shown(self.queue, False)
        set_shown(self.job_button, False)

    def _connect(self) -> None:
        self.chips.chosen.connect(self._on_chip_chosen)
        self.queue.activated.connect(lambda: self.chips.choose(Queue(self.queue.currentData())))
        self.search.textChanged.connect(self._typing.start)
        self.search.returnPressed.connect(self.on_changed)
        self._typing.timeout.connect(self.on_changed)
        self.more_button.toggled.connect(self._show_second)
        self.job_button.clicked.connect(self.leave_job)
        self.changed.connect(self._on_changed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # Other letters; while it is built there is nothing to fit yet.
        if event.type() is QEvent.Type.StyleChange and self.isVisible():
            self._fit()

    def _fit(self) -> None:
        """The chips where there is room for all of them, else a drop-down that says the same."""
        words, text = self.order.fontMetrics(), self.order.itemText
        # What Qt reckons leaves out the arrow, and cuts the last letters.
        self.order.setMinimumWidth(
            max(words.horizontalAdvance(text(number)) for number in range(self.order.count())) + _AROUND_WORDS_PX
        )
        # Its button to clear it needs some room as well.
        self.search.setMinimumWidth(self.search.said_px + 2 * _GAP_PX)
        rest = (self.product, self.period, self.search, self.order, self.more_button, self.job_button)
        shown = (max(one.minimumSizeHint().width(), one.minimumWidth()) + _GAP_PX for one in rest if not one.isHidden())
        needed = self.chips.wanted_px + sum(shown)
        wide = needed <= self.width()
        self.chips.setFixedWidth(self.chips.wanted_px)
        set_shown(self.chips, wide)
        set_shown(self.queue, not wide)

    def choices(self) -> Choices:
        """What is chosen."""
        first_day, last_day = self.chosen_days
        return Choices(
            product=self.product.currentData() or "",
            verdicts=frozenset(),
            anomaly_type=self.anomaly_type.currentData() or "",
            station=self.station.currentData() or "",
            period=self.chosen_period,
            first_day=first_day,
            last_day=last_day,
            queue=self.chips.queue,
            name=self.search.text().strip(),
            # Qt hands a StrEnum back as a plain string.
            order=PageOrder(self.order.currentData()),
            job=self._job[0] if self._job else "",
            job_since=self._job[1] if self._job else None,
        )

    def choose_job(self, product: str, job: str, since: datetime, title: str) -> None:
        """Show all that one job has inspected, and tell."""
        self._job = (job, since)
        text = self.fontMetrics().elidedText(title, Qt.TextElideMode.ElideMiddle, _WIDEST_JOB_PX)
        self.job_button.setText(text)
        self.job_button.setAccessibleName(self.tr("Only the job %1").replace("%1", title))
        set_shown(self.job_button, True)
        self.product.setCurrentIndex(max(0, self.product.findData(product)))
        self.choose_queue(Queue.ALL)
        self._fit()

    @Slot()
    def leave_job(self) -> None:
        """Show what other jobs have inspected as well, and tell."""
        self._job = None
        set_shown(self.job_button, False)
        self._fit()
        self.on_changed()

    def choose_queue(self, queue: Queue) -> None:
        """Choose what to look at, and tell."""
        self.chips.choose(queue)
        self._on_chip_chosen()

    def set_counts(self, counts: Mapping[Queue, int] | None) -> None:
        """Say how many inspections each part has; nothing while they are counted."""
        self.chips.set_counts(counts)
        self._fit()

    def set_products(self, products: Sequence[str]) -> None:
        """Offer other products, keeping what is chosen where it still exists."""
        self.offer(self.product, self.tr("All products"), products)

    def set_seen(self, anomaly_types: Sequence[str], stations: Sequence[str]) -> None:
        """Offer what is in the record now, keeping what is chosen where it still exists."""
        self.offer(self.anomaly_type, self.tr("All types"), anomaly_types)
        self.offer(self.station, self.tr("All stations"), stations)

    def show_everything(self) -> None:
        """Restrict nothing."""
        self._job = None
        set_shown(self.job_button, False)
        blocker = QSignalBlocker(self.search)
        self.search.clear()
        blocker.unblock()
        for combo in (self.product, self.anomaly_type, self.station, self.period):
            combo.setCurrentIndex(0)
        self.choose_queue(Queue.ALL)

    @Slot()
    def _on_chip_chosen(self) -> None:
        self.queue.setCurrentIndex(self.queue.findData(self.chips.queue.value))
        self.on_changed()

    @Slot()
    def _show_second(self) -> None:
        # Dates that count, and filters that hide something, stay in sight.
        hides = bool(self.anomaly_type.currentData() or self.station.currentData())
        spanned = not self.days.isHidden()
        set_shown(self._second, self.more_button.isChecked() or spanned or hides)

    @Slot()
    def _on_changed(self) -> None:
        self._typing.stop()
        self._show_second()
        self.choices_changed.emit(self.choices())
