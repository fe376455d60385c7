"""A person judges the parts of a study, blind: no name, no order, nobody's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence, QShowEvent
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from filo_core.errors import FiloError
from filo_core.types import Verdict
from gui.background import Background, asked, sentence_of
from gui.canvas.image_view import ImageView
from gui.canvas.pictures import PictureContent
from gui.theme import SPACE
from gui.translation import in_language
from gui.widgets.controls import button, plain_label, set_shown
from gui.widgets.keys import on_key
from gui.widgets.message_fold import MessageFold
from gui.widgets.rows_layout import RowsLayout

if TYPE_CHECKING:
    from filo_core.capability import CapabilityStudy
    from workflows.studies.studies import Studies


class StudyPresentation(QDialog):
    """Covers the window. 1 says OK, 2 says NG, Ctrl+Z asks about the last part again, Esc pauses.

    Every answer is kept at once, so that whoever is interrupted goes on later. Nothing is said about a picture that
    was not on screen yet. Between two presentations there is a break: the same parts come again, in another order.
    """

    def __init__(self, studies: Studies, study: CapabilityStudy, appraiser: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studies = studies
        self._study = study
        self._appraiser = appraiser
        self._queue = list(study.remaining(appraiser))
        self._place = 0
        self._rests = False
        self._picture_is_there = False
        self._background = Background()
        self._count = plain_label(role="hint", wrap=False)
        self.message = MessageFold(self)
        self.picture = ImageView(self)
        self.ok_button = button(self.tr("OK (1)"), tip=self.tr("Key: 1. This part is good."))
        self.ng_button = button(self.tr("NG (2)"), tip=self.tr("Key: 2. This part is bad."))
        self.undo_button = button(self.tr("Last one again (Ctrl+Z)"), "undo", tip=self.tr("Judge the last part again"))
        self.go_on_button = button(self.tr("Go on"), primary=True)
        self.pause_button = button(self.tr("Pause (Esc)"), tip=self.tr("Continue later where you left off"))
        self._lay_out()
        self._connect()
        self._show()

    @property
    def current(self) -> tuple[int, int] | None:
        """Presentation and part that are asked about."""
        return self._queue[self._place] if self._place < len(self._queue) else None

    @property
    def is_seen(self) -> bool:
        """Whether the picture has been on screen: only then something is said about it."""
        return self._picture_is_there and self.picture.is_painted

    def _lay_out(self) -> None:
        self.setWindowTitle(self.tr("Capability study: %1 judges").replace("%1", self._appraiser))
        self.resize(900, 700)
        buttons = RowsLayout()
        for control in (self.ok_button, self.ng_button, self.go_on_button, self.undo_button):
            buttons.add(control)
        buttons.add(self._count, 1)
        buttons.add(self.pause_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.addWidget(self.message)
        layout.addWidget(self.picture, 1)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        for key, control in (("1", self.ok_button), ("2", self.ng_button)):
            on_key(key, self, control.click)
        on_key(QKeySequence.StandardKey.Undo, self, self.undo_button.click)
        self.ok_button.clicked.connect(lambda: self._say(Verdict.OK))
        self.ng_button.clicked.connect(lambda: self._say(Verdict.NG))
        self.undo_button.clicked.connect(self.undo)
        self.go_on_button.clicked.connect(self._end_rest)
        self.pause_button.clicked.connect(self.reject)
        self.finished.connect(self._background.close)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        parent = self.parentWidget()
        if parent is not None:
            # Figures and other people's answers stay behind it.
            self.setGeometry(parent.window().geometry())

    def _say(self, verdict: Verdict) -> None:
        if self.current is None or self._rests or not self.is_seen:
            return
        presentation, part = self.current
        try:
            asked(lambda: self._studies.answer(self._study, self._appraiser, presentation, part, verdict))
        except FiloError as error:
            self.message.show_error(in_language(str(error)))
            return
        self.message.clear()
        self._place += 1
        if self._place == len(self._queue):
            self.accept()
            return
        self._rests = self._queue[self._place][0] != presentation
        self._show()

    @Slot()
    def undo(self) -> None:
        """Ask about the last part of this sitting again; the later answer counts."""
        if self._place > 0:
            self._place -= 1
            self._rests = False
            self.message.clear()
            self._show()

    @Slot()
    def _end_rest(self) -> None:
        self._rests = False
        self._show()

    def _show(self) -> None:
        assert self.current is not None, "who has finished is not asked"
        presentation, _ = self.current
        plan = self._study.plan
        left = sum(number == presentation for number, _ in self._queue[self._place :])
        text = self.tr("part %1 of %2, presentation %3 of %4")
        values = (len(plan.parts) - left + 1, len(plan.parts), presentation, plan.presentations)
        for place, value in enumerate(values, start=1):
            text = text.replace(f"%{place}", str(value))
        self._count.setText(text)
        for control in (self.ok_button, self.ng_button):
            set_shown(control, not self._rests)
        set_shown(self.go_on_button, self._rests)
        self.undo_button.setEnabled(self._place > 0)
        self._picture_is_there = False
        if self._rests:
            said = self.tr("Presentation %1 is done. Take a break: the same parts come again, in another order.")
            self.picture.clear(said.replace("%1", str(presentation - 1)))
            self.go_on_button.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.picture.clear()
        self._load()
        self.picture.setFocus(Qt.FocusReason.OtherFocusReason)

    def _load(self) -> None:
        asked, studies = self.current, self._studies
        assert asked is not None
        part = self._study.plan.parts[asked[1]]
        self._background.run(
            lambda: PictureContent(studies.picture(part).pixels),
            lambda content: self._on_loaded(asked, content),
            lambda error: self.message.show_error(*sentence_of(error)),
        )

    def _on_loaded(self, asked: tuple[int, int], content: PictureContent) -> None:
        if asked == self.current and not self._rests:
            self._picture_is_there = True
            self.picture.show_content(content)
