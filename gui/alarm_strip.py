"""Says above every screen which alarms stand, for as long as they do; nobody closes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from filo_core.alarms.rules import AlarmKind
from filo_core.errors import FiloError
from gui.background import Background
from gui.state import AppState
from gui.translation import in_language
from gui.widgets.controls import button, set_shown
from gui.widgets.message_fold import MessageFold, MessageKind

if TYPE_CHECKING:
    from gui.alarms_dialog import AlarmsDialog
    from workflows.notices.book import StandingAlarm

LOOK_EVERY_MS = 5_000
"""Another program of this station may raise an alarm, or settle one."""
RECORD = "record"
"""The source of the record's own alarms; see :meth:`AppState.set_alarms`."""
PROCESS = "process"
"""Those of the process: NG in a row, a camera that is lost, and the like."""


class AlarmStrip(MessageFold):
    """Shows :attr:`AppState.alarms`, whoever raised them: the first in its line, all of them in its details."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent, closable=False)
        self._state = state
        self._standing: tuple[StandingAlarm, ...] = ()
        self._dialog: AlarmsDialog | None = None
        self.list_button = button("")
        self.list_button.clicked.connect(self.show_list)
        set_shown(self.list_button, False)
        self.put(self.list_button)
        self._translate()
        self._background = Background()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        state.alarms_changed.connect(self._show_alarms)
        state.workbench_opened.connect(self._on_opened)
        self._show_alarms()

    def look(self) -> None:
        """Read elsewhere which alarms stand now."""
        book = self._state.workbench.alarm_watch.book
        if not self._background.is_busy:
            self._background.run(book.standing, self._take, self._leave_standing)

    def show_list(self) -> None:
        """Show all that stand, to be acknowledged."""
        # With it the whole store, for which the first paint would wait.
        from gui.alarms_dialog import AlarmsDialog

        dialog = AlarmsDialog(self._state, self._standing, self.window())
        dialog.acknowledged.connect(self.look)
        self._dialog = dialog
        dialog.exec()
        self._dialog = None
        dialog.deleteLater()

    def _take(self, standing: tuple[StandingAlarm, ...]) -> None:
        self._standing = standing
        record = [one for one in standing if one.key.kind is AlarmKind.TAMPERING]
        process = [one for one in standing if one.key.kind is not AlarmKind.TAMPERING]
        self._state.set_alarms(RECORD, *(in_language(one.sentence) for one in record))
        # What nobody has seen yet comes first.
        process.sort(key=lambda one: (bool(one.acknowledged_by), one.event_id))
        self._state.set_alarms(PROCESS, *(in_language(one.sentence) for one in process))
        if self._dialog is not None:
            self._dialog.show_alarms(standing)
        self._show_alarms()

    def close_down(self) -> None:
        """Look no more."""
        self._timer.stop()
        self._background.close()

    def _on_opened(self) -> None:
        self.look()
        self._timer.start(LOOK_EVERY_MS)

    def _leave_standing(self, error: Exception) -> None:
        # A record that cannot be read is told by whatever is done with it; what stood before goes on standing.
        if not isinstance(error, FiloError):
            raise error

    def _show_alarms(self) -> None:
        alarms = self._state.alarms
        set_shown(self.list_button, bool(self._standing))
        if not alarms:
            self.clear()
            return
        text = self.tr("ALARM: %1").replace("%1", alarms[0])
        if len(alarms) > 1:
            text += " " + self.tr("And %1 more.").replace("%1", str(len(alarms) - 1))
        details = "\n".join(alarms) if len(alarms) > 1 else ""
        kind = MessageKind.WARNING if self._all_seen(len(alarms)) else MessageKind.ERROR
        if (text, details, kind) != (self.sentence, self.details, self.kind):
            self.show_message(kind, text, details)

    def _all_seen(self, shown: int) -> bool:
        """Whether somebody takes care of each; what was altered in the record is told as loudly until it is settled."""
        seen = [one for one in self._standing if one.acknowledged_by and one.key.kind is not AlarmKind.TAMPERING]
        return 0 < shown == len(seen)

    def _translate(self) -> None:
        super()._translate()
        if hasattr(self, "list_button"):
            self.list_button.setText(self.tr("A&larms…"))
            self.list_button.setAccessibleName(self.tr("Show all alarms"))
