"""The users: who there is, what they may do, and who may sign in."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QTableWidget, QTableWidgetItem, QWidget

from filo_core.errors import FiloError
from filo_core.types import Role
from gui.settings.controls import lay_out_list, plain_table
from gui.settings.user_dialog import UserDialog
from gui.settings.users_presenter import UsersPresenter
from gui.settings.wording import role_name
from gui.sign_in_dialog import SignInDialog
from gui.state import AppState
from gui.translation import in_language
from gui.widgets.controls import button
from gui.widgets.empty_page import EmptyPage
from gui.widgets.message_fold import MessageFold
from storage.repositories.users import User


class UsersPage(QWidget):
    """Shows what :class:`UsersPresenter` knows; everybody but an admin is asked to sign in as one."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.presenter = UsersPresenter(state, self)
        self._users: tuple[User, ...] = ()
        self.message = MessageFold(self)
        self.table = self._make_table()
        self.add_button = button(self.tr("&Add …"), "add", primary=True)
        self.role_button = button(self.tr("Change &role …"), "edit")
        self.pin_button = button(self.tr("New &PIN …"), "edit")
        self.disable_button = button("", "close")
        self.empty = EmptyPage("products", "", parent=self)
        self._lay_out()
        self._connect()

    def _make_table(self) -> QTableWidget:
        headers = [self.tr("Name"), self.tr("Role"), self.tr("May sign in")]
        return plain_table(self.tr("Users"), headers, stretched=0, parent=self)

    def _lay_out(self) -> None:
        hint = self.tr("Operators review, supervisors also overrule, sign off and delete, admins also manage users.")
        tools = (self.add_button, self.role_button, self.pin_button, self.disable_button)
        self._stack, self._list = lay_out_list(self, (self.message,), self.empty, hint, self.table, tools)

    def _connect(self) -> None:
        self.presenter.changed.connect(self.reload)
        self.table.itemSelectionChanged.connect(self._update_buttons)
        self.add_button.clicked.connect(self.ask_for_user)
        self.role_button.clicked.connect(self.ask_for_role)
        self.pin_button.clicked.connect(self.ask_for_pin)
        self.disable_button.clicked.connect(self.toggle_disabled)
        self.empty.action_requested.connect(self._on_empty_action)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reload()

    # Showing ---------------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> User | None:
        """The user that is chosen in the list."""
        row = self.table.currentRow()
        return self._users[row] if 0 <= row < len(self._users) else None

    @Slot()
    def reload(self) -> None:
        """Read the users again, keeping the choice."""
        chosen = self.chosen.name if self.chosen is not None else ""
        try:
            self._users = self.presenter.users()
        except FiloError as error:
            self.message.show_error(in_language(str(error)))
            return
        self._stack.setCurrentWidget(self._list if self._users else self.empty)
        if not self._users:
            self._say_what_to_do()
            return
        self.table.setRowCount(len(self._users))
        for row, user in enumerate(self._users):
            may = self.tr("no") if user.disabled else self.tr("yes")
            for column, text in enumerate((user.name, role_name(user.role), may)):
                self.table.setItem(row, column, QTableWidgetItem(text))
        names = [user.name for user in self._users]
        self.table.selectRow(names.index(chosen) if chosen in names else 0)
        self._update_buttons()

    def _say_what_to_do(self) -> None:
        if self.presenter.is_empty:
            self.empty.set_content(
                self.tr("There are no users, so nobody has to sign in."),
                self.tr("&Create the first admin"),
                self.tr("From then on every decision needs a person with a PIN. Inspecting does not."),
            )
            return
        name = self.presenter.signed_in
        sentence = self.tr("%1 is not an admin.").replace("%1", name) if name else self.tr("Nobody is signed in.")
        hint = self.tr("Only an admin can see and change users.")
        self.empty.set_content(sentence, self.tr("&Sign in as an admin …"), hint)

    @Slot()
    def _update_buttons(self) -> None:
        user = self.chosen
        for control in (self.role_button, self.pin_button, self.disable_button):
            control.setEnabled(user is not None)
        text = self.tr("&Let sign in again") if user is not None and user.disabled else self.tr("&Disable")
        self.disable_button.setText(text)
        self.disable_button.setAccessibleName(text.replace("&", ""))

    # Wishes ----------------------------------------------------------------------------------------------------

    @Slot()
    def _on_empty_action(self) -> None:
        if self.presenter.is_empty:
            self.ask_for_user()
            return
        dialog = SignInDialog(self._state, self)
        dialog.exec()
        dialog.deleteLater()

    @Slot()
    def ask_for_user(self) -> None:
        """Ask for a new user's name, role and PIN."""
        dialog = self.user_dialog()
        if dialog.exec():
            self.message.show_note(self.tr("%1 was created.").replace("%1", dialog.name.strip()))
        dialog.deleteLater()

    def user_dialog(self) -> UserDialog:
        """The dialog for a new user; the first one can only be an admin."""
        dialog = UserDialog(
            self.tr("New user"),
            self.tr("&Create"),
            lambda asked: self.presenter.add(asked.name, asked.role, *asked.pins),
            self,
        )
        dialog.ask_for_name()
        if self.presenter.is_empty:
            dialog.ask_for_role(Role.ADMIN, (Role.ADMIN,))
        else:
            dialog.ask_for_role(Role.OPERATOR)
        dialog.ask_for_pin()
        return dialog

    @Slot()
    def ask_for_role(self) -> None:
        """Ask for another role of the chosen user."""
        user = self.chosen
        if user is None:
            return
        dialog = UserDialog(
            self.tr("Role of %1").replace("%1", user.name),
            self.tr("&Change"),
            lambda asked: self.presenter.set_role(user.name, asked.role),
            self,
        )
        dialog.ask_for_role(user.role)
        self._run(dialog, self.tr("%1 has another role.").replace("%1", user.name))

    @Slot()
    def ask_for_pin(self) -> None:
        """Ask for another PIN of the chosen user."""
        user = self.chosen
        if user is None:
            return
        dialog = UserDialog(
            self.tr("New PIN of %1").replace("%1", user.name),
            self.tr("&Change"),
            lambda asked: self.presenter.set_pin(user.name, *asked.pins),
            self,
        )
        dialog.ask_for_pin()
        self._run(dialog, self.tr("%1 has a new PIN.").replace("%1", user.name))

    def _run(self, dialog: UserDialog, said_then: str) -> None:
        if dialog.exec():
            self.message.show_note(said_then)
        dialog.deleteLater()

    @Slot()
    def toggle_disabled(self) -> None:
        """Let the chosen user sign in no more, or again."""
        user = self.chosen
        if user is None:
            return
        try:
            self.presenter.set_disabled(user.name, not user.disabled)
        except FiloError as error:
            self.message.show_error(in_language(str(error)))
            return
        text = self.tr("%1 may sign in again.") if user.disabled else self.tr("%1 can no longer sign in.")
        self.message.show_note(text.replace("%1", user.name))
