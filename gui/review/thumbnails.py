"""Small pictures for the table, made away from the GUI thread. What scrolled out of sight is not made."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QImage

from filo_core.imaging import decode_image
from filo_core.types import InspectionRecord
from gui.background import Background
from gui.canvas.pictures import thumbnail

if TYPE_CHECKING:
    from workflows.reporting.history import History

SIZE = QSize(152, 110)
"""For the grid; the table and the strip show it smaller."""
_THREADS = 2
_KEPT = 600
_WAITING = 40
"""About two screens full; older wishes are for rows that are out of sight."""


class Thumbnails(QObject):
    """Asked for at every paint; the newest wish is granted first."""

    ready = Signal(str)
    """Key of the image whose thumbnail is there now."""

    def __init__(self, history: History, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self._background = Background(_THREADS)
        self._made: OrderedDict[str, QImage | None] = OrderedDict()
        self._waiting: OrderedDict[str, InspectionRecord] = OrderedDict()
        self._running: set[str] = set()

    def get(self, record: InspectionRecord) -> QImage | None:
        """The thumbnail; None while it is not made, and for good where there is no picture."""
        key = record.image_hash
        if not key or not record.width:
            return None
        if key in self._made:
            self._made.move_to_end(key)
            return self._made[key]
        if key not in self._running:
            self._waiting[key] = record
            self._waiting.move_to_end(key)
            while len(self._waiting) > _WAITING:
                self._waiting.popitem(last=False)
            self._start()
        return None

    @property
    def is_busy(self) -> bool:
        """True while a picture is being made or waited for."""
        return bool(self._running or self._waiting)

    def close(self) -> None:
        """Make no more."""
        self._waiting.clear()
        self._background.close()

    def _start(self) -> None:
        while self._waiting and len(self._running) < _THREADS:
            key, record = self._waiting.popitem()
            self._running.add(key)
            self._background.run(partial(self._make, record), partial(self._finish, key), partial(self._leave_out, key))

    def _make(self, record: InspectionRecord) -> QImage:
        return thumbnail(decode_image(self._history.encoded(record), record.name).pixels, SIZE.width())

    def _leave_out(self, key: str, _error: Exception) -> None:
        # A picture that is lost or damaged is told when its row is chosen; the table only shows none.
        self._finish(key, None)

    def _finish(self, key: str, image: QImage | None) -> None:
        self._running.discard(key)
        self._made[key] = image
        while len(self._made) > _KEPT:
            self._made.popitem(last=False)
        self.ready.emit(key)
        self._start()
