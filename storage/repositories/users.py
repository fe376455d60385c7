"""Users as versions: a change is a new row, the newest of a name counts. And who must wait before the next attempt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, func, or_, select, text
from sqlalchemy.orm import Session

from filo_core.errors import StorageError
from filo_core.types import EventKind, Role
from storage.audit.vouching import Vouched, entries_of, vouched
from storage.engine import wait_for_other_people
from storage.names import name_key
from storage.trust_models import SIGNING_IN, EventRow, SessionRow, SignInLockRow, UserRow

LONGEST_COUNT = 64
"""Events of a name in which refusals in a row are counted; the longest wait comes far sooner."""


class UsersAlteredError(StorageError):
    """A user of the record is gone, whom the chain tells of: nobody signs in before it is restored."""


@dataclass(frozen=True, slots=True)
class User:
    """A person as they stand now. ``pin_hash`` is argon2's; the PIN itself is nowhere."""

    user_id: int
    name: str
    role: Role
    disabled: bool
    pin_hash: str


@dataclass(frozen=True, slots=True)
class SignInLock:
    """Refusals in a row, and the wait that the last one brought."""

    failures: int
    refused_at: datetime
    delay_s: int


class UserRepository:
    """Users by name; case and blanks make no difference. Only those count whom the audit chain vouches for."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def any(self) -> bool:
        """True once the first user was created: a fact of the chain, which no emptied table undoes."""
        told = (select(UserRow.id), entries_of(UserRow.__tablename__), _events(EventKind.USER_CHANGED))
        # Asked before every decision: one statement.
        return bool(self._session.scalar(select(or_(*(one.exists() for one in told)))))

    def all(self) -> tuple[User, ...]:
        """Everybody as they stand now, in the order of their names; whom the chain does not vouch for is nobody.

        Raises:
            UsersAlteredError: if a user's row was removed.
        """
        rows = self._session.scalars(select(UserRow).order_by(UserRow.name_key, UserRow.version)).all()
        found = self._vouched()
        return tuple(_user(row) for row in _standing(rows, found).values())

    def recent(self) -> tuple[str, ...]:
        """Names of those who may sign in; whoever did so last comes first, then those who never did, by name.

        Raises:
            UsersAlteredError: if a user's row was removed.
        """
        query = (
            select(UserRow.name_key, func.max(SessionRow.id))
            .join(SessionRow, SessionRow.user_id == UserRow.id)
            .group_by(UserRow.name_key)
        )
        last = {row[0]: row[1] for row in self._session.execute(query)}
        enabled = [user.name for user in self.all() if not user.disabled]
        return tuple(sorted(enabled, key=lambda name: -last.get(name_key(name), 0)))

    def find(self, name: str) -> User | None:
        """One person as they stand now, None for an unknown name, or one whom the chain does not vouch for.

        Raises:
            UsersAlteredError: if a user's row was removed.
        """
        query = select(UserRow).where(UserRow.name_key == name_key(name)).order_by(UserRow.version)
        row = _standing(self._session.scalars(query).all(), self._vouched()).get(name_key(name))
        return _user(row) if row is not None else None

    def names(self) -> tuple[str, ...]:
        """Every name that a user has or had, vouched for or not."""
        return tuple(self._session.scalars(select(UserRow.name).distinct()))

    def newest_id(self) -> int:
        """Number of the newest change of a user, 0 while there is none; costs next to nothing."""
        return self._session.scalar(select(func.max(UserRow.id))) or 0

    def alone(self) -> None:
        """Hold back everybody else who changes users or tries a PIN, until the transaction ends."""
        wait_for_other_people(self._session.connection())

    def refusals(self, name: str) -> SignInLock | None:
        """What the chain says of a name's refusals since it last signed in or got a PIN; ``delay_s`` is not told.

        None where there is none.
        """
        query = select(EventRow).where(text(SIGNING_IN), EventRow.subject == name)
        rows = self._session.scalars(query.order_by(EventRow.id.desc()).limit(LONGEST_COUNT)).all()
        sound = vouched(self._session, EventRow.__tablename__, [row.id for row in rows]).sound
        refused = []
        for row in (row for row in rows if row.id in sound):
            if row.kind != EventKind.SIGN_IN_REFUSED:
                break
            refused.append(row.at)
        return SignInLock(len(refused), refused[0], 0) if refused else None

    def put(self, name: str, role: Role, pin_hash: str, by: str, *, disabled: bool = False) -> User:
        """Add a new user, or the next version of one."""
        before = self._newest(name)
        row = UserRow(
            name=before.name if before is not None else name,
            name_key=name_key(name),
            version=before.version + 1 if before is not None else 1,
            role=role.value,
            disabled=disabled,
            pin_hash=pin_hash,
            changed_by=by,
            changed_at=datetime.now(UTC),
        )
        self._session.add(row)
        self._session.flush()
        return _user(row)

    def lock(self, name: str) -> SignInLock | None:
        """What the last refusal of a name brought, None when the last attempt was right."""
        row = self._session.get(SignInLockRow, name_key(name))
        return SignInLock(row.failures, row.refused_at, row.delay_s) if row is not None else None

    def locks(self) -> dict[str, SignInLock]:
        """Every wait that the table holds, by the key of its name."""
        rows = self._session.scalars(select(SignInLockRow)).all()
        return {row.name_key: SignInLock(row.failures, row.refused_at, row.delay_s) for row in rows}

    def refused_names(self) -> tuple[str, ...]:
        """Every name, or digest of what nobody is called, that was ever refused."""
        query = select(EventRow.subject).where(text(SIGNING_IN), EventRow.kind == EventKind.SIGN_IN_REFUSED)
        return tuple(self._session.scalars(query.distinct()))

    def set_lock(self, name: str, lock: SignInLock | None) -> None:
        """Remember a refusal, or forget them all."""
        row = self._session.get(SignInLockRow, name_key(name))
        if lock is None:
            if row is not None:
                self._session.delete(row)
        elif row is None:
            self._session.add(
                SignInLockRow(
                    name_key=name_key(name), failures=lock.failures, refused_at=lock.refused_at, delay_s=lock.delay_s
                )
            )
        else:
            row.failures, row.refused_at, row.delay_s = lock.failures, lock.refused_at, lock.delay_s
        self._session.flush()

    def _vouched(self) -> Vouched:
        found = vouched(self._session, UserRow.__tablename__)
        if found.gone:
            raise UsersAlteredError(
                "Users were removed from this record outside this program, so nobody can sign in. "
                "Restore the newest backup; main.py audit verify says what is missing."
            )
        return found

    def _newest(self, name: str) -> UserRow | None:
        query = select(UserRow).where(UserRow.name_key == name_key(name)).order_by(UserRow.version.desc()).limit(1)
        return self._session.scalar(query)


def _standing(rows: Sequence[UserRow], found: Vouched) -> dict[str, UserRow]:
    """The newest row of each name that has its entry; none of a name that has a row which was changed."""
    changed = {row.name_key for row in rows if row.id in found.changed}
    return {row.name_key: row for row in rows if row.id in found.sound and row.name_key not in changed}


def _events(kind: EventKind) -> Select[int]:
    return select(EventRow.id).where(EventRow.kind == kind)


def _user(row: UserRow) -> User:
    return User(row.id, row.name, Role(row.role), row.disabled, row.pin_hash)
