"""Which part of the inspections is worked through: one button each, with how many there are."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from filo_core.types import Verdict
from gui.records.choices import Queue
from gui.widgets.controls import button
from gui.widgets.verdicts import verdict_word
from gui.wording import number

SHOWN = (Queue.TO_DECIDE, Queue.NG, Queue.REVIEW, Queue.NOT_INSPECTED, Queue.OK, Queue.DECIDED, Queue.ALL)
_GAP_PX = 4


class QueueChips(QWidget):
    """One of them is chosen. They count by what counts now, not by the machine's word."""

    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._chips: dict[Queue, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_GAP_PX)
        for queue in SHOWN:
            chip = button(queue_name(queue), checkable=True, tip=_tip(queue))
            chip.setStyleSheet("QPushButton { padding: 0 6px; }")
            chip.clicked.connect(self.chosen)
            self._group.addButton(chip)
            self._chips[queue] = chip
            row.addWidget(chip)
        self._chips[Queue.TO_DECIDE].setChecked(True)

    @property
    def queue(self) -> Queue:
        """What is chosen."""
        return next(queue for queue, chip in self._chips.items() if chip.isChecked())

    def choose(self, queue: Queue) -> None:
        """Choose without telling."""
        self._chips[queue].setChecked(True)

    def text_of(self, queue: Queue) -> str:
        """What a chip says."""
        return self._chips[queue].text()

    def set_counts(self, counts: Mapping[Queue, int] | None) -> None:
        """Say how many there are of each; nothing while they are counted."""
        for queue, chip in self._chips.items():
            text = queue_name(queue)
            chip.setText(text if counts is None else f"{text}  {number(counts[queue])}")
            chip.setAccessibleName(chip.text())

    @property
    def wanted_px(self) -> int:
        """Width that all of them need side by side."""
        widths = [chip.sizeHint().width() for chip in self._chips.values()]
        return sum(widths) + _GAP_PX * (len(widths) - 1)


def queue_name(queue: Queue) -> str:
    """What a queue is called."""
    names = {
        Queue.TO_DECIDE: _tr("To decide"),
        Queue.NG: verdict_word(Verdict.NG),
        Queue.REVIEW: verdict_word(Verdict.REVIEW),
        Queue.NOT_INSPECTED: _tr("Not inspected"),
        Queue.OK: verdict_word(Verdict.OK),
        Queue.DECIDED: _tr("Decided"),
        Queue.ALL: _tr("All"),
    }
    return names[queue]


def _tip(queue: Queue) -> str:
    tips = {
        Queue.TO_DECIDE: _tr("NG, REVIEW and not inspected, and nobody has decided yet"),
        Queue.NG: _tr("What counts as NG now, by the system or by a person"),
        Queue.OK: _tr("What counts as OK now, by the system or by a person"),
        Queue.DECIDED: _tr("What a person has decided"),
    }
    return tips.get(queue, "")


def _tr(text: str) -> str:
    return QCoreApplication.translate("Queue", text)
