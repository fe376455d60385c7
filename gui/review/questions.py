"""What is asked before a decision: why a verdict is overruled, and what an anomaly really is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from filo_core.types import InspectionRecord
from gui.review.choice_bar import ChoiceQuestion
from gui.review.decisions import overruled_verdict, reasons_for
from gui.widgets.verdicts import verdict_word
from workflows.export.selection import anomaly_type_of


def reason_question(records: Sequence[InspectionRecord], used: Sequence[str]) -> ChoiceQuestion:
    """Why the verdicts are overruled.

    Args:
        records: what is decided on; all of them get the same verdict.
        used: reasons that were typed before, the newest last.
    """
    verdict = overruled_verdict(records[0])
    text = _tr("%1 becomes %2. Why?").replace("%1", verdict_word(records[0].verdict))
    if len(records) > 1:
        text = _tr("%1 parts become %2. Why?").replace("%1", str(len(records)))
    choices = reasons_for(verdict, used)
    return ChoiceQuestion(
        text.replace("%2", verdict_word(verdict)), choices, used[-1] if used else "", _tr("or type another reason")
    )


def type_question(record: InspectionRecord, choices: Sequence[str], region: int, parts: int = 1) -> ChoiceQuestion:
    """What the anomaly really is.

    Args:
        record: what is decided on, the first of several.
        choices: types to choose among.
        region: the one that is asked about; -1 for all of them.
        parts: how many inspections get the answer.
    """
    text = _tr("What is it really?")
    if parts > 1:
        text = _tr("What are these %1 parts really?").replace("%1", str(parts))
    elif region >= 0 and len(record.regions) > 1:
        text = _tr("What is region %1 really?").replace("%1", str(region + 1))
    elif len(record.regions) > 1:
        text = _tr("What are all %1 regions really?").replace("%1", str(len(record.regions)))
    marked = record.regions[region].anomaly_type if region >= 0 else anomaly_type_of(record)
    return ChoiceQuestion(text, tuple(choices), marked, _tr("or type something else"))


def _tr(text: str) -> str:
    return QCoreApplication.translate("ReviewPanel", text)
