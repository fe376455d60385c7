"""Users of the record whom a directory vouches for: made, given their role, and admitted while it is away.

Their row in the record holds in place of a PIN's hash the word ``directory:`` and the argon2id hash of the password
that the directory took last. It fits no PIN, and lets them sign in while the directory is away, for as long as the
settings say; since it is in the audit chain, nobody plants another one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from filo_core.errors import FiloError
from filo_core.types import EventKind, Role
from workflows.people.directory import AsksDirectory, DirectoryAwayError, DirectoryPerson
from workflows.people.names import person_name
from workflows.people.pins import hashed_password, matches
from workflows.people.rights import free

if TYPE_CHECKING:
    from storage.repositories.users import User
    from storage.storage import Storage

MARK = "directory:"
ACTOR = "directory"
"""Stands in the events for who made a user of the directory."""
VIA, VIA_CACHE = "directory", "directory, which was away"
_LOOKED_BACK = 200


class NotAdmittedError(FiloError):
    """A person whom the directory knows may not sign in here, or it is away for too long."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody who may sign in, and who said so."""

    user: User
    via: str


def is_of_directory(user: User) -> bool:
    """Whether a directory vouches for this user, rather than a PIN."""
    return user.pin_hash.startswith(MARK)


class DirectoryUsers:
    """Asks the directory, and keeps what it says.

    Args:
        storage: the record.
        directory: who is asked.
        keep: for how long after the directory has let somebody in they may sign in while it is away; none for never.
        wall: the clock on the wall.
    """

    def __init__(
        self, storage: Storage, directory: AsksDirectory, keep: timedelta, wall: Callable[[], datetime]
    ) -> None:
        self._storage = storage
        self._directory = directory
        self._keep = keep
        self._wall = wall

    @free("signing in is what everything else asks for")
    def admitted(self, name: str, user: User | None, password: str) -> Admitted:
        """Who may sign in with these.

        Args:
            name: as it was typed.
            user: the record's, where there is one of this name; of the directory.
            password: theirs.

        Raises:
            FiloError: why not, as a sentence. No transaction is open while the directory is asked.
        """
        try:
            person = self._directory.ask(user.name if user is not None else name.strip(), password)
        except DirectoryAwayError as error:
            return self._while_away(user, password, error)
        if user is not None and user.disabled:
            raise NotAdmittedError("{name} may not sign in here any more. Ask an admin.", name=user.name)
        if person.role is None:
            self._forget(user)
            raise NotAdmittedError(
                "{name} is in no group of the directory that may sign in here. Ask an admin.", name=name.strip()
            )
        return Admitted(self._kept(name, user, person, person.role, password), VIA)

    def _while_away(self, user: User | None, password: str, error: DirectoryAwayError) -> Admitted:
        """By what was kept; the role is the last one that the directory gave."""
        kept = user.pin_hash.removeprefix(MARK) if user is not None and not user.disabled else ""
        if user is not None and kept and self._is_recent(user.name) and matches(kept, password):
            return Admitted(user, VIA_CACHE)
        raise NotAdmittedError(
            "{error} Without it only those sign in who did so here within {hours:.0f} hours, with the same password, "
            "and those who have a PIN.",
            error=error,
            hours=self._keep.total_seconds() / 3600.0,
        ) from error

    def _is_recent(self, name: str) -> bool:
        with self._storage.reading() as transaction:
            for event in transaction.events.about(EventKind.SIGNED_IN, name, _LOOKED_BACK):
                if json.loads(event.detail).get("via") == VIA:
                    return timedelta(0) <= self._wall() - event.at < self._keep
        return False

    def _kept(self, name: str, user: User | None, person: DirectoryPerson, role: Role, password: str) -> User:
        """The record's user of this person, with this role and password."""
        if user is not None and user.role is role and matches(user.pin_hash.removeprefix(MARK), password):
            return user
        pin_hash = MARK + (hashed_password(password) if self._keep else "")
        tidy = user.name if user is not None else person_name(name)
        with self._storage.transaction() as transaction:
            transaction.users.alone()
            before = transaction.users.find(tidy)
            if before is None:
                if not transaction.users.any() and role is not Role.ADMIN:
                    raise NotAdmittedError("The first user has to be an admin, or nobody could create the others.")
                # Nobody becomes a user who reads like another one.
                person_name(name, transaction.users.names())
            elif not is_of_directory(before):
                raise NotAdmittedError("{name} has a PIN here. Sign in with it.", name=before.name)
            elif before.disabled:
                # Since the directory was asked.
                raise NotAdmittedError("{name} may not sign in here any more. Ask an admin.", name=before.name)
            if before is not None and before.role is role and before.pin_hash == pin_hash:
                return before
            made = transaction.users.put(tidy, role, pin_hash, ACTOR)
            old = {} if before is None else {"role": before.role.value, "disabled": before.disabled}
            new = {"role": role.value, "disabled": False}
            detail = {"what": "of the directory", "dn": person.dn, "role": role.value, "old": old, "new": new}
            transaction.events.add(EventKind.USER_CHANGED, ACTOR, "", made.name, detail)
            return made

    def _forget(self, user: User | None) -> None:
        """Who is in no group any more does not come in while the directory is away either."""
        if user is None or user.pin_hash == MARK:
            return
        with self._storage.transaction() as transaction:
            transaction.users.alone()
            made = transaction.users.put(user.name, user.role, MARK, ACTOR, disabled=user.disabled)
            state = {"role": user.role.value, "disabled": user.disabled}
            detail = {"what": "in no group of the directory", "role": user.role.value, "old": state, "new": state}
            transaction.events.add(EventKind.USER_CHANGED, ACTOR, "", made.name, detail)
