"""One setting: its caption, its control, and beneath it what is to be known or what is wrong."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.theme import Theme, current_theme
from gui.widgets.controls import plain_label, set_shown


class Field(QWidget):
    """Names its control for screen readers, and reads out the note with it."""

    def __init__(self, caption: str, control: QWidget, note: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.control = control
        self._note_text = note
        self._variable_text = self._right_text = ""
        control.setAccessibleName(caption)
        self._caption = plain_label(caption, wrap=False)
        self._caption.setBuddy(control)
        self._note = plain_label(note, "hint")
        self._problem = plain_label("")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._caption)
        layout.addWidget(control)
        layout.addWidget(self._note)
        layout.addWidget(self._problem)
        self.set_problem("")

    def has(self, text: str) -> bool:
        """Whether caption or note has ``text`` in it, in whatever case."""
        return text.casefold() in f"{self._caption.text()} {self._note_text}".casefold()

    @property
    def note(self) -> str:
        """What is said beneath the control."""
        return self._note.text()

    @property
    def problem(self) -> str:
        """What is wrong; empty when nothing is."""
        return self._problem.text()

    def set_caption(self, caption: str) -> None:
        """Call the setting something else."""
        self._caption.setText(caption)
        self.control.setAccessibleName(caption)

    def lock(self, variable: str) -> None:
        """Say that ``variable`` decides, and leave nothing to be changed here."""
        self._variable_text = self.tr("Decided by the variable %1.").replace("%1", variable)
        self._enable()

    def allow(self, whom_to_ask: str = "") -> None:
        """Let the setting be changed, or say who else may, and leave nothing to be changed here."""
        asking = self.tr("Only %1 may change this. Sign in with that role.")
        self._right_text = asking.replace("%1", whom_to_ask) if whom_to_ask else ""
        self._enable()

    def _enable(self) -> None:
        self.control.setEnabled(not self._variable_text and not self._right_text)
        self._show()

    def set_problem(self, sentence: str) -> None:
        """Say what is wrong."""
        self._problem.setText(sentence)
        self._show()

    def recolour(self) -> None:
        """Take the colours of the theme."""
        theme: Theme = current_theme()
        wanted = f"color: {theme.danger.ground}; font-weight: 600;"
        if self._problem.styleSheet() != wanted:
            self._problem.setStyleSheet(wanted)

    def _show(self) -> None:
        self.recolour()
        self._note.setText(" ".join(filter(None, (self._variable_text, self._right_text, self._note_text))))
        set_shown(self._note, bool(self._note.text()))
        set_shown(self._problem, bool(self._problem.text()))
        self.control.setAccessibleDescription(" ".join(filter(None, (self._problem.text(), self._note.text()))))
