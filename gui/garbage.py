"""Python's garbage is collected on the GUI thread alone, between two events."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_LOOK_EVERY_MS = 200


class GarbageCollector(QObject):
    """Takes over from Python's own collector, which runs on whatever thread happens to allocate.

    What it frees there may be objects of Qt that stand in a cycle, taken away while the GUI thread uses them: a crash
    that no test reproduces. Make it on the GUI thread.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect_what_is_due)
        self._timer.start(_LOOK_EVERY_MS)

    def collect_what_is_due(self) -> None:
        """Collect the oldest generation whose turn it is, by Python's own thresholds."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation] > 0:
                gc.collect(generation)
                return

    def settle(self) -> None:
        """What is there now stays until the end, the libraries of the model above all: look at it no more.

        With them a whole collection holds the window up for half a second, without them for some milliseconds.
        """
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def stop(self) -> None:
        """Give back to Python's own collector."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()
