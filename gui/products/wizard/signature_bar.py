"""Who answers for a recipe: a name while there are no users, and a reason where bad parts are missed or unknown.

Once there are users, whoever signs is asked for beside the keypad, after this.
"""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from filo_core.types import LONGEST_REASON
from gui.widgets.controls import HintedEdit, button, plain_label, set_shown
from gui.widgets.rows_layout import RowsLayout

_LONGEST_SIGNATURE = 80


class SignatureBar(QWidget):
    """Emits a signature; whether it holds is for the page to find out."""

    signed = Signal(str, str)
    """Name, empty where it is to be asked for with the PIN, and reason."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asks_who = self._needs_reason = self._ready = False
        self.name_edit = self._edit(self.tr("Signed off by"), self.tr("your name"), _LONGEST_SIGNATURE)
        self.reason_edit = self._edit(
            self.tr("Reason"), self.tr("why it is signed all the same; Live and reports show it"), LONGEST_REASON
        )
        self.sign_button = button(self.tr("&Sign off"), "check", primary=True)
        self.sign_button.clicked.connect(self._on_clicked)
        self._label = plain_label(self.tr("Signed off b&y"), wrap=False)
        self._label.setBuddy(self.name_edit)
        layout = RowsLayout(self)
        layout.add(self._label)
        layout.add(self.name_edit)
        layout.add(self.reason_edit, 1)
        layout.add(self.sign_button)

    def _edit(self, name: str, example: str, longest: int) -> QLineEdit:
        edit = HintedEdit(self)
        edit.setAccessibleName(name)
        edit.setPlaceholderText(example)
        edit.setMaxLength(longest)
        edit.textChanged.connect(self._update)
        edit.returnPressed.connect(self._on_clicked)
        return edit

    def ask(self, name: str, *, asks_who: bool) -> None:
        """Begin anew: whose name is proposed; nobody's where it is asked for with the PIN."""
        self._asks_who = asks_who
        self.name_edit.setText(name)
        self.reason_edit.clear()
        for widget in (self._label, self.name_edit):
            set_shown(widget, not asks_who)
        self._update()

    def show_state(self, version: int, *, needs_reason: bool, ready: bool) -> None:
        """Which version it would be, whether it needs a reason, and whether everything else is there."""
        self._needs_reason, self._ready = needs_reason, ready
        text = self.tr("&Sign anyway: version %1") if needs_reason else self.tr("&Sign version %1")
        self.sign_button.setText(text.replace("%1", str(version)))
        self.sign_button.setAccessibleName(self.sign_button.text().replace("&", ""))
        set_shown(self.reason_edit, needs_reason)
        self._update()

    @Slot()
    def _update(self) -> None:
        named = bool(self.name_edit.text().strip()) or self._asks_who
        explained = bool(self.reason_edit.text().strip()) or not self._needs_reason
        self.sign_button.setEnabled(named and explained and self._ready)

    @Slot()
    def _on_clicked(self) -> None:
        if self.sign_button.isEnabled():
            name = "" if self._asks_who else self.name_edit.text().strip()
            self.signed.emit(name, self.reason_edit.text().strip() if self._needs_reason else "")
