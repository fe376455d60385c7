"""Begin from pictures that nobody has sorted: the model proposes, a person says good or bad with one key each."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QProgressBar, QVBoxLayout, QWidget

from filo_core.errors import FolderError
from filo_core.events import UnsortedProposal
from filo_core.imaging import read_image
from filo_core.types import Verdict
from gui.background import Background, sentence_of
from gui.canvas.image_panel import ImagePanel
from gui.canvas.pictures import PictureContent
from gui.products.wizard.sorting import Sorting, SortingAnswers, SortingQuestion
from gui.state import AppState
from gui.translation import in_language
from gui.widgets.controls import button, plain_label
from gui.widgets.keys import on_key
from gui.widgets.message_fold import MessageFold
from gui.widgets.rows_layout import RowsLayout


class SortingDialog(QDialog):
    """1 says good, 2 says bad, N skips, Ctrl+Z goes back. Nothing is taken that nobody has said anything of."""

    def __init__(self, state: AppState, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reader = Background()
        self.sorting = Sorting(state, self)
        self.answers = SortingAnswers()
        self._place = 0
        self._picture_is_there = False
        self.message = MessageFold(self)
        self._head = plain_label(role="heading")
        self._hint = plain_label(role="hint")
        self.progress = QProgressBar(self)
        self.picture = ImagePanel(self)
        self.good_button = button(self.tr("Good (1)"), "check", tip=self.tr("Key: 1. This part is good."))
        self.bad_button = button(self.tr("Bad (2)"), "delete", tip=self.tr("Key: 2. This part is bad."))
        self.skip_button = button(self.tr("Skip (N)"), tip=self.tr("Key: N. Leave this picture out."))
        self.back_button = button(self.tr("Back (Ctrl+Z)"), "undo", tip=self.tr("Ask about the last picture again"))
        self.take_button = button("", primary=True)
        self._lay_out()
        self._connect()
        self._show()
        try:
            self.sorting.start(folder)
        except FolderError as error:
            self._on_failed(in_language(str(error)))

    def _lay_out(self) -> None:
        self.setWindowTitle(self.tr("Sort pictures"))
        self.resize(820, 680)
        buttons = RowsLayout()
        for control in (self.good_button, self.bad_button, self.skip_button, self.back_button, self.take_button):
            buttons.add(control)
        layout = QVBoxLayout(self)
        for part in (self._head, self._hint, self.message, self.progress):
            layout.addWidget(part)
        layout.addWidget(self.picture, 1)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        for key, control in (("1", self.good_button), ("2", self.bad_button), ("N", self.skip_button)):
            on_key(key, self, control.click)
        on_key(QKeySequence.StandardKey.Undo, self, self.back_button.click)
        self.good_button.clicked.connect(lambda: self._say(Verdict.OK))
        self.bad_button.clicked.connect(lambda: self._say(Verdict.NG))
        self.skip_button.clicked.connect(lambda: self._say(None))
        self.back_button.clicked.connect(self._go_back)
        self.take_button.clicked.connect(self.accept)
        self.sorting.progressed.connect(self._on_progressed)
        self.sorting.found.connect(self._on_found)
        self.sorting.failed.connect(self._on_failed)
        self.finished.connect(self.sorting.close)
        self.finished.connect(self._reader.close)

    @property
    def current(self) -> SortingQuestion | None:
        """What is asked about; None while the model looks, and at the end."""
        questions = self.answers.questions
        return questions[self._place] if self._place < len(questions) else None

    @property
    def is_seen(self) -> bool:
        """Whether the picture has been on screen: only then something is said about it."""
        return self._picture_is_there and self.picture.view.is_painted

    # Answers ---------------------------------------------------------------------------------------------------

    def _say(self, verdict: Verdict | None) -> None:
        question = self.current
        if question is None or not self.is_seen:
            return
        self.answers.said.pop(question.path, None)
        if verdict is not None:
            self.answers.said[question.path] = verdict
        self._place += 1
        self._show()

    @Slot()
    def _go_back(self) -> None:
        if self._place:
            self._place -= 1
            self._show()

    def _show(self) -> None:
        question, count = self.current, len(self.answers.questions)
        self.message.clear()
        self._picture_is_there = False
        self.picture.clear()
        self._head.setText(self._title(question))
        self._hint.setText(self._place_text(question, count))
        self._hint.setVisible(bool(count))
        for control in (self.good_button, self.bad_button, self.skip_button):
            control.setEnabled(question is not None)
        self.back_button.setEnabled(bool(self._place))
        good, bad = len(self.answers.good), len(self.answers.bad)
        text = self.tr("Take %1 good and %2 bad").replace("%1", str(good)).replace("%2", str(bad))
        self.take_button.setText(text)
        self.take_button.setAccessibleName(text)
        self.take_button.setEnabled(bool(good))
        if question is not None:
            self._read(question.path)
        elif count:
            self.take_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _title(self, question: SortingQuestion | None) -> str:
        if question is not None:
            ordinary = self.tr("Looks like most of them. Is it good?")
            return ordinary if question.proposed else self.tr("Stands out from the others. Is it bad?")
        if self.answers.questions:
            return self.tr("All done.")
        return self.tr("Holding each picture against all the others …")

    def _place_text(self, question: SortingQuestion | None, count: int) -> str:
        if question is None:
            return self.tr("What was called bad is shown to the product when it is proved.")
        text = self.tr("%1 of %2: %3").replace("%1", str(self._place + 1)).replace("%2", str(count))
        return text.replace("%3", question.path.name)

    def _read(self, path: Path) -> None:
        self._reader.cancel_waiting()
        self._reader.run(
            lambda: PictureContent(read_image(path).pixels),
            lambda content: self._on_read(path, content),
            lambda error: self._on_unreadable(path, error),
        )

    def _on_read(self, path: Path, content: PictureContent) -> None:
        if self.current is not None and self.current.path == path:
            self._picture_is_there = True
            self.picture.show_content(content)
            self.picture.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_unreadable(self, path: Path, error: Exception) -> None:
        if self.current is not None and self.current.path == path:
            sentence, details = sentence_of(error)
            self.message.show_error(sentence or self.tr("The picture could not be read."), details)

    # The model -------------------------------------------------------------------------------------------------

    @Slot(int, int)
    def _on_progressed(self, done: int, total: int) -> None:
        self.progress.setRange(0, total)
        self.progress.setValue(done)

    @Slot(object)
    def _on_found(self, proposal: UnsortedProposal) -> None:
        self.progress.hide()
        self.answers = SortingAnswers.of(proposal)
        self._place = 0
        self._show()
        left = len(proposal.unreadable) + len(proposal.repeated)
        if left:
            text = self.tr("%1 cannot be read or are copies of others, and were left out.")
            self.message.show_note(text.replace("%1", str(left)))

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self.progress.hide()
        self._head.setText(self.tr("These pictures cannot be sorted."))
        self.message.show_error(sentence)
