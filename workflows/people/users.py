"""The people of a record: created, given another PIN or role, disabled. Nobody is ever deleted."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from filo_core.types import EventKind, Role
from storage.names import name_key
from workflows.people.access import Access, AccessError
from workflows.people.names import person_name
from workflows.people.pins import hashed
from workflows.people.rights import Right, asks

if TYPE_CHECKING:
    from collections.abc import Iterator

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

    @asks(Right.MANAGE_USERS)
    def add(self, name: str, role: Role, pin: str) -> User:
        """A new user.

        Raises:
            AccessError: if the name is empty or taken, the first user is no admin, or nobody may do this.
            PersonNameError: if the name holds what cannot be seen, mixes scripts or reads like another user's.
            PinError: if the PIN cannot be used.
            ProductError: if the name is too long or holds characters that cannot be seen.
        """
        tidy = person_name(name)
        if not tidy:
            raise AccessError("The user has no name. Give one.")
        # Before the transaction: it takes its time.
        pin_hash = hashed(pin, tidy)
        with self._managing(tidy) as (transaction, by, is_first):
            if not is_first and transaction.users.find(tidy) is not None:
                raise AccessError("There is a user {tidy} already. Choose another name.", tidy=tidy)
            names = transaction.users.names()
            if any(name_key(tidy) == name_key(other) for other in names):
                raise AccessError(
                    "There was a user {tidy} whom the audit chain does not know. Choose another name.", tidy=tidy
                )
            person_name(name, names)
            if is_first and role is not Role.ADMIN:
                raise AccessError("The first user has to be an admin, or nobody could create the others.")
            return self._put(transaction, tidy, role, pin_hash, by, "created", before={})

    @asks(Right.MANAGE_USERS)
    def set_pin(self, name: str, pin: str) -> User:
        """Give a user another PIN; it ends his waiting as well.

        Raises:
            AccessError: if there is no such user, or nobody may do this.
            PinError: if the PIN cannot be used.
        """
        pin_hash = hashed(pin, name)
        with self._managing() as (transaction, by, _):
            user = _known(transaction, name)
            transaction.users.set_lock(user.name, None)
            return self._put(transaction, user.name, user.role, pin_hash, by, "new PIN", user.disabled, _state(user))

    @asks(Right.MANAGE_USERS)
    def set_role(self, name: str, role: Role) -> User:
        """Give a user another role.

        Raises:
            AccessError: if there is no such user, the last admin would go, or nobody may do this.
        """
        with self._managing() as (transaction, by, _):
            user = _known(transaction, name)
            if role is not Role.ADMIN:
                _keep_an_admin(transaction, user)
            what = f"role {role.value}"
            return self._put(transaction, user.name, role, user.pin_hash, by, what, user.disabled, _state(user))

    @asks(Right.MANAGE_USERS)
    def disable(self, name: str) -> User:
        """Let a user sign in no more; what he decided stays his.

        Raises:
            AccessError: if there is no such user, the last admin would go, or nobody may do this.
        """
        with self._managing() as (transaction, by, _):
            user = _known(transaction, name)
            _keep_an_admin(transaction, user)
            return self._put(transaction, user.name, user.role, user.pin_hash, by, "disabled", True, _state(user))

    @asks(Right.MANAGE_USERS)
    def enable(self, name: str) -> User:
        """Let a disabled user sign in again, with the PIN and role from before.

        Raises:
            AccessError: if there is no such user, or nobody may do this.
        """
        with self._managing() as (transaction, by, _):
            user = _known(transaction, name)
            return self._put(transaction, user.name, user.role, user.pin_hash, by, "enabled", False, _state(user))

    @contextmanager
    def _managing(self, first: str = "") -> Iterator[tuple[Transaction, str, bool]]:
        """A transaction that changes users while nobody else does, who changes them, and whether there were none.

        Who may is asked before and within it: of two admins who take each other's right at once, the second has none.
        """
        by = self._access.require(Right.MANAGE_USERS, first)
        with self._storage.transaction() as transaction:
            transaction.users.alone()
            is_first = not transaction.users.any()
            if not is_first:
                self._access.recheck(transaction, Right.MANAGE_USERS, by)
            yield transaction, by, is_first

    def _put(
        self,
        transaction: Transaction,
        name: str,
        role: Role,
        pin_hash: str,
        by: str,
        what: str,
        disabled: bool = False,
        before: Mapping[str, object] = MappingProxyType({}),
    ) -> User:
        user = transaction.users.put(name, role, pin_hash, by, disabled=disabled)
        detail = {"what": what, "role": role.value, "old": dict(before), "new": _state(user)}
        transaction.events.add(EventKind.USER_CHANGED, by, "", user.name, detail)
        return user


def _state(user: User) -> dict[str, object]:
    """What of a user an event tells; of the PIN only that there is another one."""
    return {"role": user.role.value, "disabled": user.disabled}


def _known(transaction: Transaction, name: str) -> User:
    user = transaction.users.find(name)
    if user is None:
        raise AccessError("There is no user {name!r}. main.py user list shows who there is.", name=name[:120])
    return user


def _keep_an_admin(transaction: Transaction, leaving: User) -> None:
    admins = [user for user in transaction.users.all() if user.role is Role.ADMIN and not user.disabled]
    if [user.name for user in admins] == [leaving.name]:
        raise AccessError("{name} is the only admin. Make somebody else one first.", name=leaving.name)
