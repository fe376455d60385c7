"""Asks who is working and for the PIN; the core decides whether that is right."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from filo_core.errors import FiloError
from gui.background import asked
from gui.state import AppState
from gui.widgets.controls import plain_label, set_shown


class SignInDialog(QDialog):
    """Stays open until the sign-in is right or given up."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setWindowTitle(self.tr("Sign in"))
        self.name_edit = QLineEdit(state.operator, self)
        self.name_edit.setAccessibleName(self.tr("Name"))
        self.pin_edit = QLineEdit(self)
        self.pin_edit.setAccessibleName(self.tr("PIN"))
        self.pin_edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.message = plain_label()
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, parent=self
        )
        buttons.accepted.connect(self.try_to_sign_in)
        buttons.rejected.connect(self.reject)
        self.sign_out_button = buttons.addButton(self.tr("Sign &out"), QDialogButtonBox.ButtonRole.ResetRole)
        self.sign_out_button.clicked.connect(self.sign_out)
        self.sign_out_button.setVisible(state.signed_in is not None)
        for made in buttons.buttons():
            made.setAccessibleName(made.text().replace("&", ""))
        form = QFormLayout()
        form.addRow(self.tr("&Name"), self.name_edit)
        form.addRow(self.tr("&PIN"), self.pin_edit)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.message)
        layout.addWidget(buttons)
        set_shown(self.message, False)
        (self.pin_edit if state.operator else self.name_edit).setFocus()

    def try_to_sign_in(self) -> None:
        """Sign in with what was typed; the reason is shown when that is refused, and the PIN is gone."""
        try:
            access, name, pin = self._state.workbench.access, self.name_edit.text(), self.pin_edit.text()
            user = asked(lambda: access.sign_in(name, pin))
        except FiloError as error:
            self.message.setText(str(error))
            set_shown(self.message, True)
            self.pin_edit.clear()
            self.pin_edit.setFocus()
            return
        self.pin_edit.clear()
        self._state.set_operator(user.name)
        self.accept()

    def sign_out(self) -> None:
        """End the session; looking and inspecting go on."""
        try:
            asked(self._state.workbench.access.sign_out)
        except FiloError as error:
            self.message.setText(str(error))
            set_shown(self.message, True)
            return
        self._state.refresh_operator()
        self.accept()
