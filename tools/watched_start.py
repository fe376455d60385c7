"""The program as ``main.py app`` starts it, watched from inside: what ``tools.first_visits`` runs.

Nothing is imported here that the window does not import itself, so the watching costs next to nothing.
"""

from __future__ import annotations

import os
import runpy
import sys
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow

ROOT = Path(__file__).resolve().parents[1]
BEGUN = "FILO_TEST_BEGUN"
"""Variable: the moment at which this process was asked for, by the clock that all processes share."""
IDLE_S = "FILO_TEST_IDLE_S"
"""Variable: how long a person takes from one screen to the next."""
FIRST_PAINT, OPEN, VISIT = "first paint", "record open", "first visit of "
SILENT = "longest that nothing was answered"
_BEAT_MS = 5


class Watch(QObject):
    """Sees the first paint, clicks on every screen in turn, and ends the program; a line for each of it."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._window: Any = None
        self._last_beat = 0.0
        self._longest_gap = 0.0
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Wait for the first paint; afterwards the events pass at their usual pace."""
        if event.type() is QEvent.Type.Paint and isinstance(watched, QMainWindow) and self._window is None:
            self._window = watched
            self._app.removeEventFilter(self)
            # After the paint itself, and whatever it lies in.
            QTimer.singleShot(0, self, self._first_paint)
        return False

    def _first_paint(self) -> None:
        _tell(FIRST_PAINT, time.monotonic() - float(os.environ[BEGUN]), time.process_time())
        self._beat = QTimer(self, interval=_BEAT_MS, timeout=self._on_beat)
        self._beat.start()
        self._timed_show = self._window.show_screen
        self._window.show_screen = self._show_first

    def _show_first(self, screen: Any) -> None:
        """The record is open, which shows the first screen."""
        self._window.show_screen = self._timed_show
        begun, computed = time.perf_counter(), time.thread_time()
        self._timed_show(screen)
        self._window.repaint()
        _tell(f"{VISIT}{screen.value}", time.perf_counter() - begun, time.thread_time() - computed)
        _tell(OPEN, time.monotonic() - float(os.environ[BEGUN]), time.process_time())
        QTimer.singleShot(0, self, self._visit_the_others)

    def _on_beat(self) -> None:
        now = time.perf_counter()
        if self._last_beat:
            self._longest_gap = max(self._longest_gap, now - self._last_beat)
        self._last_beat = now

    def _visit_the_others(self) -> None:
        from gui.navigation_button import NavigationButton
        from gui.screens import SCREENS

        for spec, button in list(zip(SCREENS, self._window.findChildren(NavigationButton), strict=True))[1:]:
            QTest.qWait(int(1000 * float(os.environ[IDLE_S])))
            begun, computed = time.perf_counter(), time.thread_time()
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
            while self._window.current_screen is not spec.screen:
                self._app.processEvents()
            self._window.repaint()
            _tell(f"{VISIT}{spec.screen.value}", time.perf_counter() - begun, time.thread_time() - computed)
        _tell(SILENT, self._longest_gap, 0.0)
        self._window.close()


def _tell(what: str, took: float, used: float) -> None:
    print(f"{what}\t{took:.4f}\t{used:.4f}", flush=True)


if __name__ == "__main__":
    application = QApplication(sys.argv[:1])
    watch = Watch(application)
    sys.argv = [str(ROOT / "main.py"), "app"]
    sys.path[0] = str(ROOT)
    runpy.run_path(sys.argv[0], run_name="__main__")
