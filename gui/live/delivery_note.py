"""Whether verdicts get to the outputs, said in passing: an output that is away keeps no part from its verdict."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.live.wording import outputs_text
from gui.widgets.controls import plain_label, set_shown
from gui.widgets.fact_list import FactList
from gui.widgets.message_fold import MessageFold
from workflows.delivery import DeliveryState


class DeliveryNote(QWidget):
    """Takes no room where there are no outputs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.facts = FactList((self.tr("Outputs"),), self)
        self.facts.setToolTip(self.tr("Where each verdict is delivered to, and how many have yet to be taken there"))
        self.problem = MessageFold(self, closable=False)
        self.plc = plain_label(self.tr("A PLC (Modbus) gets no answer with this trigger."), "hint", parent=self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in (self.facts, self.problem, self.plc):
            layout.addWidget(part)
        self.show_state(DeliveryState(), unanswered_plc=False)

    def show_state(self, state: DeliveryState, *, unanswered_plc: bool) -> None:
        """Show how delivery is doing, and whether the outputs name a PLC that nobody answers."""
        self.facts.set_values((outputs_text(state),))
        if self.problem.sentence != state.problem:
            self.problem.show_warning(state.problem)
        set_shown(self.facts, state.outputs > 0)
        set_shown(self.plc, unanswered_plc)
        set_shown(self, state.outputs > 0 or unanswered_plc)
