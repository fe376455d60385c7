"""Who is signed in and what they may do, checked here in the core, whatever window or command asks.

Nobody has to sign in until the first user is created; until then names are taken as they are typed. From then on
looking and inspecting stay free, for a line must not stop because a person went away, and every decision needs a
person who may take it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING

from filo_core.errors import FiloError
from filo_core.types import EventKind, Role
from storage.columns import LONGEST_NAME, storable
from storage.repositories.users import SignInLock, User
from workflows.people.pins import matches, matches_nobody

if TYPE_CHECKING:
    from storage.storage import Storage, Transaction

SESSION_TIMEOUT_S = 15 * 60.0
"""A session ends after this long without a decision."""
FREE_ATTEMPTS = 3
"""Wrong PINs in a row before a name has to wait."""
FIRST_DELAY_S = 30
LONGEST_DELAY_S = 3600

_RANK = {role: rank for rank, role in enumerate(Role)}


class AccessError(FiloError):
    """Nobody is signed in, the PIN is wrong, or the person may not do this."""


class PinNeededError(AccessError):
    """What is to be done is a signature, and no PIN was given with it; nothing counts as refused."""


class Right(Enum):
    """What needs a person, and the least role that may do it."""

    REVIEW = ("review a verdict", Role.OPERATOR)
    OVERRULE = ("overrule a verdict", Role.SUPERVISOR)
    SIGN_OFF = ("sign a recipe off", Role.SUPERVISOR)
    DELETE = ("delete a product", Role.SUPERVISOR)
    GOLDEN_SET = ("change a golden set", Role.SUPERVISOR)
    RELEASE = ("let an inspection go on", Role.SUPERVISOR)
    REMOVE_IMAGES = ("remove images", Role.SUPERVISOR)
    DISCARD_VERDICTS = ("discard verdicts", Role.ADMIN)
    MANAGE_USERS = ("manage users", Role.ADMIN)

    @property
    def words(self) -> str:
        """What is done, after "may"."""
        return self.value[0]

    @property
    def who(self) -> str:
        """Whom to ask for it."""
        role = self.value[1].value
        return f"{'a' if role[0] not in 'aeiou' else 'an'} {role}"

    def is_given_to(self, role: Role) -> bool:
        """True if the role is high enough."""
        return _RANK[role] >= _RANK[self.value[1]]


@dataclass(frozen=True, slots=True)
class _SignedIn:
    user: User
    session_id: int
    used_at: float


class Access:
    """The one person signed in at this start of the program. Safe to use from several threads.

    Args:
        storage: the record.
        station: kept with sessions and events.
        timeout_s: how long a session lasts without a decision.
        clock: seconds of a clock that nobody can move back.
    """

    def __init__(
        self,
        storage: Storage,
        station: str = "",
        timeout_s: float = SESSION_TIMEOUT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage = storage
        self._station = station
        self._timeout_s = timeout_s
        self._clock = clock
        self._current: _SignedIn | None = None
        self._lock = threading.RLock()

    @property
    def is_needed(self) -> bool:
        """True once the first user was created."""
        with self._storage.reading() as transaction:
            return transaction.users.any()

    @property
    def user(self) -> User | None:
        """Who is signed in; None when nobody is, or the session has timed out."""
        with self._lock:
            current = self._current
            if current is not None and self._clock() - current.used_at > self._timeout_s:
                self._end(current, "timed out")
            return self._current.user if self._current is not None else None

    def operator(self, otherwise: str) -> str:
        """The name kept with an inspection: the person signed in, where somebody is.

        Ask outside a transaction: a session that has timed out ends here, which is written.

        Args:
            otherwise: the name where nobody is; inspecting stays free.

        Raises:
            StorageError: if the end of a session cannot be written.
        """
        user = self.user
        return user.name if user is not None else otherwise

    def sign_in(self, name: str, pin: str) -> User:
        """Begin a session, ending the one before.

        Raises:
            AccessError: if the name or the PIN is wrong, the user is disabled, or the name has to wait.
        """
        with self._lock:
            user = self._checked(name, pin)
            self.sign_out()
            with self._storage.transaction() as transaction:
                run = self._storage.artefacts.run
                session_id = transaction.jobs.open_session(user.user_id, self._station, run)
                transaction.events.add(EventKind.SIGNED_IN, user.name, self._station, user.name, {})
            self._current = _SignedIn(user, session_id, self._clock())
            return user

    def sign_out(self) -> None:
        """End the session; nothing happens without one."""
        with self._lock:
            if self._current is not None:
                self._end(self._current, "signed out")

    def require(self, right: Right, typed_name: str = "", pin: str | None = None) -> str:
        """The name that stands beside a decision.

        Args:
            right: what is to be done.
            typed_name: the name to take while there are no users at all.
            pin: the person's PIN once more, where the decision needs it; None where it does not.

        Raises:
            AccessError: if nobody is signed in, the person may not do this, or the PIN is wrong.
            PinNeededError: if it needs the PIN, and an empty one was given.
        """
        if not self.is_needed:
            return typed_name
        with self._lock:
            user = self.user
            if user is None:
                raise AccessError(f"Nobody is signed in. Sign in to {right.words}.")
            with self._storage.reading() as transaction:
                now = transaction.users.find(user.name)
            if now is None or now.disabled or not right.is_given_to(now.role):
                raise AccessError(f"{user.name} may not {right.words}. Ask {right.who}.")
            if pin is not None:
                if not pin:
                    raise PinNeededError(f"No PIN was given, which is wrong: to {right.words} needs it again.")
                self._checked(user.name, pin)
            if self._current is not None:
                self._current = replace(self._current, user=now, used_at=self._clock())
            return user.name

    def _checked(self, name: str, pin: str) -> User:
        """The user of a name, if the PIN is theirs.

        The attempt counts as refused before the PIN is looked at, so that many at once are no way round the wait; and
        no transaction is open while it is looked at, so that a line's verdicts do not wait for it.
        """
        # Whatever was typed becomes something that every database takes.
        name = storable(name)[:LONGEST_NAME]
        user, in_a_row = self._attempt(name)
        is_right = _is_right(user, pin)
        with self._storage.transaction() as transaction:
            if is_right:
                transaction.users.set_lock(name, None)
            else:
                transaction.events.add(EventKind.SIGN_IN_REFUSED, "", self._station, name, {"in_a_row": in_a_row})
        # Outside: the refusal is in the record before anybody hears of it.
        if not is_right:
            raise AccessError("Name or PIN is wrong. Try again, or ask an admin.")
        assert user is not None, "nobody has no PIN that is right"
        return user

    def _attempt(self, name: str) -> tuple[User | None, int]:
        """Whom the name belongs to, and how many attempts in a row this is; none while the name has to wait."""
        with self._storage.transaction() as transaction:
            wait = _seconds_to_wait(transaction, name)
            if not wait:
                before = transaction.users.lock(name)
                failures = (before.failures if before else 0) + 1
                transaction.users.set_lock(name, SignInLock(failures, datetime.now(UTC), delay_after(failures)))
                return transaction.users.find(name), failures
        raise AccessError(f"{name} was refused too often. Wait {_spoken(wait)}, then try again.")

    def _end(self, current: _SignedIn, why: str) -> None:
        self._current = None
        with self._storage.transaction() as transaction:
            transaction.jobs.end_session(current.session_id)
            name = current.user.name
            transaction.events.add(EventKind.SIGNED_OUT, name, self._station, name, {"why": why})


def delay_after(failures: int) -> int:
    """Seconds that a name waits after so many wrong PINs in a row: none, then 30, doubled each time up to an hour."""
    if failures < FREE_ATTEMPTS:
        return 0
    return min(LONGEST_DELAY_S, FIRST_DELAY_S << min(failures - FREE_ATTEMPTS, 16))


def _seconds_to_wait(transaction: Transaction, name: str) -> float:
    lock = transaction.users.lock(name)
    if lock is None or not lock.delay_s:
        return 0.0
    now = datetime.now(UTC)
    if now < lock.refused_at:
        # The clock was moved back: the whole wait begins anew, which makes it neither shorter nor endless.
        transaction.users.set_lock(name, replace(lock, refused_at=now))
        return float(lock.delay_s)
    return max(0.0, lock.delay_s - (now - lock.refused_at).total_seconds())


def _is_right(user: User | None, pin: str) -> bool:
    if user is None or user.disabled:
        # Takes as long as a real check: the time must not tell which names exist.
        return matches_nobody(pin)
    return matches(user.pin_hash, pin)


def _spoken(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
