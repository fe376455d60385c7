"""Who is signed in and what they may do, checked here in the core, whatever window or command asks.

Nobody has to sign in until the first user is created; until then names are taken as they are typed. From then on
looking and inspecting stay free, for a line must not stop because a person went away, and whatever changes the record
or takes something out of it needs a person who may do so.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from filo_core.errors import FiloError
from filo_core.types import EventKind
from storage.columns import LONGEST_NAME, storable
from storage.names import name_key
from storage.repositories.users import User
from workflows.people.directory import directory_of
from workflows.people.directory_users import DirectoryUsers, is_of_directory
from workflows.people.names import looks_like
from workflows.people.pins import matches, matches_nobody
from workflows.people.rights import Right
from workflows.people.waiting import (
    FIRST_DELAY_S,
    FREE_ATTEMPTS,
    LONGEST_DELAY_S,
    count_attempt,
    delay_after,
    spoken,
)

if TYPE_CHECKING:
    from storage.storage import Storage, Transaction
    from workflows.people.directory import AsksDirectory
    from workflows.settings.settings import Settings

__all__ = (
    "FIRST_DELAY_S",
    "FREE_ATTEMPTS",
    "LONGEST_DELAY_S",
    "Access",
    "AccessError",
    "PinNeededError",
    "Right",
    "delay_after",
)

SESSION_TIMEOUT_S = 15 * 60.0
"""A session ends after this long without a decision."""
NOT_SIGNED_IN = " (not signed in)"
"""Stands behind a user's name that somebody else has given."""

_OF_THIS_RUN = secrets.token_bytes(32)
"""Keys the digests of names that nobody has: kept nowhere, so that no list of guesses finds what was typed."""


class AccessError(FiloError):
    """Nobody is signed in, the PIN is wrong, or the person may not do this."""


class PinNeededError(AccessError):
    """What is to be done is a signature, and no PIN was given with it; nothing counts as refused."""


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
        wall: the clock on the wall, for waits that outlive the program.
        operator: the name that stands beside decisions while there are no users, where none is typed.
        directory: says whether the password of somebody without a PIN is right, and what they may; None without one.
        keep: for how long such a person may sign in while the directory is away, after it has let them in.
    """

    def __init__(
        self,
        storage: Storage,
        station: str = "",
        timeout_s: float = SESSION_TIMEOUT_S,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        operator: str = "",
        directory: AsksDirectory | None = None,
        keep: timedelta = timedelta(0),
    ) -> None:
        self._directory = DirectoryUsers(storage, directory, keep, wall) if directory is not None else None
        self._storage = storage
        self._station = station
        self._timeout_s = timeout_s
        self._clock = clock
        self._wall = wall
        self._operator = operator
        self._names: tuple[int, tuple[str, ...]] = (0, ())
        self._current: _SignedIn | None = None
        self._lock = threading.RLock()

    @property
    def storage(self) -> Storage:
        """The record whose users they are."""
        return self._storage

    @property
    def is_needed(self) -> bool:
        """True once the first user was created, whatever became of the table since: the chain tells of it."""
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

    @property
    def has_directory(self) -> bool:
        """Whether people of a directory sign in as well, with their password there."""
        return self._directory is not None

    def people(self) -> tuple[str, ...]:
        """Names of those who may sign in; whoever did so last comes first.

        Raises:
            UsersAlteredError: if a user was removed outside this program.
        """
        with self._storage.reading() as transaction:
            return transaction.users.recent()

    def operator(self, otherwise: str = "") -> str:
        """The name kept with an inspection: the person signed in, where somebody is.

        Ask outside a transaction: a session that has timed out ends here, which is written.

        Args:
            otherwise: the name where nobody is; inspecting stays free.

        Raises:
            StorageError: if the end of a session cannot be written.
        """
        user = self.user
        return user.name if user is not None else self.unsigned(otherwise or self._operator)

    def unsigned(self, name: str) -> str:
        """A name that was given without a PIN; one that reads like a user's says that nobody signed in under it."""
        return f"{name}{NOT_SIGNED_IN}" if self._is_like_a_user(name) else name

    def refuse_borrowed(self, name: str) -> None:
        """Refuse a name that was given without a PIN and reads like a user's.

        Raises:
            AccessError: with the remedy.
        """
        if self._is_like_a_user(name):
            raise AccessError(
                "{name} is a user here, or reads like one. Sign in with --user {name}, or give another "
                "name: as FILO_OPERATOR, or with --by.",
                name=name,
            )

    def sign_in(self, name: str, pin: str) -> User:
        """Begin a session, ending the one before.

        Raises:
            AccessError: if the name or the PIN is wrong, the user is disabled, or the name has to wait.
        """
        # Outside: a directory takes seconds to answer, and the window and its lines ask meanwhile who is signed in.
        user, via = self._checked(name, pin)
        with self._lock:
            self.sign_out()
            with self._storage.transaction() as transaction:
                run = self._storage.artefacts.run
                session_id = transaction.jobs.open_session(user.user_id, self._station, run)
                told = {"via": via} if via else {}
                transaction.events.add(EventKind.SIGNED_IN, user.name, self._station, user.name, told)
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
            return typed_name or self._operator
        with self._lock:
            user = self.user
            if user is None:
                raise AccessError("Nobody is signed in. Sign in to {words}.", words=right.words)
            with self._storage.reading() as transaction:
                now = self.recheck(transaction, right, user.name)
        if pin is not None:
            if not pin:
                raise PinNeededError(
                    "The PIN is wrong: none was given, and to {words} needs it again.", words=right.words
                )
            # Outside the lock, as in signing in; a directory may have given another role with its answer.
            self._checked(user.name, pin)
            with self._storage.reading() as transaction:
                now = self.recheck(transaction, right, user.name)
        with self._lock:
            if self._current is None or self._current.user.user_id != user.user_id:
                raise AccessError("Nobody is signed in. Sign in to {words}.", words=right.words)
            self._current = replace(self._current, user=now, used_at=self._clock())
            return user.name

    def tell(
        self,
        right: Right,
        kind: EventKind,
        subject: str,
        detail: Mapping[str, object],
        typed_name: str = "",
        pin: str | None = None,
    ) -> str:
        """Ask as :meth:`require` does, and tell the chain of it before it is done: for what takes long, or goes out.

        Returns:
            Who does it.
        """
        by = self.require(right, typed_name, pin)
        with self._storage.transaction() as transaction:
            self.note(transaction, kind, by, subject, detail)
        return by

    def note(
        self, transaction: Transaction, kind: EventKind, by: str, subject: str, detail: Mapping[str, object]
    ) -> None:
        """Tell the chain of something within the transaction that does it, with the station."""
        transaction.events.add(kind, by, self._station, subject, detail)

    def recheck(self, transaction: Transaction, right: Right, name: str) -> User:
        """The person as they stand within the transaction that does it: somebody may have changed them meanwhile.

        Raises:
            AccessError: if they may not do this any more.
        """
        now = transaction.users.find(name)
        if now is None or now.disabled or not right.is_given_to(now.role):
            raise AccessError("{name} may not {words}. Ask {who}.", name=name, words=right.words, who=right.who)
        return now

    def _checked(self, name: str, pin: str) -> tuple[User, str]:
        """The user of a name, if the PIN is theirs, and who else said so: nobody, or the directory.

        The attempt counts as refused before the PIN is looked at, so that many at once are no way round the wait; and
        no transaction is open while it is looked at, so that a line's verdicts do not wait for it.
        """
        # Whatever was typed becomes something that every database takes.
        name = storable(name)[:LONGEST_NAME]
        user, subject, in_a_row = self._attempt(name)
        user, via, refusal = self._answer(name, user, pin)
        is_right = refusal is None
        with self._storage.transaction() as transaction:
            if not is_right:
                detail = {"in_a_row": in_a_row}
                transaction.events.add(EventKind.SIGN_IN_REFUSED, "", self._station, subject, detail)
            else:
                transaction.users.set_lock(subject, None)
                if in_a_row > 1:
                    # The chain tells that the refusals before this are over.
                    why = {"why": "right PIN"}
                    transaction.events.add(EventKind.SIGNED_IN, subject, self._station, subject, why)
        # Outside: the refusal is in the record before anybody hears of it.
        if refusal is not None:
            raise refusal
        assert user is not None, "nobody has no PIN that is right"
        return user, via

    def _answer(self, name: str, user: User | None, pin: str) -> tuple[User | None, str, AccessError | None]:
        """Who it is, who else said so, and why they are refused; None where they are not."""
        if self._directory is None or not (user is None or is_of_directory(user)):
            refused = None if _is_right(user, pin) else AccessError("Name or PIN is wrong. Try again, or ask an admin.")
            return user, "", refused
        try:
            admitted = self._directory.admitted(name, user, pin)
        except FiloError as error:
            return user, "", AccessError(error.sentence)
        return admitted.user, admitted.via, None

    def _attempt(self, name: str) -> tuple[User | None, str, int]:
        """Whom the name belongs to, what the record calls it, and how many attempts in a row this is.

        Raises:
            AccessError: while the name has to wait; the attempt counts for nothing then.
        """
        with self._storage.transaction() as transaction:
            transaction.users.alone()
            user = transaction.users.find(name)
            # What nobody is called may be a PIN that was typed into the wrong field.
            subject = user.name if user is not None else _digest(name)
            failures, wait = count_attempt(transaction, subject, self._wall())
        if wait:
            raise AccessError(
                "{name} was refused too often. Wait {wait}, then try again.", name=name, wait=spoken(wait)
            )
        return user, subject, failures

    def _is_like_a_user(self, name: str) -> bool:
        with self._storage.reading() as transaction:
            newest = transaction.users.newest_id()
            if newest != self._names[0]:
                self._names = (newest, transaction.users.names())
        return any(looks_like(name, other) for other in self._names[1])

    def _end(self, current: _SignedIn, why: str) -> None:
        self._current = None
        with self._storage.transaction() as transaction:
            transaction.jobs.end_session(current.session_id)
            name = current.user.name
            transaction.events.add(EventKind.SIGNED_OUT, name, self._station, name, {"why": why})


def access_of(storage: Storage, settings: Settings) -> Access:
    """Access as the settings have it, people of a directory included.

    Raises:
        SettingsError: if the settings name a directory that cannot be one.
    """
    keep = timedelta(hours=settings.directory_keep_hours)
    return Access(storage, settings.station, operator=settings.operator, directory=directory_of(settings), keep=keep)


def _is_right(user: User | None, pin: str) -> bool:
    if user is None or user.disabled:
        # Takes as long as a real check: the time must not tell which names exist.
        return matches_nobody(pin)
    return matches(user.pin_hash, pin)


def _digest(name: str) -> str:
    return f"unknown name {hmac.digest(_OF_THIS_RUN, name_key(name).encode(), 'sha256').hex()[:16]}"
