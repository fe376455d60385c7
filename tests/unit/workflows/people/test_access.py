"""Who may decide what, checked in the core: no window or command takes part in here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, text

from filo_core.types import EventKind, ReviewDecision, Role, Verdict
from storage.engine import BUSY_TIMEOUT_MS
from storage.models import InspectionRow
from storage.recorder import Recorder
from storage.repositories.users import SignInLock
from storage.storage import Storage, open_storage
from storage.trust_models import JobRow
from tests.unit.storage.making import MODEL_HASH, make_draft, make_inspection, sign_product
from workflows.people.access import (
    FIRST_DELAY_S,
    FREE_ATTEMPTS,
    LONGEST_DELAY_S,
    Access,
    AccessError,
    PinNeededError,
    Right,
    delay_after,
)
from workflows.people.pins import matches
from workflows.people.users import Users
from workflows.products.catalogue import Catalogue
from workflows.reporting.history import History, ReviewError

PIN = {"Ada": "740936", "Sue": "586203", "Olaf": "917264"}


class HandClock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def storage(either_url: str, tmp_path: Path) -> Iterator[Storage]:
    with open_storage(either_url, tmp_path / "images") as opened:
        yield opened


@pytest.fixture
def access(storage: Storage, clock: HandClock) -> Access:
    """Ada is admin, Sue supervisor, Olaf operator; nobody is signed in."""
    made = Access(storage, "line 3", clock=clock)
    users = Users(storage, made)
    users.add("Ada", Role.ADMIN, PIN["Ada"])
    made.sign_in("Ada", PIN["Ada"])
    users.add("Sue", Role.SUPERVISOR, PIN["Sue"])
    users.add("Olaf", Role.OPERATOR, PIN["Olaf"])
    made.sign_out()
    return made


def test_without_users_names_are_taken_as_they_are_typed(storage: Storage) -> None:
    access = Access(storage)
    assert not access.is_needed
    assert access.require(Right.SIGN_OFF, "whoever", pin="") == "whoever"


def test_the_first_user_has_to_be_an_admin(storage: Storage) -> None:
    with pytest.raises(AccessError, match="first user has to be an admin"):
        Users(storage, Access(storage)).add("Olaf", Role.OPERATOR, PIN["Olaf"])


@pytest.mark.parametrize("right", Right)
def test_with_users_nothing_is_decided_by_nobody(access: Access, right: Right) -> None:
    with pytest.raises(AccessError, match="Nobody is signed in"):
        access.require(right, "Ada")


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("Olaf", {Right.REVIEW, Right.ACKNOWLEDGE_ALARMS}),
        ("Sue", {right for right in Right if right.role is not Role.ADMIN}),
        ("Ada", set(Right)),
    ],
)
def test_each_role_may_do_what_it_may_and_nothing_else(access: Access, name: str, rights: set[Right]) -> None:
    access.sign_in(name, PIN[name])
    for right in Right:
        if right in rights:
            assert access.require(right, "somebody else") == name
        else:
            with pytest.raises(AccessError, match=f"{name} may not {right.words}"):
                access.require(right)


def test_a_recipe_is_signed_by_whoever_gives_the_pin_again(storage: Storage, access: Access) -> None:
    catalogue = Catalogue(storage, access)
    with storage.transaction() as transaction:
        transaction.products.add(make_draft())
    access.sign_in("Sue", PIN["Sue"])
    for pin in ("", "000000"):
        with pytest.raises(AccessError, match="wrong"):
            catalogue.sign_off("metal nut", "Sue", MODEL_HASH, pin)
    assert catalogue.sign_off("metal nut", "Eve", MODEL_HASH, PIN["Sue"]).signed_by == "Sue"


def test_a_core_that_was_given_no_sign_in_refuses_as_well(storage: Storage, access: Access) -> None:
    with storage.transaction() as transaction:
        transaction.products.add(make_draft())
    with pytest.raises(AccessError, match="Nobody is signed in"):
        Catalogue(storage).sign_off("metal nut", "Ada", MODEL_HASH, PIN["Ada"])
    sign_product(storage, "bolt")
    with pytest.raises(AccessError, match="Nobody is signed in"):
        Catalogue(storage).delete("bolt")


def test_an_operator_confirms_and_only_a_supervisor_overrules(storage: Storage, access: Access) -> None:
    recipe = sign_product(storage)
    number = Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1, 0.9))
    history = History(storage, access)
    access.sign_in("Olaf", PIN["Olaf"])
    reviewed = history.review(number, ReviewDecision.CONFIRM, Verdict.NG, "Eve")
    assert reviewed.review is not None
    assert reviewed.review.reviewer == "Olaf"
    with pytest.raises(AccessError, match="Olaf may not overrule a verdict"):
        history.review(number, ReviewDecision.OVERRULE, Verdict.OK, "Sue", "dust")
    access.sign_in("Sue", PIN["Sue"])
    history.review(number, ReviewDecision.OVERRULE, Verdict.OK, "", "dust", pin=PIN["Sue"])
    assert [review.reviewer for review in history.reviews(number)] == ["Olaf", "Sue"]


def test_an_ng_becomes_ok_only_with_the_pin_again(storage: Storage, access: Access) -> None:
    recipe = sign_product(storage)
    number = Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1, 0.9))
    history = History(storage, access)
    access.sign_in("Sue", PIN["Sue"])
    assert history.asks_for_pin(history.get(number), Verdict.OK)
    with pytest.raises(PinNeededError, match="overrule a verdict needs it again"):
        history.review(number, ReviewDecision.OVERRULE, Verdict.OK, "", "dust")
    with pytest.raises(AccessError, match="PIN is wrong"):
        history.review(number, ReviewDecision.OVERRULE, Verdict.OK, "", "dust", pin="000000")
    assert history.get(number).final_verdict is Verdict.NG
    assert history.review(number, ReviewDecision.OVERRULE, Verdict.OK, "", "dust", pin=PIN["Sue"]).review is not None


def test_a_missing_pin_counts_as_no_attempt(storage: Storage, access: Access) -> None:
    access.sign_in("Sue", PIN["Sue"])
    for _ in range(2 * FREE_ATTEMPTS):
        with pytest.raises(PinNeededError):
            access.require(Right.OVERRULE, pin="")
    assert access.require(Right.OVERRULE, pin=PIN["Sue"]) == "Sue"


@pytest.mark.parametrize("score", [0.1, 0.4])
@pytest.mark.parametrize("decision", [ReviewDecision.CONFIRM, ReviewDecision.OVERRULE, ReviewDecision.RETYPE])
def test_what_a_person_called_ng_no_operator_lets_go_whatever_the_system_said(
    storage: Storage, access: Access, decision: ReviewDecision, score: float
) -> None:
    recipe = sign_product(storage)
    number = Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1, score))
    history = History(storage, access)
    access.sign_in("Sue", PIN["Sue"])
    history.review(number, ReviewDecision.OVERRULE, Verdict.NG, "", "a crack")
    access.sign_in("Olaf", PIN["Olaf"])
    with pytest.raises(AccessError, match="Olaf may not overrule a verdict"):
        history.review(number, decision, Verdict.OK, "", "dust", "dust", pin=PIN["Olaf"])
    assert history.get(number).final_verdict is Verdict.NG


def test_a_decision_that_came_between_is_not_turned_into_ok_unsigned(
    storage: Storage, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = sign_product(storage)
    number = Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1, 0.4))
    history = History(storage, access)
    access.sign_in("Sue", PIN["Sue"])
    require, between = access.require, iter([True])

    def slow(right: Right, *arguments: str, **others: str | None) -> str:
        if next(between, False):
            history.review(number, ReviewDecision.CONFIRM, Verdict.NG, "")
        return require(right, *arguments, **others)

    monkeypatch.setattr(access, "require", slow)
    with pytest.raises(ReviewError, match="Somebody else decided on"):
        history.review(number, ReviewDecision.CONFIRM, Verdict.OK, "")
    assert history.get(number).final_verdict is Verdict.NG


def test_a_session_ends_when_nothing_is_decided_for_long_enough(access: Access, clock: HandClock) -> None:
    access.sign_in("Sue", PIN["Sue"])
    clock.now = 899.0
    access.require(Right.OVERRULE)
    clock.now = 1798.0
    assert access.user is not None
    clock.now = 1800.0
    assert access.user is None
    with pytest.raises(AccessError, match="Nobody is signed in"):
        access.require(Right.OVERRULE)


def test_a_user_disabled_at_another_station_decides_nothing_more(storage: Storage, access: Access) -> None:
    elsewhere = Access(storage)
    elsewhere.sign_in("Sue", PIN["Sue"])
    access.sign_in("Ada", PIN["Ada"])
    Users(storage, access).disable("Sue")
    with pytest.raises(AccessError, match="Sue may not"):
        elsewhere.require(Right.REVIEW)
    with pytest.raises(AccessError, match="Name or PIN is wrong"):
        access.sign_in("Sue", PIN["Sue"])


def test_the_last_admin_can_neither_be_disabled_nor_made_less(storage: Storage, access: Access) -> None:
    access.sign_in("Ada", PIN["Ada"])
    users = Users(storage, access)
    for change in (lambda: users.disable("ada"), lambda: users.set_role("Ada", Role.OPERATOR)):
        with pytest.raises(AccessError, match="only admin"):
            change()


def refuse(access: Access, times: int) -> None:
    for _ in range(times):
        with pytest.raises(AccessError, match="wrong"):
            access.sign_in("Olaf", "000000")


def turn_lock(storage: Storage, change: Callable[[SignInLock], SignInLock]) -> None:
    with storage.transaction() as transaction:
        lock = transaction.users.lock("Olaf")
        assert lock is not None
        transaction.users.set_lock("Olaf", change(lock))


def test_wrong_pins_bring_a_growing_wait_that_outlives_the_program(storage: Storage, access: Access) -> None:
    refuse(access, FREE_ATTEMPTS)
    with pytest.raises(AccessError, match=r"refused too often\. Wait"):
        Access(storage).sign_in("olaf", PIN["Olaf"])
    access.sign_in("Sue", PIN["Sue"])
    later = Access(storage, wall=lambda: datetime.now(UTC) + timedelta(seconds=FIRST_DELAY_S))
    refuse(later, 1)
    with storage.reading() as transaction:
        lock = transaction.users.lock("Olaf")
    assert lock is not None
    assert (lock.failures, lock.delay_s) == (4, 2 * FIRST_DELAY_S)


def test_verdicts_go_into_the_record_while_a_pin_is_looked_at(
    storage: Storage, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = sign_product(storage)
    recorder = Recorder(storage, "metal nut")

    def while_looking(pin_hash: str, pin: str) -> bool:
        recorder.record_one(make_inspection(recipe, 1))
        return matches(pin_hash, pin)

    monkeypatch.setattr("workflows.people.access.matches", while_looking)
    started = time.monotonic()
    assert access.sign_in("Ada", PIN["Ada"]).name == "Ada"
    assert time.monotonic() - started < BUSY_TIMEOUT_MS / 1000


def test_many_attempts_at_once_are_no_way_round_the_wait(
    storage: Storage, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    def slow(pin_hash: str, pin: str) -> bool:
        looked_at.append(pin)
        if len(looked_at) <= 10:
            with pytest.raises(AccessError):
                access.sign_in("Ada", f"00000{len(looked_at)}")
        return matches(pin_hash, pin)

    monkeypatch.setattr("workflows.people.access.matches", slow)
    with pytest.raises(AccessError, match="PIN is wrong"):
        access.sign_in("Ada", "000000")
    assert len(looked_at) == FREE_ATTEMPTS


def test_a_right_pin_ends_the_count(storage: Storage, access: Access) -> None:
    refuse(access, FREE_ATTEMPTS - 1)
    access.sign_in("Olaf", PIN["Olaf"])
    with storage.reading() as transaction:
        assert transaction.users.lock("Olaf") is None


def test_a_clock_moved_back_neither_ends_the_wait_nor_makes_it_endless(storage: Storage, access: Access) -> None:
    refuse(access, FREE_ATTEMPTS)
    year = timedelta(days=365)
    turn_lock(storage, lambda lock: SignInLock(lock.failures, lock.refused_at + year, lock.delay_s))
    with pytest.raises(AccessError, match=f"Wait {FIRST_DELAY_S} s"):
        access.sign_in("Olaf", PIN["Olaf"])
    with storage.reading() as transaction:
        lock = transaction.users.lock("Olaf")
    assert lock is not None
    assert lock.refused_at <= datetime.now(UTC)


def test_the_wait_doubles_up_to_an_hour() -> None:
    assert [delay_after(failures) for failures in range(6)] == [0, 0, 0, 30, 60, 120]
    assert delay_after(1000) == LONGEST_DELAY_S


def test_an_unknown_name_is_refused_like_a_wrong_pin_after_the_same_work(
    storage: Storage, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    def look(hasher: PasswordHasher, pin_hash: str, pin: str) -> bool:
        # Up to the salt: the algorithm and what it costs.
        looked_at.append(pin_hash.rpartition("$")[0].rpartition("$")[0])
        return verify(hasher, pin_hash, pin)

    verify = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", look)
    for name in ("nobody", "Olaf"):
        with pytest.raises(AccessError, match="Name or PIN is wrong"):
            access.sign_in(name, "000000")
    unknown, known = looked_at
    assert unknown == known
    assert unknown.startswith("$argon2id$")


def test_a_pin_is_stored_as_argon2id_and_nowhere_else(storage: Storage, access: Access, tmp_path: Path) -> None:
    access.sign_in("Olaf", PIN["Olaf"])
    with storage.reading() as transaction:
        user = transaction.users.find("Olaf")
    assert user is not None
    assert user.pin_hash.startswith("$argon2id$")
    assert matches(user.pin_hash, PIN["Olaf"])
    storage.close()
    for path in tmp_path.glob("filo.sqlite*"):
        assert PIN["Olaf"].encode() not in path.read_bytes()


def test_every_change_of_a_user_and_every_refusal_is_in_the_audit_chain(storage: Storage, access: Access) -> None:
    access.sign_in("Ada", PIN["Ada"])
    users = Users(storage, access)
    users.set_pin("Olaf", "719358")
    users.set_role("Olaf", Role.SUPERVISOR)
    refuse(access, 1)
    with storage.reading() as transaction:
        kinds = [event.kind for event in transaction.events.newest(3)]
    assert kinds == [EventKind.SIGN_IN_REFUSED, EventKind.USER_CHANGED, EventKind.USER_CHANGED]
    assert storage.verify().intact
    with storage._engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE users DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE users SET role = 'admin' WHERE name = 'Olaf'"))
    found = {(problem.table, problem.what) for problem in storage.verify().problems}
    # The server's own rule that was switched off is found as well.
    assert {problem for problem in found if problem[0] != "schema"} == {("users", "the row was changed")}


def test_an_inspection_names_the_person_signed_in_at_that_moment_and_otherwise_the_settings(
    storage: Storage, access: Access, clock: HandClock
) -> None:
    recipe = sign_product(storage)
    recorder = Recorder(storage, "metal nut", operator=partial(access.operator, "line 3"))
    recorder.record_one(make_inspection(recipe, 1))
    access.sign_in("Olaf", PIN["Olaf"])
    with recorder.job("metal nut: folder"):
        recorder.record_one(make_inspection(recipe, 2))
    access.sign_in("Sue", PIN["Sue"])
    recorder.record_one(make_inspection(recipe, 3))
    # The session times out on the way to a verdict: its end and the verdict are both written.
    clock.now = 901.0
    recorder.record_one(make_inspection(recipe, 4))
    with storage._engine.connect() as connection:
        operators = connection.scalars(select(InspectionRow.operator).order_by(InspectionRow.id)).all()
        assert operators == ["line 3", "Olaf", "Sue", "line 3"]
        assert connection.scalars(select(JobRow.operator)).all() == ["Olaf"]
    assert storage.verify().intact


def test_a_disabled_user_can_be_let_in_again_with_the_same_pin(storage: Storage, access: Access) -> None:
    access.sign_in("Ada", PIN["Ada"])
    users = Users(storage, access)
    users.disable("Sue")
    assert not users.enable("sue").disabled
    assert access.sign_in("Sue", PIN["Sue"]).role is Role.SUPERVISOR
