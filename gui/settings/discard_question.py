"""Asks before verdicts are given up that wait for an output."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from gui.widgets.question import Question, is_meant


def wants_to_discard(name: str, count: int, parent: QWidget) -> bool:
    """Whether the person in front of the window means it."""
    text = _tr("Discard the %1 verdicts waiting for %2?")
    more = _tr(
        "It will never get them, and this cannot be undone. They stay in the record, which says who discarded them."
    )
    question = Question(
        title=_tr("Discard verdicts"),
        text=text.replace("%1", str(count)).replace("%2", name),
        more=more,
        do_it=_tr("Discard"),
        leave_it=_tr("Keep them"),
    )
    return is_meant(question, parent)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Settings", text)
