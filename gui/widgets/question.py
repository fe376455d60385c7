"""Asks before something is done that cannot simply be taken back."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask, in the language of the window."""

    title: str
    text: str
    more: str
    do_it: str
    leave_it: str


def is_meant(question: Question, parent: QWidget) -> bool:
    """Whether the person in front of the window means it; Enter alone leaves things as they are."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(question.title)
    box.setText(question.text)
    box.setInformativeText(question.more)
    do_it = box.addButton(question.do_it, QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(question.leave_it, QMessageBox.ButtonRole.RejectRole))
    box.exec()
    answer = box.clickedButton() is do_it
    box.deleteLater()
    return answer
