"""The totals of the shift in one line, readable from where the part is laid down."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from filo_core.types import Verdict
from gui.live.totals import ShiftTotals
from gui.widgets.controls import button, plain_label
from gui.widgets.verdicts import verdict_word
from gui.wording import clock, number, percentage

_SHOWN = (Verdict.OK, Verdict.REVIEW, Verdict.NG, Verdict.NOT_INSPECTED)


class TotalsBar(QWidget):
    """Says nothing before the first verdict."""

    new_shift = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = plain_label("", "heading", parent=self)
        self.reset_button = button(
            self.tr("New shift"),
            "refresh",
            tip=self.tr("Start counting again at zero. The record keeps every verdict."),
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._text, 1)
        row.addWidget(self.reset_button)
        self.reset_button.clicked.connect(self.new_shift)
        self.show_totals(ShiftTotals())

    @property
    def text(self) -> str:
        """What is said."""
        return self._text.text()

    def show_totals(self, totals: ShiftTotals) -> None:
        """Show how many there are of each verdict, and the yield."""
        self.reset_button.setEnabled(bool(totals.number))
        if totals.since is None or totals.first_pass_yield is None:
            self._text.setText(self.tr("No part inspected in this shift yet."))
            return
        parts = [f"{number(totals.counts[one])} {verdict_word(one)}" for one in _SHOWN if totals.counts[one]]
        text = self.tr("%1 parts since %2").replace("%1", number(totals.number))
        since = text.replace("%2", clock(totals.since.astimezone(), seconds=False))
        good = self.tr("yield %1").replace("%1", percentage(totals.first_pass_yield))
        self._text.setText(" · ".join([since, *parts, good]))
