"""Asks for what a new user needs, for another role, or for another PIN."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from filo_core.errors import FiloError
from filo_core.types import Role
from gui.settings.controls import combo
from gui.settings.wording import role_name
from gui.theme import SPACE
from gui.widgets.column_area import LowArea, fit_into_window
from gui.widgets.controls import button, plain_label
from gui.widgets.message_fold import MessageFold
from workflows.people.pins import LONGEST_PIN, SHORTEST_PIN

_NARROWEST_PX = 480
_LETTERS = 56
"""That a line of it holds."""


class UserDialog(QDialog):
    """Stays open until the change is made or given up. Only the fields that were added are asked for.

    Args:
        title: of the window.
        accept_text: on the button that makes the change.
        change: makes it; its FiloError is shown here.
        parent: the widget it belongs to.
    """

    def __init__(
        self, title: str, accept_text: str, change: Callable[[UserDialog], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._change = change
        self.setWindowTitle(title)
        self.setMinimumWidth(max(_NARROWEST_PX, _LETTERS * self.fontMetrics().averageCharWidth()))
        self.name_edit: QLineEdit | None = None
        self.role_box: QComboBox | None = None
        self.pin_edits: tuple[QLineEdit, QLineEdit] | None = None
        self.message = MessageFold(self, closable=False)
        self.accept_button = button(accept_text, "check", primary=True)
        self.accept_button.setDefault(True)
        self.cancel_button = button(self.tr("Cancel"), "close")
        self._asked: list[QWidget] = []
        page = QWidget(self)
        self._form = QFormLayout(page)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setSpacing(SPACE)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.accept_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addWidget(self.message)
        layout.addWidget(LowArea(page, self), 1)
        layout.addLayout(buttons)
        self.accept_button.clicked.connect(self.try_it)
        self.cancel_button.clicked.connect(self.reject)

    def ask_for_name(self) -> None:
        """Add a line for the name."""
        self.name_edit = QLineEdit(self)
        self._add(self.tr("&Name"), self.name_edit)

    def ask_for_role(self, role: Role, choices: tuple[Role, ...] = tuple(Role)) -> None:
        """Add a list of roles."""
        self.role_box = combo([(role_name(one), one.value) for one in choices], self)
        self.role_box.setCurrentIndex(self.role_box.findData(role.value))
        self._add(self.tr("&Role"), self.role_box)

    def ask_for_pin(self) -> None:
        """Add two lines for a PIN."""
        self.pin_edits = (QLineEdit(self), QLineEdit(self))
        for caption, edit in zip((self.tr("&PIN"), self.tr("PIN &again")), self.pin_edits, strict=True):
            edit.setEchoMode(QLineEdit.EchoMode.Password)
            edit.setMaxLength(LONGEST_PIN)
            self._add(caption, edit)
        note = self.tr("%1 characters or more. It is kept so that nobody can read it.")
        self._form.addRow("", plain_label(note.replace("%1", str(SHORTEST_PIN)), "hint"))

    @property
    def name(self) -> str:
        """The name that was typed."""
        return self.name_edit.text() if self.name_edit is not None else ""

    @property
    def role(self) -> Role:
        """The role that was chosen."""
        assert self.role_box is not None, "the role was asked for"
        return Role(self.role_box.currentData())

    @property
    def pins(self) -> tuple[str, str]:
        """The PIN, twice as it was typed."""
        assert self.pin_edits is not None, "the PIN was asked for"
        first, second = self.pin_edits
        return first.text(), second.text()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        fit_into_window(self)

    def try_it(self) -> None:
        """Make the change; the reason is shown when it is refused, and the PIN is gone."""
        try:
            self._change(self)
        except FiloError as error:
            self.message.show_error(str(error))
            for edit in self.pin_edits or ():
                edit.clear()
            if self.pin_edits:
                self.pin_edits[0].setFocus()
            return
        self.accept()

    def _add(self, caption: str, control: QWidget) -> None:
        control.setAccessibleName(caption.replace("&", ""))
        self._form.addRow(caption, control)
        # The buttons were there first; the keyboard comes to them last.
        self._asked.append(control)
        for before, after in pairwise((*self._asked, self.cancel_button, self.accept_button)):
            self.setTabOrder(before, after)
        self._asked[0].setFocus()
