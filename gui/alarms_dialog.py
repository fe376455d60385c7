"""The alarms that stand, and who has seen which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from filo_core.alarms.rules import AlarmKind
from filo_core.errors import FiloError
from gui.background import asked
from gui.theme import SPACE
from gui.translation import in_language
from gui.widgets.controls import button, plain_label
from gui.widgets.message_fold import MessageFold
from gui.wording import date_and_time
from workflows.notices.book import title_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gui.state import AppState
    from workflows.notices.book import StandingAlarm

_WIDTH, _HEIGHT = 760, 420
_NUMBER = Qt.ItemDataRole.UserRole


class AlarmsDialog(QDialog):
    """Lists them, the oldest first, and takes an acknowledgement of those that are chosen, or of all."""

    acknowledged = Signal()

    def __init__(self, state: AppState, alarms: Sequence[StandingAlarm], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._book = state.workbench.alarm_watch.book
        self._lost_choice = self._can_acknowledge = False
        self.setWindowTitle(self.tr("Alarms"))
        self.resize(_WIDTH, _HEIGHT)
        self.message = MessageFold(self)
        self.list = QListWidget(self)
        self.list.setWordWrap(True)
        self.list.setAlternatingRowColors(True)
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.setAccessibleName(self.tr("Alarms"))
        self.empty = plain_label(self.tr("There are no alarms."))
        self.acknowledge_button = button(self.tr("&Acknowledge"), "check", primary=True)
        self.close_button = button(self.tr("Close"), "close")
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.acknowledge_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        about = self.tr(
            "An alarm ends by itself once its cause is gone. Acknowledge those that you take care of: the record keeps "
            "who did, and everybody sees it."
        )
        layout.addWidget(plain_label(about, "hint"))
        layout.addWidget(self.message)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.empty)
        layout.addLayout(buttons)
        self.list.itemSelectionChanged.connect(self._on_chosen)
        self.acknowledge_button.clicked.connect(self.acknowledge)
        self.close_button.clicked.connect(self.reject)
        self.show_alarms(alarms)

    def show_alarms(self, alarms: Sequence[StandingAlarm]) -> None:
        """Show these; what was chosen stays chosen."""
        chosen = set(self._chosen())
        # Who had chosen one that has cleared meanwhile does not mean all the others: they choose anew.
        self._lost_choice |= bool(chosen) and not chosen & {alarm.event_id for alarm in alarms}
        self.list.clear()
        for alarm in alarms:
            item = QListWidgetItem(_text(alarm))
            item.setData(_NUMBER, 0 if alarm.acknowledged_by else alarm.event_id)
            self.list.addItem(item)
            item.setSelected(alarm.event_id in chosen)
        self.list.setVisible(bool(alarms))
        self.empty.setVisible(not alarms)
        self._can_acknowledge = any(not alarm.acknowledged_by for alarm in alarms)
        self.acknowledge_button.setEnabled(self._can_acknowledge and not self._lost_choice)

    def acknowledge(self) -> None:
        """Acknowledge the chosen ones; all of them where none is chosen."""
        state = self._state
        every = [self.list.item(row).data(_NUMBER) for row in range(self.list.count())]
        wanted = [number for number in self._chosen() or every if number]
        try:
            asked(lambda: self._book.acknowledge(state.workbench.access, wanted, state.operator))
            self.show_alarms(asked(self._book.standing))
        except FiloError as error:
            self.message.show_error(in_language(str(error)))
            return
        self.message.clear()
        self.acknowledged.emit()

    def _on_chosen(self) -> None:
        if self._chosen():
            self._lost_choice = False
            self.acknowledge_button.setEnabled(self._can_acknowledge)

    def _chosen(self) -> list[int]:
        return [item.data(_NUMBER) for item in self.list.selectedItems()]


def _text(alarm: StandingAlarm) -> str:
    """Two lines: since when and what, then the sentence; who has acknowledged it below."""
    first = f"{date_and_time(alarm.since.astimezone())}  ·  {in_language(title_of(alarm.key.kind))}"
    if alarm.station:
        first += f"  ·  {alarm.station}"
    lines = [first, in_language(alarm.sentence)]
    if alarm.key.kind is AlarmKind.TAMPERING:
        lines.append(_tr("Stands until an admin settles it: main.py audit settle."))
    if alarm.acknowledged_by and alarm.acknowledged_at is not None:
        seen = _tr("Acknowledged by %1, %2").replace("%1", alarm.acknowledged_by)
        lines.append(seen.replace("%2", date_and_time(alarm.acknowledged_at.astimezone())))
    return "\n".join(lines)


def _tr(text: str) -> str:
    return QCoreApplication.translate("AlarmsDialog", text)
