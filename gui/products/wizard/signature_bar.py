"""Who answers for a recipe: name, PIN once there are users, and a reason where bad parts are missed or unknown."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from filo_core.types import LONGEST_REASON
from gui.theme import SPACE
from gui.widgets.controls import button, plain_label, set_shown

_LONGEST_SIGNATURE = 80


class SignatureBar(QWidget):
    """Emits a signature; whether it holds is for the page to find out."""

    signed = Signal(str, str, str)
    """Name, PIN and reason."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asks_for_pin = self._needs_reason = self._ready = False
        self.name_edit = self._edit(self.tr("Signed off by"), self.tr("your name"), _LONGEST_SIGNATURE)
        self.name_edit.setMaximumWidth(220)
        self.pin_edit = self._edit(self.tr("PIN"), self.tr("your PIN again"), _LONGEST_SIGNATURE)
        self.pin_edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.pin_edit.setMaximumWidth(150)
        self.reason_edit = self._edit(
            self.tr("Reason"), self.tr("why it is signed all the same; Live and reports show it"), LONGEST_REASON
        )
        self.sign_button = button(self.tr("&Sign off"), "check", primary=True)
        self.sign_button.clicked.connect(self._on_clicked)
        label = plain_label(self.tr("Signed off b&y"), wrap=False)
        label.setBuddy(self.name_edit)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(label)
        layout.addWidget(self.name_edit, 1)
        layout.addWidget(self.pin_edit)
        layout.addWidget(self.reason_edit, 3)
        layout.addStretch(0)
        layout.addWidget(self.sign_button)

    def _edit(self, name: str, example: str, longest: int) -> QLineEdit:
        edit = QLineEdit(self)
        edit.setAccessibleName(name)
        edit.setPlaceholderText(example)
        edit.setMaxLength(longest)
        edit.textChanged.connect(self._update)
        edit.returnPressed.connect(self._on_clicked)
        return edit

    def ask(self, name: str, *, pin: bool) -> None:
        """Begin anew: whose name is proposed, and whether it is fixed and shown with a PIN."""
        self._asks_for_pin = pin
        self.name_edit.setText(name)
        self.name_edit.setReadOnly(pin)
        self.pin_edit.clear()
        self.reason_edit.clear()
        set_shown(self.pin_edit, pin)
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
        named = bool(self.name_edit.text().strip()) and bool(self.pin_edit.text() or not self._asks_for_pin)
        explained = bool(self.reason_edit.text().strip()) or not self._needs_reason
        self.sign_button.setEnabled(named and explained and self._ready)

    @Slot()
    def _on_clicked(self) -> None:
        if not self.sign_button.isEnabled():
            return
        pin = self.pin_edit.text()
        # Not left standing on the screen, whatever comes of it.
        self.pin_edit.clear()
        self.signed.emit(
            self.name_edit.text().strip(), pin, self.reason_edit.text().strip() if self._needs_reason else ""
        )
