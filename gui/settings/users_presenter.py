"""Who there is and who may change that, without a widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gui.background import asked
from workflows.people.access import AccessError, Right

if TYPE_CHECKING:
    from filo_core.types import Role
    from gui.state import AppState
    from storage.repositories.users import User


class UsersPresenter(QObject):
    """Every change raises a :class:`~filo_core.errors.FiloError` with a sentence for the user when it is refused."""

    changed = Signal()
    """The users, or who is signed in."""

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._users = state.workbench.users
        self._access = state.workbench.access
        state.operator_changed.connect(self.changed)

    @property
    def is_empty(self) -> bool:
        """True until the first user is created: nobody has to sign in, and the first one has to be an admin."""
        return not self._state.asks_for_sign_in

    @property
    def may_manage(self) -> bool:
        """Whether the person signed in may see and change users."""
        user = self._state.signed_in
        return self.is_empty or (user is not None and Right.MANAGE_USERS.is_given_to(user.role))

    @property
    def signed_in(self) -> str:
        """Name of the person signed in; empty when nobody is."""
        user = self._state.signed_in
        return user.name if user is not None else ""

    def users(self) -> tuple[User, ...]:
        """Everybody, for those who may manage them; nobody's name for others."""
        return asked(self._users.all) if self.may_manage else ()

    def add(self, name: str, role: Role, pin: str, again: str) -> None:
        """Create a user. Who creates the first one is that person, and signed in from then on.

        Raises:
            FiloError: if the two PINs differ, or the core refuses.
        """
        _same(pin, again)
        is_first = self.is_empty
        made = asked(lambda: self._users.add(name, role, pin))
        if is_first:
            asked(lambda: self._access.sign_in(made.name, pin))
            self._state.set_operator(made.name)
        self.changed.emit()

    def set_role(self, name: str, role: Role) -> None:
        """Give a user another role."""
        asked(lambda: self._users.set_role(name, role))
        self.changed.emit()

    def set_pin(self, name: str, pin: str, again: str) -> None:
        """Give a user another PIN."""
        _same(pin, again)
        asked(lambda: self._users.set_pin(name, pin))
        self.changed.emit()

    def set_disabled(self, name: str, disabled: bool) -> None:
        """Let a user sign in no more, or again."""
        change = self._users.disable if disabled else self._users.enable
        asked(lambda: change(name))
        self.changed.emit()


def _same(pin: str, again: str) -> None:
    if pin != again:
        raise AccessError("The two PINs differ. Type the same one twice.")
