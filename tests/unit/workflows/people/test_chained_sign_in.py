"""Who may sign in, who was the first, and who has to wait are facts of the chain: a row of a table is none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from filo_core.types import EventKind, Role
from storage.repositories.users import SignInLock, UsersAlteredError
from storage.storage import Storage
from tests.unit.workflows.people.conftest import PIN
from workflows.people.access import FREE_ATTEMPTS, Access, AccessError, Right
from workflows.people.pins import hashed
from workflows.people.users import Users


def tamper(storage: Storage, *statements: str, **values: str) -> None:
    """As somebody with the database's file, or its owner's password, would."""
    with storage._engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            for table in ("users", "events", "audit_chain"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        else:
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for statement in statements:
            connection.execute(text(statement), values)


def copied(role: str) -> str:
    """A statement that plants a user called :name with the PIN hash :pin."""
    return (
        "INSERT INTO users (id, name, name_key, version, role, disabled, pin_hash, changed_by, changed_at) "
        f"SELECT 900, :name, :key, :version, '{role}', false, :pin, changed_by, changed_at FROM users "
        "WHERE name = 'Ada'"
    )


def test_a_user_without_an_entry_cannot_sign_in(storage: Storage, crew: Access) -> None:
    tamper(storage, copied("admin").replace(":version", "1"), name="Eve", key="eve", pin=hashed("604817"))
    with pytest.raises(AccessError, match="Name or PIN is wrong"):
        crew.sign_in("Eve", "604817")
    assert crew.sign_in("Olaf", PIN["Olaf"]).role is Role.OPERATOR


def test_a_planted_version_of_a_user_is_not_believed(storage: Storage, crew: Access) -> None:
    tamper(storage, copied("admin").replace(":version", "2"), name="Olaf", key="olaf", pin=hashed("604817"))
    with pytest.raises(AccessError, match="Name or PIN is wrong"):
        crew.sign_in("Olaf", "604817")
    assert crew.sign_in("Olaf", PIN["Olaf"]).role is Role.OPERATOR
    with pytest.raises(AccessError, match="Olaf may not"):
        crew.require(Right.MANAGE_USERS)


@pytest.mark.parametrize("change", ["role = 'admin'", "pin_hash = :pin", "disabled = true", "name = 'Olga'"])
def test_a_user_whose_row_was_changed_cannot_sign_in(storage: Storage, crew: Access, change: str) -> None:
    tamper(storage, f"UPDATE users SET {change} WHERE name = 'Olaf' AND :pin = :pin", pin=hashed("604817"))
    for name, pin in (("Olaf", PIN["Olaf"]), ("Olaf", "604817"), ("Olga", PIN["Olaf"])):
        with pytest.raises(AccessError, match="Name or PIN is wrong"):
            crew.sign_in(name, pin)
    assert crew.sign_in("Sue", PIN["Sue"]).name == "Sue"


def test_a_user_changed_while_signed_in_decides_nothing_more(storage: Storage, crew: Access) -> None:
    crew.sign_in("Olaf", PIN["Olaf"])
    tamper(storage, "UPDATE users SET role = 'admin' WHERE name = 'Olaf'")
    for right in (Right.REVIEW, Right.MANAGE_USERS):
        with pytest.raises(AccessError, match="Olaf may not"):
            crew.require(right)


@pytest.mark.parametrize("where", ["", "WHERE name = 'Ada'"])
def test_users_that_were_removed_make_nobody_the_first(storage: Storage, crew: Access, where: str) -> None:
    tamper(storage, "DELETE FROM sessions", f"DELETE FROM users {where}")
    assert crew.is_needed
    with pytest.raises(AccessError, match="Nobody is signed in"):
        Users(storage, crew).add("Eve", Role.ADMIN, "604817")
    with pytest.raises(UsersAlteredError, match="Restore the newest backup"):
        crew.sign_in("Sue", PIN["Sue"])


def test_users_that_were_removed_with_their_entries_make_nobody_the_first_either(
    storage: Storage, crew: Access
) -> None:
    tamper(storage, "DELETE FROM sessions", "DELETE FROM users", "DELETE FROM audit_chain WHERE table_name = 'users'")
    assert crew.is_needed
    with pytest.raises(AccessError, match="Nobody is signed in"):
        Users(storage, crew).add("Eve", Role.ADMIN, "604817")


def test_a_demotion_that_was_removed_gives_nothing_back(storage: Storage, crew: Access) -> None:
    crew.sign_in("Ada", PIN["Ada"])
    Users(storage, crew).disable("Sue")
    tamper(storage, "DELETE FROM users WHERE name = 'Sue' AND disabled")
    with pytest.raises(UsersAlteredError):
        crew.sign_in("Sue", PIN["Sue"])


@pytest.mark.parametrize("how", ["DELETE FROM sign_in_locks", "UPDATE sign_in_locks SET failures = 0, delay_s = 0"])
def test_a_wait_outlives_its_row(storage: Storage, crew: Access, how: str) -> None:
    for _ in range(FREE_ATTEMPTS):
        with pytest.raises(AccessError, match="wrong"):
            crew.sign_in("Olaf", "000000")
    tamper(storage, how)
    with pytest.raises(AccessError, match="refused too often"):
        crew.sign_in("Olaf", PIN["Olaf"])


def test_a_wait_cannot_be_moved_into_the_past(storage: Storage, crew: Access) -> None:
    for _ in range(FREE_ATTEMPTS):
        with pytest.raises(AccessError, match="wrong"):
            crew.sign_in("Olaf", "000000")
    with storage.transaction() as transaction:
        lock = transaction.users.lock("Olaf")
        assert lock is not None
        earlier = SignInLock(lock.failures, lock.refused_at - timedelta(days=1), lock.delay_s)
        transaction.users.set_lock("Olaf", earlier)
    with pytest.raises(AccessError, match="refused too often"):
        crew.sign_in("Olaf", PIN["Olaf"])


def test_a_right_pin_ends_the_count_in_the_chain_as_well(storage: Storage, crew: Access) -> None:
    for _ in range(3):
        crew.sign_in("Sue", PIN["Sue"])
        with pytest.raises(AccessError, match="wrong"):
            crew.require(Right.SIGN_OFF, pin="000000")
        crew.require(Right.SIGN_OFF, pin=PIN["Sue"])
    with storage.reading() as transaction:
        assert transaction.users.refusals("Sue") is None


def test_what_was_typed_as_a_name_that_nobody_has_stands_nowhere(storage: Storage, crew: Access) -> None:
    for typed in ("740936", "740936", "anna"):
        with pytest.raises(AccessError, match="wrong"):
            crew.sign_in(typed, "x")
    with storage.reading() as transaction:
        refused = [event for event in transaction.events.newest(9) if event.kind is EventKind.SIGN_IN_REFUSED]
    assert len({event.subject for event in refused}) == 2
    with storage._engine.connect() as connection:
        kept = connection.execute(text("SELECT name_key FROM sign_in_locks")).scalars().all()
    assert not any(typed in text_ for typed in ("740936", "anna") for text_ in (*kept, *map(str, refused)))
    assert storage.verify().intact


def test_of_two_admins_who_demote_each_other_at_once_one_is_left(storage: Storage, crew: Access) -> None:
    crew.sign_in("Ada", PIN["Ada"])
    Users(storage, crew).set_role("Sue", Role.ADMIN)
    other = Access(storage)
    other.sign_in("Sue", PIN["Sue"])
    both_allowed, answers = threading.Barrier(2), []

    def demoting(access: Access, victim: str) -> Callable[[], None]:
        require = access.require

        def slow(*arguments: object, **others: object) -> str:
            name = require(*arguments, **others)  # type: ignore[arg-type]
            both_allowed.wait(20)
            return name

        access.require = slow  # type: ignore[method-assign]

        def work() -> None:
            try:
                Users(storage, access).set_role(victim, Role.OPERATOR)
                answers.append("done")
            except AccessError as error:
                answers.append(str(error))

        return work

    threads = [threading.Thread(target=demoting(crew, "Sue")), threading.Thread(target=demoting(other, "Ada"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answer.partition(" ")[2] for answer in answers) == ["", "may not manage users. Ask an admin."]
    admins = [user for user in Users(storage, crew).all() if user.role is Role.ADMIN]
    assert len(admins) == 1
