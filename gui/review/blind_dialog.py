"""A second person judges pictures without seeing what was said about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from filo_core.errors import FiloError
from filo_core.types import InspectionRecord, Verdict
from gui.background import asked
from gui.canvas.image_panel import ImagePanel
from gui.canvas.pictures import PictureContent
from gui.review.picture_loader import PictureLoader
from gui.translation import in_language
from gui.widgets.controls import button, plain_label
from gui.widgets.keys import on_key
from gui.widgets.message_fold import MessageFold

if TYPE_CHECKING:
    from workflows.reporting.history import History


class BlindDialog(QDialog):
    """Shows the bare picture: no name, no heat map, no score, no verdict. 1 says OK, 2 says NG, N skips.

    Nothing is said about a picture that was not on screen yet; Ctrl+Z takes the last answer back.
    """

    def __init__(
        self, history: History, queue: Sequence[InspectionRecord], reviewer: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._history = history
        self._queue = list(queue)
        self._reviewer = reviewer
        self._place = 0
        self._said: list[int] = []
        self._picture_is_there = False
        self._loader = PictureLoader(history, self)
        self._loader.loaded.connect(self._on_loaded)
        self._loader.failed.connect(self._on_unreadable)
        self._count = plain_label(role="hint", wrap=False)
        self.message = MessageFold(self)
        self.picture = ImagePanel(self)
        self.ok_button = button(self.tr("OK (1)"), tip=self.tr("Key: 1. This part is good."))
        self.ng_button = button(self.tr("NG (2)"), tip=self.tr("Key: 2. This part is bad."))
        self.skip_button = button(self.tr("Skip (N)"), tip=self.tr("Key: N. Say nothing about this part."))
        self.undo_button = button(self.tr("Undo (Ctrl+Z)"), "undo", tip=self.tr("Take the last answer back"))
        self._lay_out()
        self._connect()
        self._show()

    @property
    def answered(self) -> tuple[InspectionRecord, ...]:
        """Inspections about which something was said, in that order."""
        return tuple(self._queue[place] for place in self._said)

    @property
    def current(self) -> InspectionRecord | None:
        """The inspection that is asked about."""
        return self._queue[self._place] if self._place < len(self._queue) else None

    def _lay_out(self) -> None:
        self.setWindowTitle(self.tr("Blind second review"))
        self.resize(760, 640)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for control in (self.ok_button, self.ng_button, self.skip_button, self.undo_button):
            buttons.addWidget(control)
        buttons.addStretch(1)
        buttons.addWidget(self._count)
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addWidget(self.picture, 1)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        for key, control in (("1", self.ok_button), ("2", self.ng_button), ("N", self.skip_button)):
            on_key(key, self, control.click)
        on_key(QKeySequence.StandardKey.Undo, self, self.undo)
        self.ok_button.clicked.connect(lambda: self._say(Verdict.OK))
        self.ng_button.clicked.connect(lambda: self._say(Verdict.NG))
        self.skip_button.clicked.connect(self._go_on)
        self.undo_button.clicked.connect(self.undo)
        self.finished.connect(self._loader.close)

    def _say(self, verdict: Verdict) -> None:
        if self.current is None or not self.is_seen:
            return
        try:
            inspection_id = self.current.inspection_id
            asked(lambda: self._history.review_blind(inspection_id, verdict, self._reviewer))
        except FiloError as error:
            self.message.show_error(in_language(str(error)))
            return
        self.message.clear()
        self._said.append(self._place)
        self._go_on()

    @property
    def is_seen(self) -> bool:
        """Whether the picture, or why there is none, has been on screen: only then something is said about it."""
        return self._picture_is_there and self.picture.view.is_painted

    @Slot()
    def undo(self) -> None:
        """Take the last answer back, and ask again."""
        if not self._said:
            return
        place = self._said[-1]
        try:
            asked(lambda: self._history.withdraw_blind(self._queue[place].inspection_id, self._reviewer))
        except FiloError as error:
            self.message.show_error(in_language(str(error)))
            return
        self._said.pop()
        self._place = place
        self.message.clear()
        self._show()

    @Slot()
    def _go_on(self) -> None:
        self._place += 1
        if self.current is None:
            self.accept()
        else:
            self._show()

    def _show(self) -> None:
        text = self.tr("%1 of %2").replace("%1", str(self._place + 1)).replace("%2", str(len(self._queue)))
        self._count.setText(text)
        self.undo_button.setEnabled(bool(self._said))
        self._picture_is_there = False
        self.picture.clear()
        record = self.current
        if record is not None:
            following = self._queue[self._place + 1] if self._place + 1 < len(self._queue) else None
            self._loader.want(record, following)
        self.picture.view.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(int, object, object)
    def _on_loaded(self, inspection_id: int, content: PictureContent, _composition: object) -> None:
        if self.current is not None and self.current.inspection_id == inspection_id:
            self._picture_is_there = True
            # Heat map and boxes would say what the system thought.
            self.picture.show_content(PictureContent(content.pixels))

    @Slot(int, str, str)
    def _on_unreadable(self, inspection_id: int, sentence: str, details: str) -> None:
        if self.current is None or self.current.inspection_id != inspection_id:
            return
        self._picture_is_there = True
        self.picture.clear(sentence)
        self.message.show_error(sentence, details)
