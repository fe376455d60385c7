"""The people of a record: created, given another PIN or role, disabled. Nobody is ever deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filo_core.types import EventKind, Role
from storage.names import tidy_name
from workflows.people.access import Access, AccessError, Right
from workflows.people.pins import hashed

if TYPE_CHECKING:
    from storage.repositories.users import User
    from storage.storage import Storage, Transaction


class Users:
    """User management, for an admin who is signed in; the very first user makes himself one."""

    def __init__(self, storage: Storage, access: Access) -> None:
        self._storage = storage
        self._access = access

    def all(self) -> tuple[User, ...]:
        """Everybody, in the order of their names."""
        with self._storage.reading() as transaction:
            return transaction.users.all()

    def add(self, name: str, role: Role, pin: str) -> User:
        """A new user.

        Raises:
            AccessError: if the name is empty or taken, the first user is no admin, or nobody may do this.
            PinError: if the PIN cannot be used.
            ProductError: if the name is too long or holds characters that cannot be seen.
        """
        tidy = tidy_name(name, "user's name")
        if not tidy:
            raise AccessError("The user has no name. Give one.")
        by = self._access.require(Right.MANAGE_USERS, tidy)
        pin_hash = hashed(pin)
        with self._storage.transaction() as transaction:
            if transaction.users.find(tidy) is not None:
                raise AccessError(f"There is a user {tidy} already. Choose another name.")
            if not transaction.users.any() and role is not Role.ADMIN:
                raise AccessError("The first user has to be an admin, or nobody could create the others.")
            return self._put(transaction, tidy, role, pin_hash, by, "created")

    def set_pin(self, name: str, pin: str) -> User:
        """Give a user another PIN; it ends his waiting as well.

        Raises:
            AccessError: if there is no such user, or nobody may do this.
            PinError: if the PIN cannot be used.
        """
        by = self._access.require(Right.MANAGE_USERS)
        pin_hash = hashed(pin)
        with self._storage.transaction() as transaction:
            user = _known(transaction, name)
            transaction.users.set_lock(name, None)
            return self._put(transaction, user.name, user.role, pin_hash, by, "new PIN", disabled=user.disabled)

    def set_role(self, name: str, role: Role) -> User:
        """Give a user another role.

        Raises:
            AccessError: if there is no such user, the last admin would go, or nobody may do this.
        """
        by = self._access.require(Right.MANAGE_USERS)
        with self._storage.transaction() as transaction:
            user = _known(transaction, name)
            if role is not Role.ADMIN:
                _keep_an_admin(transaction, user)
            what = f"role {role.value}"
            return self._put(transaction, user.name, role, user.pin_hash, by, what, disabled=user.disabled)

    def disable(self, name: str) -> User:
        """Let a user sign in no more; what he decided stays his.

        Raises:
            AccessError: if there is no such user, the last admin would go, or nobody may do this.
        """
        by = self._access.require(Right.MANAGE_USERS)
        with self._storage.transaction() as transaction:
            user = _known(transaction, name)
            _keep_an_admin(transaction, user)
            return self._put(transaction, user.name, user.role, user.pin_hash, by, "disabled", disabled=True)

    def enable(self, name: str) -> User:
        """Let a disabled user sign in again, with the PIN and role from before.

        Raises:
            AccessError: if there is no such user, or nobody may do this.
        """
        by = self._access.require(Right.MANAGE_USERS)
        with self._storage.transaction() as transaction:
            user = _known(transaction, name)
            return self._put(transaction, user.name, user.role, user.pin_hash, by, "enabled")

    def _put(
        self, transaction: Transaction, name: str, role: Role, pin_hash: str, by: str, what: str, disabled: bool = False
    ) -> User:
        user = transaction.users.put(name, role, pin_hash, by, disabled=disabled)
        transaction.events.add(EventKind.USER_CHANGED, by, "", user.name, {"what": what, "role": role.value})
        return user


def _known(transaction: Transaction, name: str) -> User:
    user = transaction.users.find(name)
    if user is None:
        raise AccessError(f"There is no user {name[:120]!r}. main.py user list shows who there is.")
    return user


def _keep_an_admin(transaction: Transaction, leaving: User) -> None:
    admins = [user for user in transaction.users.all() if user.role is Role.ADMIN and not user.disabled]
    if [user.name for user in admins] == [leaving.name]:
        raise AccessError(f"{leaving.name} is the only admin. Make somebody else one first.")
