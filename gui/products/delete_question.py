"""Asks before a product is deleted."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox, QWidget


def wants_to_delete(name: str, parent: QWidget) -> bool:
    """Whether the person in front of the window means it; Enter alone keeps the product."""
    question = QMessageBox(parent)
    question.setIcon(QMessageBox.Icon.Warning)
    question.setTextFormat(Qt.TextFormat.PlainText)
    question.setWindowTitle(_tr("Delete a product"))
    question.setText(_tr("Delete %1 with its anomaly list, good images and recipes?").replace("%1", name))
    question.setInformativeText(
        _tr("It can be brought back until another one is deleted, and has to be signed again then.")
    )
    delete = question.addButton(_tr("Delete"), QMessageBox.ButtonRole.DestructiveRole)
    keep = question.addButton(_tr("Keep it"), QMessageBox.ButtonRole.RejectRole)
    question.setDefaultButton(keep)
    question.exec()
    answer = question.clickedButton() is delete
    question.deleteLater()
    return answer


def _tr(text: str) -> str:
    return QCoreApplication.translate("ProductList", text)
