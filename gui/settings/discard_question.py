"""Asks before verdicts are given up that wait for an output."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox, QWidget


def wants_to_discard(name: str, count: int, parent: QWidget) -> bool:
    """Whether the person in front of the window means it; Enter alone keeps them."""
    question = QMessageBox(parent)
    question.setIcon(QMessageBox.Icon.Warning)
    question.setTextFormat(Qt.TextFormat.PlainText)
    question.setWindowTitle(_tr("Discard verdicts"))
    text = _tr("Discard the %1 verdicts that wait for %2?")
    question.setText(text.replace("%1", str(count)).replace("%2", name))
    question.setInformativeText(
        _tr(
            "It will never get them, and this cannot be undone. They stay in the record, which says who discarded them."
        )
    )
    discard = question.addButton(_tr("Discard"), QMessageBox.ButtonRole.DestructiveRole)
    keep = question.addButton(_tr("Keep them"), QMessageBox.ButtonRole.RejectRole)
    question.setDefaultButton(keep)
    question.exec()
    answer = question.clickedButton() is discard
    question.deleteLater()
    return answer


def _tr(text: str) -> str:
    return QCoreApplication.translate("Settings", text)
