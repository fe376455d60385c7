"""Asks who is working and for the PIN, by tiles and large keys or typed; the core decides whether that is right."""

from __future__ import annotations

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from filo_core.errors import FiloError
from gui.background import asked
from gui.person_tiles import PersonTiles
from gui.state import AppState
from gui.theme import SPACE
from gui.translation import in_language
from gui.widgets.controls import button, captioned, plain_label, set_shown
from gui.widgets.pin_pad import PinPad

_LETTERS = 64
"""What a line of a refusal holds."""


class SignInDialog(QDialog):
    """Stays open until the sign-in is right or given up.

    Args:
        state: of the window.
        parent: what it lies over.
        signing: what is to be signed, as a sentence. Then the PIN of whoever is signed in is only asked for, and
            :attr:`pin` has it: the signature itself checks it.
    """

    def __init__(self, state: AppState, parent: QWidget | None = None, *, signing: str = "") -> None:
        super().__init__(parent)
        self._state = state
        self._signing = signing
        self.pin = ""
        """What was given with a signature; take it once."""
        self.setWindowTitle(self.tr("Sign") if signing else self.tr("Sign in"))
        self.message = plain_label()
        self.tiles = PersonTiles(self._people(), self)
        self.name_edit = QLineEdit(self)
        self.pad = PinPad(self)
        self.pin_edit = self.pad.edit
        self.accept_button = button(self.tr("&Sign") if signing else self.tr("Sign &in"), "check", primary=True)
        self.accept_button.setDefault(True)
        self.cancel_button = button(self.tr("Cancel"), "close")
        self.sign_out_button = button(self.tr("Sign &out"))
        if state.workbench.access.has_directory:
            self.pad.also_takes_passwords()
        self._lay_out()
        self._connect()
        set_shown(self.message, bool(self.message.text()))
        self.sign_out_button.setVisible(state.signed_in is not None and not signing)
        first = state.operator or next(iter(self.tiles.names), "")
        self.name_edit.setText(first)
        # Whoever is proposed: the PIN goes nowhere else.
        (self.pin_edit if first else self.name_edit).setFocus()

    def _people(self) -> tuple[str, ...]:
        access = self._state.workbench.access
        try:
            return asked(access.people)
        except FiloError as error:
            # Their names can be typed; whether anybody can sign in is told by the attempt as well.
            self.message.setText(in_language(str(error)))
            return ()

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(SPACE)
        left.addWidget(captioned(self.tr("&Name"), self.name_edit))
        self.name_edit.setAccessibleName(self.tr("Name"))
        left.addWidget(self.tiles, 1)
        middle = QHBoxLayout()
        middle.setSpacing(2 * SPACE)
        middle.addLayout(left, 1)
        middle.addWidget(self.pad)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.sign_out_button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.accept_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        if self._signing:
            layout.addWidget(plain_label(self._signing))
        layout.addLayout(middle, 1)
        layout.addWidget(self.message)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.name_edit.textChanged.connect(self.tiles.search)
        self.name_edit.textEdited.connect(self._on_name_typed)
        self.name_edit.returnPressed.connect(self.pin_edit.setFocus)
        self.tiles.chosen.connect(self._on_tile)
        self.pad.entered.connect(self.try_to_sign_in)
        self.accept_button.clicked.connect(self.try_to_sign_in)
        self.cancel_button.clicked.connect(self.reject)
        self.sign_out_button.clicked.connect(self.sign_out)

    def _on_tile(self, name: str) -> None:
        self.name_edit.setText(name)
        self.pad.clear()

    def _on_name_typed(self, text: str) -> None:
        """Digits that are in nobody's name are a PIN, typed into the wrong field: it is not left in clear."""
        digits = text.strip()
        if self._state.workbench.access.has_directory:
            # Somebody may be called by a number there.
            return
        if digits.isdigit() and not self.tiles.knows(digits):
            self.name_edit.clear()
            self.pin_edit.setText(self.pin_edit.text() + digits)
            self.pin_edit.setFocus()

    def try_to_sign_in(self) -> None:
        """Sign in with what was given; the reason is shown when that is refused, and the PIN is gone."""
        access, name, pin = self._state.workbench.access, self.name_edit.text(), self.pad.take()
        before = self._state.signed_in
        if self._signing and before is not None and before.name.casefold() == name.strip().casefold():
            self.pin = pin
            self.accept()
            return
        try:
            user = asked(lambda: access.sign_in(name, pin))
        except FiloError as error:
            self._refuse(error)
            return
        self.pin = pin if self._signing else ""
        self._state.set_operator(user.name)
        self.accept()

    def sign_out(self) -> None:
        """End the session; looking and inspecting go on."""
        try:
            asked(self._state.workbench.access.sign_out)
        except FiloError as error:
            self._refuse(error)
            return
        self._state.refresh_operator()
        self.accept()

    def take_pin(self) -> str:
        """The PIN that was given with a signature, once."""
        pin, self.pin = self.pin, ""
        return pin

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._grow()

    def _grow(self) -> None:
        """A sentence of several lines asks a dialog for no room by itself: the keys would give way."""
        layout = self.layout()
        if layout is not None and layout.hasHeightForWidth():
            width = max(self.width(), _LETTERS * self.fontMetrics().averageCharWidth())
            self.resize(width, max(self.height(), layout.totalMinimumHeightForWidth(width)))

    def _refuse(self, error: FiloError) -> None:
        self.message.setText(in_language(str(error)))
        set_shown(self.message, True)
        self._grow()
