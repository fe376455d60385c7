"""The large picture of an inspection with its heat map, read away from the GUI thread and one ahead."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from filo_core.types import InspectionRecord
from gui.background import Background, sentence_of
from gui.canvas.pictures import PictureContent

if TYPE_CHECKING:
    from workflows.reporting.history import History

_KEPT = 4
"""Pictures kept: a large one takes tens of megabytes."""


class PictureLoader(QObject):
    """Answers the newest wish only; what was read ahead is there at once."""

    loaded = Signal(int, object)
    """Number of the inspection, and its :class:`PictureContent`."""
    failed = Signal(int, str, str)
    """Number of the inspection, a sentence, and technical details."""

    def __init__(self, history: History, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self._background = Background()
        self._kept: OrderedDict[int, PictureContent] = OrderedDict()
        self._wanted = 0
        self._ahead: InspectionRecord | None = None
        self._waiting: InspectionRecord | None = None
        self._running = 0

    def want(self, record: InspectionRecord, ahead: InspectionRecord | None = None) -> None:
        """Read the picture of ``record``, then that of ``ahead``."""
        self._wanted = record.inspection_id
        self._ahead = ahead
        content = self._kept.get(record.inspection_id)
        if content is None:
            self._waiting = record
        else:
            self._waiting = None
            self._kept.move_to_end(record.inspection_id)
            self.loaded.emit(record.inspection_id, content)
        self._start()

    def forget_wish(self) -> None:
        """Answer nothing that was asked for until now."""
        self._wanted = 0
        self._waiting = self._ahead = None

    def close(self) -> None:
        """Read no more."""
        self.forget_wish()
        self._background.close()

    def _start(self) -> None:
        if self._running:
            return
        record, self._waiting = self._waiting, None
        if record is None:
            record, self._ahead = self._ahead, None
        if record is None or record.inspection_id in self._kept or not record.image_hash:
            return
        chosen = record
        self._running = chosen.inspection_id
        self._background.run(
            lambda: self._read(chosen),
            lambda content: self._finish(chosen.inspection_id, content),
            lambda error: self._fail(chosen.inspection_id, error),
        )

    def _read(self, record: InspectionRecord) -> PictureContent:
        pixels = self._history.image(record).pixels
        if not record.map_hash:
            return PictureContent(pixels)
        return PictureContent(pixels, self._history.anomaly_map(record), record.limits, record.regions)

    def _finish(self, inspection_id: int, content: PictureContent) -> None:
        self._running = 0
        self._kept[inspection_id] = content
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        if inspection_id == self._wanted:
            self.loaded.emit(inspection_id, content)
        self._start()

    def _fail(self, inspection_id: int, error: Exception) -> None:
        self._running = 0
        if inspection_id == self._wanted:
            sentence, details = sentence_of(error)
            self.failed.emit(inspection_id, sentence or self.tr("The picture could not be read."), details)
        self._start()
