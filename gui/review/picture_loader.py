"""The large picture of an inspection with its heat map, read and composed away from the GUI thread, two ahead."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from filo_core.types import InspectionRecord
from gui.background import Background, sentence_of
from gui.canvas.pictures import DEFAULT_OPACITY, Composition, compose
from gui.records.part_pictures import content_of_record

if TYPE_CHECKING:
    from workflows.reporting.history import History

_KEPT = 5
"""Pictures kept: a large one takes tens of megabytes."""


class PictureLoader(QObject):
    """Answers the newest wish only; what was read ahead is there at once."""

    loaded = Signal(int, object, object)
    """Number of the inspection, its :class:`PictureContent`, and that composed with the usual blend."""
    failed = Signal(int, str, str)
    """Number of the inspection, a sentence, and technical details."""

    def __init__(self, history: History, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self._background = Background()
        self._kept: OrderedDict[int, Composition] = OrderedDict()
        self._wanted = 0
        self._ahead: list[InspectionRecord] = []
        self._waiting: InspectionRecord | None = None
        self._running = 0

    def want(self, record: InspectionRecord, *ahead: InspectionRecord | None) -> None:
        """Read the picture of ``record``, then those that are probably wanted next."""
        self._wanted = record.inspection_id
        self._ahead = [one for one in ahead if one is not None and one.image_hash]
        composition = self._kept.get(record.inspection_id)
        if composition is None:
            self._waiting = record
        else:
            self._waiting = None
            self._kept.move_to_end(record.inspection_id)
            self.loaded.emit(record.inspection_id, composition.content, composition)
        self._start()

    def is_kept(self, record: InspectionRecord) -> bool:
        """Whether a picture is there already."""
        return record.inspection_id in self._kept

    @property
    def is_busy(self) -> bool:
        """True while a picture is being read."""
        return bool(self._running)

    def forget_wish(self) -> None:
        """Answer nothing that was asked for until now."""
        self._wanted = 0
        self._waiting, self._ahead = None, []

    def close(self) -> None:
        """Read no more."""
        self.forget_wish()
        self._background.close()

    def _start(self) -> None:
        if self._running:
            return
        record, self._waiting = self._waiting, None
        while record is None and self._ahead:
            following = self._ahead.pop(0)
            record = None if self.is_kept(following) else following
        if record is None or self.is_kept(record) or not record.image_hash:
            return
        chosen = record
        self._running = chosen.inspection_id
        self._background.run(
            lambda: self._read(chosen),
            lambda composition: self._finish(chosen.inspection_id, composition),
            lambda error: self._fail(chosen.inspection_id, error),
        )

    def _read(self, record: InspectionRecord) -> Composition:
        return compose(content_of_record(self._history, record), DEFAULT_OPACITY)

    def _finish(self, inspection_id: int, composition: Composition) -> None:
        self._running = 0
        self._kept[inspection_id] = composition
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        if inspection_id == self._wanted:
            self.loaded.emit(inspection_id, composition.content, composition)
        self._start()

    def _fail(self, inspection_id: int, error: Exception) -> None:
        self._running = 0
        if inspection_id == self._wanted:
            sentence, details = sentence_of(error)
            self.failed.emit(inspection_id, sentence or self.tr("The picture could not be read."), details)
        self._start()
