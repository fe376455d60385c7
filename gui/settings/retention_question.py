"""Asks before rules are kept by which images go."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from gui.widgets.question import Question, is_meant
from gui.wording import number
from workflows.keeping.retention import RetentionReport


def wants_to_remove(report: RetentionReport, parent: QWidget) -> bool:
    """Whether the person in front of the window means it."""
    text = _tr("Remove %1 image files (%2 MiB) of %3 MiB?")
    counts = (number(report.files), number(report.bytes_freed / 2**20, 1), number(report.bytes_before / 2**20, 1))
    for place, value in enumerate(counts, start=1):
        text = text.replace(f"%{place}", value)
    more = _tr(
        "By these rules they go after the next nightly backup, and cannot be brought back. "
        "Verdicts stay, and so do images of an NG or REVIEW that nobody has decided on."
    )
    question = Question(
        title=_tr("Retention"), text=text, more=more, do_it=_tr("Save and remove them"), leave_it=_tr("Keep them")
    )
    return is_meant(question, parent)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Settings", text)
