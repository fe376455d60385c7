"""Asks once before several parts are decided together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from filo_core.types import InspectionRecord, Verdict
from gui.widgets.question import Question, is_meant
from gui.widgets.verdicts import verdict_word


def wants_to_decide(records: Sequence[InspectionRecord], verdicts: Sequence[Verdict], parent: QWidget) -> bool:
    """Whether these parts shall get these verdicts, without each of their pictures having been looked at."""
    counted = Counter(verdicts)
    words = ", ".join(f"{number} {verdict_word(verdict)}" for verdict, number in counted.items())
    text = _tr("Decide %1 parts together: %2?").replace("%1", str(len(records))).replace("%2", words)
    why = _tr("Each gets an entry of its own under your name. You can take them back one by one.")
    return is_meant(Question(_tr("Decide together"), text, why, _tr("Decide"), _tr("Leave them")), parent)


def _tr(text: str) -> str:
    return QCoreApplication.translate("BulkQuestion", text)
