"""Users as versions: a change is a new row, the newest of a name counts. And who must wait before the next attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from filo_core.types import Role
from storage.names import name_key
from storage.trust_models import SignInLockRow, UserRow


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
    """Users by name; case and blanks make no difference."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def any(self) -> bool:
        """True once the first user was created."""
        return self._session.scalar(select(UserRow.id).limit(1)) is not None

    def all(self) -> tuple[User, ...]:
        """Everybody as they stand now, in the order of their names."""
        newest = select(func.max(UserRow.id)).group_by(UserRow.name_key)
        rows = self._session.scalars(select(UserRow).where(UserRow.id.in_(newest)).order_by(UserRow.name_key))
        return tuple(_user(row) for row in rows)

    def find(self, name: str) -> User | None:
        """One person as they stand now, None for an unknown name."""
        row = self._newest(name)
        return _user(row) if row is not None else None

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

    def _newest(self, name: str) -> UserRow | None:
        query = select(UserRow).where(UserRow.name_key == name_key(name)).order_by(UserRow.version.desc()).limit(1)
        return self._session.scalar(query)


def _user(row: UserRow) -> User:
    return User(row.id, row.name, Role(row.role), row.disabled, row.pin_hash)
