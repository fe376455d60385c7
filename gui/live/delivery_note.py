"""Whether verdicts get to the outputs, said in passing: an output that is away keeps no part from its verdict."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.live.wording import delivery_problem_text, outputs_text
from gui.widgets.controls import set_shown
from gui.widgets.fact_list import FactList
from gui.widgets.message_fold import MessageFold
from workflows.line.delivery import DeliveryState


class DeliveryNote(QWidget):
    """Takes no room where there are no outputs.

    Attributes:
        problem: why verdicts wait; to be laid out where a sentence has room, and hidden while there is none.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.outputs = FactList((self.tr("Outputs"),), self)
        self.outputs.setToolTip(self.tr("Where verdicts are delivered, and how many are still waiting"))
        self.plc = FactList((self.tr("PLC (Modbus)"),), self)
        self.plc.setToolTip(
            self.tr("A PLC reads every verdict, whatever the trigger. It can ask as well with key, PLC and HTTP.")
        )
        self.problem = MessageFold(parent, closable=False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.outputs)
        layout.addWidget(self.plc)

    def show_state(self, state: DeliveryState, *, running: bool, plc_asks: bool | None) -> None:
        """Show how delivery is doing, and whether a PLC can ask or only reads; None where the outputs name none."""
        self.outputs.set_values((outputs_text(state),))
        self.plc.set_values((self.tr("asks and reads") if plc_asks else self.tr("reads only"),))
        problem = delivery_problem_text(state, running=running)
        if self.problem.sentence != problem:
            self.problem.show_warning(problem)
        set_shown(self.outputs, state.outputs > 0)
        set_shown(self.plc, plc_asks is not None)
        set_shown(self, state.outputs > 0 or plc_asks is not None)
