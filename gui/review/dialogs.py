"""Asks for the reason of an overruling, or for the name of an anomaly: a digit is enough."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from filo_core.types import LONGEST_REASON
from gui.theme import SPACE, TOUCH_PX
from gui.widgets.controls import button, plain_label

_DIGITS = "123456789"


class ChoiceDialog(QDialog):
    """A numbered list and a line to type something else. Digits choose, Enter takes what is marked or typed."""

    def __init__(
        self, title: str, question: str, choices: Sequence[str], marked: str, other: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(520)
        self._choices = tuple(choices)
        self._taken = ""
        question_label = plain_label(question, "heading")
        self.list = QListWidget(self)
        self.list.setAccessibleName(question)
        for number, choice in enumerate(self._choices):
            prefix = f"{_DIGITS[number]}   " if number < len(_DIGITS) else "     "
            item = QListWidgetItem(prefix + choice)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, choice)
            item.setSizeHint(QSize(0, TOUCH_PX))
            self.list.addItem(item)
        self.list.setCurrentRow(self._choices.index(marked) if marked in self._choices else 0)
        self.list.setUniformItemSizes(True)
        self.list.setMinimumHeight(min(9, max(3, len(self._choices))) * TOUCH_PX + 6)
        self.edit = QLineEdit(self)
        self.edit.setPlaceholderText(other)
        self.edit.setAccessibleName(other)
        self.edit.setMaxLength(LONGEST_REASON)
        self._hint = plain_label(self.tr("A digit chooses at once. Enter takes what is marked or typed."), "hint")
        self.accept_button = button(self.tr("&Take it"), "check", primary=True)
        self.cancel_button = button(self.tr("Cancel"), "close")
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self._hint, 1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.accept_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addWidget(question_label)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.edit)
        layout.addLayout(buttons)
        self.list.itemDoubleClicked.connect(self._on_taken)
        self.list.installEventFilter(self)
        self.edit.installEventFilter(self)
        self.accept_button.clicked.connect(self._on_taken)
        self.cancel_button.clicked.connect(self.reject)
        self.edit.setFocus()

    @property
    def taken(self) -> str:
        """What was chosen or typed; empty while nothing was."""
        return self._taken

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._takes(event, watched):
            return True
        return super().eventFilter(watched, event)

    def _takes(self, event: QKeyEvent, watched: QObject) -> bool:
        """Keys that mean the same in the list and in the line."""
        key = event.key()
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._on_taken()
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

    @Slot()
    def _on_taken(self) -> None:
        typed = self.edit.text().strip()
        row = self.list.currentRow()
        if typed:
            self._take(typed)
        elif 0 <= row < len(self._choices):
            self._take(self._choices[row])

    def _take(self, choice: str) -> None:
        self._taken = choice
        self.accept()
