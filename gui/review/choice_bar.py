"""Asks for the reason of an overruling, or for the name of an anomaly, beside the buttons: a digit is enough."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from filo_core.types import LONGEST_REASON
from gui.theme import TOUCH_PX
from gui.widgets.controls import button, plain_label

_DIGITS = "123456789"
_PADDING_PX = 28


@dataclass(frozen=True, slots=True)
class ChoiceQuestion:
    """What is asked, and the answers that are offered."""

    text: str
    choices: tuple[str, ...]
    marked: str
    """The answer that Enter takes."""
    other: str
    """Stands in the line for an answer of one's own."""


class ChoiceBar(QFrame):
    """Numbered answers side by side and a line to type another one; nothing of the picture's middle is covered.

    Digits choose, Enter takes what is marked or typed, Escape gives up.
    """

    chosen = Signal(str)
    given_up = Signal()
    shown = Signal()
    hidden = Signal()
    """The keyboard is free again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._choices: tuple[str, ...] = ()
        self._question = plain_label("", "heading", wrap=False)
        self.list = QListWidget(self)
        self.list.setFlow(QListView.Flow.LeftToRight)
        self.list.setWrapping(True)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setSpacing(4)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.edit = QLineEdit(self)
        self.edit.setMaxLength(LONGEST_REASON)
        self.edit.setMinimumWidth(220)
        self.accept_button = button(self.tr("&Use this"), "check", primary=True)
        self.cancel_button = button(self.tr("Cancel (Esc)"), "close")
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self._question, 1)
        for control in (self.edit, self.accept_button, self.cancel_button):
            top.addWidget(control)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.list)
        self.list.itemClicked.connect(self._on_clicked)
        self.list.installEventFilter(self)
        self.edit.installEventFilter(self)
        self.accept_button.clicked.connect(self._on_taken)
        self.cancel_button.clicked.connect(self.give_up)
        self.hide()

    def ask(self, question: ChoiceQuestion) -> None:
        """Show a question; the answer comes by :attr:`chosen`."""
        self._choices = question.choices
        self._question.setText(question.text)
        self.setAccessibleName(question.text)
        self.list.setAccessibleName(question.text)
        self.list.clear()
        metrics = QFontMetrics(self.list.font())
        for number, choice in enumerate(self._choices):
            text = f"{_DIGITS[number]}  {choice}" if number < len(_DIGITS) else choice
            item = QListWidgetItem(text)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, choice)
            item.setToolTip(choice)
            item.setSizeHint(QSize(metrics.horizontalAdvance(text) + _PADDING_PX, TOUCH_PX))
            self.list.addItem(item)
        marked = question.marked
        self.list.setCurrentRow(self._choices.index(marked) if marked in self._choices else 0)
        self.edit.clear()
        self.edit.setPlaceholderText(question.other)
        self.edit.setAccessibleName(question.other)
        self.show()
        self.shown.emit()
        self.edit.setFocus()

    def give_up(self) -> None:
        """Ask no more."""
        if not self.isHidden():
            self.hide()
            self.hidden.emit()
            self.given_up.emit()

    def wanted_height(self, width: int) -> int:
        """Pixels that all answers need side by side in this width; three rows of them at most."""
        rows, used = 1, 0
        for row in range(self.list.count()):
            step = self.list.item(row).sizeHint().width() + 6
            if used and used + step > width - 60:
                rows, used = rows + 1, 0
            used += step
        return TOUCH_PX + min(rows, 3) * (TOUCH_PX + 6) + 34

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._takes(event, watched):
            return True
        return super().eventFilter(watched, event)

    def _takes(self, event: QKeyEvent, watched: QObject) -> bool:
        """Keys that mean the same in the list and in the line."""
        key = event.key()
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._on_taken()
        elif key == Qt.Key.Key_Escape:
            self.give_up()
        elif event.text() and event.text() in _DIGITS and not self.edit.text():
            number = _DIGITS.index(event.text())
            if number < len(self._choices):
                self._take(self._choices[number])
        elif key in {Qt.Key.Key_Up, Qt.Key.Key_Down} and watched is self.edit:
            step = 1 if key == Qt.Key.Key_Down else -1
            self.list.setCurrentRow(min(max(0, self.list.currentRow() + step), self.list.count() - 1))
        else:
            return False
        return True

    @Slot(QListWidgetItem)
    def _on_clicked(self, item: QListWidgetItem) -> None:
        self._take(self._choices[self.list.row(item)])

    @Slot()
    def _on_taken(self) -> None:
        typed = self.edit.text().strip()
        row = self.list.currentRow()
        if typed:
            self._take(typed)
        elif 0 <= row < len(self._choices):
            self._take(self._choices[row])

    def _take(self, choice: str) -> None:
        self.hide()
        self.hidden.emit()
        self.chosen.emit(choice)
