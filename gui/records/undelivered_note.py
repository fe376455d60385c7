"""Says at the bottom of the window, whatever screen is shown, that verdicts have yet to reach an output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QWidget

from gui.background import Background
from gui.state import AppState
from gui.widgets.controls import ElidedLabel, set_shown

if TYPE_CHECKING:
    from workflows.settings.settings import Settings

COUNT_EVERY_MS = 5000


class UndeliveredNote(ElidedLabel):
    """Takes no room while nothing waits.

    What was there at one count and at the next has waited; one verdict on its way to a receiver in good health has not.
    """

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._state = state
        self._background = Background()
        self._before: int | None = None
        self.waiting = 0
        """How many verdicts wait."""
        self._timer = QTimer(self)
        self._timer.setInterval(COUNT_EVERY_MS)
        self._timer.timeout.connect(self.count)
        state.workbench_opened.connect(self._on_opened)
        set_shown(self, False)

    def close_down(self) -> None:
        """Count no more."""
        self._timer.stop()
        self._background.close()

    def count(self) -> None:
        """Count what waits, elsewhere."""
        settings = self._state.settings
        if not self._background.is_busy:
            # An outbox that cannot be read is told where it is written: in Live, and among the outputs.
            self._background.run(lambda: _most_waiting(settings), self._on_counted, lambda _: None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self._show_text()

    def _on_opened(self) -> None:
        self.count()
        self._timer.start()

    def _on_counted(self, now: int) -> None:
        self.waiting = now if self._before is None else min(now, self._before)
        self._before = now
        self._show_text()

    def _show_text(self) -> None:
        one, many = self.tr("1 verdict is waiting for an output"), self.tr("%1 verdicts are waiting for an output")
        text = one if self.waiting == 1 else many.replace("%1", str(self.waiting))
        where = self.tr("see Settings, Outputs")
        self.set_full_text(f"{text}: {where}" if self.waiting else "")
        set_shown(self, bool(self.waiting))


def _most_waiting(settings: Settings) -> int:
    # The outbox's library is loaded where it is needed, not with the window.
    from workflows.line.undelivered import most_waiting

    return most_waiting(settings)
