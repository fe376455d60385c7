"""Asks before a product is deleted."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from gui.widgets.question import Question, is_meant


def wants_to_delete(name: str, parent: QWidget) -> bool:
    """Whether the person in front of the window means it."""
    text = _tr("Delete %1 with its anomaly list, good images and recipes?")
    question = Question(
        title=_tr("Delete a product"),
        text=text.replace("%1", name),
        more=_tr("It can be brought back until another one is deleted, and has to be signed again then."),
        do_it=_tr("Delete"),
        leave_it=_tr("Keep it"),
    )
    return is_meant(question, parent)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ProductList", text)
