"""Small pictures by their content, made away from the GUI thread. What scrolled out of sight is not made."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QImage

from filo_core.imaging import decode_image
from gui.background import Background
from gui.canvas.pictures import thumbnail

SIZE = QSize(152, 110)
"""For the grid; the table and the strip show it smaller."""
_THREADS = 2
_KEPT = 600
_WAITING = 40
"""About two screens full; older wishes are for rows that are out of sight."""


class Thumbnails(QObject):
    """Asked for at every paint; the newest wish is granted first.

    Args:
        encoded: the bytes of a picture by its hash. Any thread.
        parent: owner.
    """

    ready = Signal(str)
    """Key of the image whose thumbnail is there now."""

    def __init__(self, encoded: Callable[[str], bytes], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._encoded = encoded
        self._background = Background(_THREADS)
        self._made: OrderedDict[str, QImage | None] = OrderedDict()
        self._waiting: OrderedDict[str, str] = OrderedDict()
        self._running: set[str] = set()

    def get(self, key: str, name: str = "") -> QImage | None:
        """The thumbnail; None while it is not made, and for good where there is no picture.

        Args:
            key: hash of the picture; empty for none.
            name: what it is called where it cannot be read.
        """
        if not key:
            return None
        if key in self._made:
            self._made.move_to_end(key)
            return self._made[key]
        if key not in self._running:
            self._waiting[key] = name
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
            key, name = self._waiting.popitem()
            self._running.add(key)
            self._background.run(
                partial(self._make, key, name), partial(self._finish, key), partial(self._leave_out, key)
            )

    def _make(self, key: str, name: str) -> QImage:
        return thumbnail(decode_image(self._encoded(key), name).pixels, SIZE.width())

    def _leave_out(self, key: str, _error: Exception) -> None:
        # A picture that is lost or damaged is told when it is opened; here only none is shown.
        self._finish(key, None)

    def _finish(self, key: str, image: QImage | None) -> None:
        self._running.discard(key)
        self._made[key] = image
        while len(self._made) > _KEPT:
            self._made.popitem(last=False)
        self.ready.emit(key)
        self._start()
