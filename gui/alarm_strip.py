"""Says above every screen what is wrong with the record itself, for as long as it is; nobody closes it."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from gui.state import AppState
from gui.widgets.message_fold import MessageFold


class AlarmStrip(MessageFold):
    """Shows :attr:`AppState.alarms`, whoever raised them: the first in its line, all of them in its details."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent, closable=False)
        self._state = state
        state.alarms_changed.connect(self._show_alarms)
        self._show_alarms()

    def _show_alarms(self) -> None:
        alarms = self._state.alarms
        if not alarms:
            self.clear()
            return
        text = self.tr("ALARM: %1").replace("%1", alarms[0])
        if len(alarms) > 1:
            text += " " + self.tr("And %1 more.").replace("%1", str(len(alarms) - 1))
        details = "\n".join(alarms) if len(alarms) > 1 else ""
        if (text, details) != (self.sentence, self.details):
            self.show_error(text, details)
