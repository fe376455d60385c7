"""Chooses what asks for a verdict: the camera's pace, a key, a new file, a PLC or HTTP."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from filo_core.line.triggers.base import TriggerKind
from filo_core.line.triggers.spec import TRIGGERS
from gui.translation import in_language
from gui.widgets.controls import captioned, set_shown
from workflows.line.triggered import DEADLINE_S
from workflows.line.triggers import TriggerChoice
from workflows.settings.declared import LONGEST_DEADLINE_S, SHORTEST_DEADLINE_S

_KINDS = tuple(TriggerKind)
_SHORTEST_CHARACTERS = 10


class TriggerBar(QWidget):
    """``choice`` is what the operator wants; locked while live inspection runs.

    Attributes:
        place_row: where it listens, to be laid out in a row of its own; shown for triggers that listen.
    """

    choice_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = QComboBox(self)
        self.kind.setAccessibleName(self.tr("Trigger"))
        self.kind.setToolTip(self.tr("What asks for a verdict"))
        self.kind.setMinimumContentsLength(_SHORTEST_CHARACTERS)
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for kind in _KINDS:
            self.kind.addItem(in_language(TRIGGERS[kind].called))
        self.place = QLineEdit(self)
        self.place.setMinimumWidth(150)
        self.place_row = captioned("", self.place)
        self.deadline = QDoubleSpinBox(self)
        self.deadline.setAccessibleName(self.tr("Time limit"))
        self.deadline.setToolTip(self.tr("Longest time from the trigger to the verdict; later is NOT INSPECTED"))
        self.deadline.setRange(SHORTEST_DEADLINE_S, LONGEST_DEADLINE_S)
        self.deadline.setDecimals(1)
        self.deadline.setSingleStep(0.5)
        self.deadline.setValue(DEADLINE_S)
        self.deadline.setSuffix(self.tr(" s"))
        self._deadline = captioned(self.tr("Time limit"), self.deadline)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(captioned(self.tr("Trigger"), self.kind))
        layout.addWidget(self._deadline)
        self.kind.currentIndexChanged.connect(self._on_kind_changed)
        self.place.textChanged.connect(self.choice_changed)
        self._on_kind_changed()

    @property
    def choice(self) -> TriggerChoice:
        """What is chosen now; the place of a trigger that does not listen is empty."""
        kind = _KINDS[self.kind.currentIndex()]
        return TriggerChoice(kind, self.place.text().strip() if TRIGGERS[kind].place_example else "")

    @property
    def deadline_s(self) -> float:
        """Longest time from a trigger to its answer."""
        return self.deadline.value()

    def set_choice(self, choice: TriggerChoice, deadline_s: float | None = None) -> None:
        """Show ``choice`` as chosen, with its time limit; None leaves that as it is."""
        if deadline_s is not None:
            self.deadline.setValue(deadline_s)
        self.kind.setCurrentIndex(_KINDS.index(choice.kind))
        self.place.setText(choice.place)

    def set_locked(self, locked: bool) -> None:
        """Keep the choice as it is while it is in use."""
        self.kind.setEnabled(not locked)
        self.place.setEnabled(not locked)
        self.deadline.setEnabled(not locked)

    def _on_kind_changed(self) -> None:
        kind = _KINDS[self.kind.currentIndex()]
        spec = TRIGGERS[kind]
        set_shown(self.place_row, bool(spec.place_example))
        set_shown(self._deadline, kind is not TriggerKind.CONTINUOUS)
        for label in self.place_row.findChildren(QLabel):
            label.setText(in_language(spec.place_caption))
        self.place.setAccessibleName(in_language(spec.place_name))
        self.place.setToolTip(in_language(spec.place_help))
        self.place.setPlaceholderText(spec.place_example)
        self.choice_changed.emit()
