"""The two questions that a decision may ask: why it is overruled, and what the anomaly is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QDialog, QWidget

from filo_core.types import InspectionRecord
from gui.review.decisions import overruled_verdict, reasons_for
from gui.review.dialogs import ChoiceDialog
from gui.widgets.verdicts import verdict_word
from workflows.export.selection import anomaly_type_of


def ask_reason(record: InspectionRecord, used: Sequence[str], parent: QWidget) -> str:
    """Why the verdict is overruled; empty when nothing was chosen.

    Args:
        record: what is decided on.
        used: reasons that were typed before, the newest last.
        parent: of the dialog.
    """
    verdict = overruled_verdict(record)
    question = _tr("%1 becomes %2. Why?").replace("%1", verdict_word(record.verdict))
    return _answer(
        ChoiceDialog(
            _tr("Overrule"),
            question.replace("%2", verdict_word(verdict)),
            reasons_for(verdict, used),
            used[-1] if used else "",
            _tr("or type another reason"),
            parent,
        )
    )


def ask_type(record: InspectionRecord, choices: Sequence[str], region: int, parent: QWidget) -> str:
    """What the anomaly really is; empty when nothing was chosen.

    Args:
        record: what is decided on.
        choices: types to choose among.
        region: the one that is asked about; -1 for all of them.
        parent: of the dialog.
    """
    title, other = _tr("Retype"), _tr("or type something else")
    question = _tr("What is it really?")
    if region >= 0 and len(record.regions) > 1:
        question = _tr("What is region %1 really?").replace("%1", str(region + 1))
    elif len(record.regions) > 1:
        question = _tr("What are all %1 regions really?").replace("%1", str(len(record.regions)))
    marked = record.regions[region].anomaly_type if region >= 0 else anomaly_type_of(record)
    return _answer(ChoiceDialog(title, question, choices, marked, other, parent))


def _answer(dialog: ChoiceDialog) -> str:
    taken = dialog.taken if dialog.exec() == QDialog.DialogCode.Accepted else ""
    dialog.deleteLater()
    return taken


def _tr(text: str) -> str:
    return QCoreApplication.translate("ReviewPanel", text)
