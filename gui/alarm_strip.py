"""Says above every screen what is wrong with the record itself, for as long as it is; nobody closes it."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from filo_core.errors import FiloError
from gui.background import Background
from gui.state import AppState
from gui.translation import in_language
from gui.widgets.message_fold import MessageFold

LOOK_EVERY_MS = 15_000
"""Another program of this station may raise an alarm, or settle one."""
RECORD = "record"
"""The source of the record's own alarms; see :meth:`AppState.set_alarms`."""


class AlarmStrip(MessageFold):
    """Shows :attr:`AppState.alarms`, whoever raised them: the first in its line, all of them in its details."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent, closable=False)
        self._state = state
        self._background = Background()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        state.alarms_changed.connect(self._show_alarms)
        state.workbench_opened.connect(self._on_opened)
        self._show_alarms()

    def look(self) -> None:
        """Read elsewhere which alarms of the record stand now."""
        alarms = self._state.workbench.alarms
        if not self._background.is_busy:
            self._background.run(
                lambda: [in_language(alarm.sentence) for alarm in alarms.standing()],
                lambda sentences: self._state.set_alarms(RECORD, *sentences),
                self._leave_standing,
            )

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
        if not alarms:
            self.clear()
            return
        text = self.tr("ALARM: %1").replace("%1", alarms[0])
        if len(alarms) > 1:
            text += " " + self.tr("And %1 more.").replace("%1", str(len(alarms) - 1))
        details = "\n".join(alarms) if len(alarms) > 1 else ""
        if (text, details) != (self.sentence, self.details):
            self.show_error(text, details)
