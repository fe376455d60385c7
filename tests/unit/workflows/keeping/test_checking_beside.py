"""The check reads what no entry of the chain holds: the outbox, and the waits after wrong PINs."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from filo_core.types import EventKind, Role
from storage.storage import Storage
from tests.unit.workflows.line.test_forged import EDITS, OK_PART, change, judge, put, result_in
from tools.audit_attacks.frame import program
from workflows.keeping.checking import beside_problems, check_if_due
from workflows.keeping.opening import open_record
from workflows.people.access import Access, AccessError
from workflows.people.users import Users
from workflows.sealing.alarms import Alarms
from workflows.settings.settings import Settings

PIN, WRONG = "604817", "000000"
REFUSALS = 3

Edit = Callable[[sqlite3.Connection], Any]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", station="line 1")


@pytest.fixture(scope="module")
def three_judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("judged")
    judge(home, OK_PART, 4, 2)
    return home


@pytest.fixture
def judged(settings: Settings, three_judged: Path) -> None:
    """Three parts whose answers wait for their receiver."""
    shutil.copytree(three_judged, settings.home)


def found(settings: Settings) -> list[str]:
    with open_record(settings) as storage:
        return [problem.sentence for problem in beside_problems(settings, storage)]


def deliver_all(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE messages SET delivered_at = 1")


def forge(connection: sqlite3.Connection) -> None:
    now = datetime.now(UTC)
    forged = replace(result_in(connection, "part-1"), trigger_id="part-99", decided_at=now)
    values = ("part-99", now.timestamp(), forged.to_json())
    connection.execute("INSERT INTO triggers (trigger_id, asked_at, result) VALUES (?, ?, ?)", values)


def take_its_answer(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE triggers SET result = NULL WHERE trigger_id = 'part-4'")


def take_it_out(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("DELETE FROM triggers WHERE trigger_id = 'part-4'")


def take_its_message(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM messages WHERE trigger = 2")


def hold_it_back(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO refused (message, at, why) VALUES (2, 1.0, 'because')")


def wreck(connection: sqlite3.Connection) -> None:
    connection.execute("DROP TABLE messages")


MORE = [forge, take_its_answer, take_it_out, take_its_message, hold_it_back, wreck]


@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize("delivered", [False, True])
@pytest.mark.parametrize("edit", [*EDITS, *MORE])
def test_what_was_done_to_the_outbox_is_found_in_the_night(settings: Settings, edit: Edit, delivered: bool) -> None:
    assert found(settings) == []
    if delivered:
        change(settings.home, deliver_all)
    change(settings.home, edit)
    (sentence,) = found(settings)
    assert sentence.startswith("outbox")
    with open_record(settings) as storage:
        check_if_due(settings, storage)
        assert sentence in Alarms(storage).sentence()


@pytest.mark.usefixtures("judged")
def test_a_message_that_waits_is_held_against_the_record_at_the_start_already(settings: Settings) -> None:
    change(settings.home, EDITS[0])
    with open_record(settings) as storage:
        assert "the answer to part-4 is another one" in Alarms(storage).sentence()
    with open_record(settings) as storage:
        assert len(Alarms(storage).standing()) == 1


@pytest.mark.usefixtures("judged")
def test_audit_verify_lists_it_in_words_and_in_json_and_fails(settings: Settings) -> None:
    assert program(settings.home, "audit", "verify").returncode == 0
    change(settings.home, deliver_all)
    change(settings.home, EDITS[0])
    told = program(settings.home, "audit", "verify", "--json")
    assert told.returncode == 1
    (problem,) = json.loads(told.stdout)["problems"]
    assert (problem["table"], problem["row_id"]) == ("outbox", 2)
    words = program(settings.home, "audit", "verify")
    assert (words.returncode, "part-4" in words.stderr) == (1, True)


@pytest.mark.usefixtures("judged")
def test_what_people_gave_up_and_what_is_open_is_no_finding(settings: Settings) -> None:
    change(settings.home, take_its_message)
    change(settings.home, lambda connection: connection.execute("DELETE FROM triggers WHERE trigger_id = 'part-9'"))
    row = "INSERT INTO triggers (trigger_id, asked_at) VALUES ('part-7', ?)"
    change(settings.home, lambda connection: connection.execute(row, (datetime.now(UTC).timestamp(),)))
    with open_record(settings) as storage:
        with storage.transaction() as transaction:
            transaction.events.add(EventKind.VERDICTS_DISCARDED, "Ada", "line 1", "receiver", {"count": 1})
        assert beside_problems(settings, storage) == ()


@pytest.mark.usefixtures("judged")
def test_answers_from_before_a_restored_backup_are_no_finding(settings: Settings) -> None:
    moved = timedelta(minutes=5)
    change(
        settings.home,
        lambda connection: put(
            connection,
            "part-1",
            replace(result_in(connection, "part-1"), decided_at=datetime.now(UTC) - moved),
        ),
    )
    assert len(found(settings)) == 1
    with open_record(settings) as storage:
        with storage.transaction() as transaction:
            transaction.events.add(EventKind.RESTORED, "Ada", "line 1", "record", {})
        assert beside_problems(settings, storage) == ()


def refuse(settings: Settings, storage: Storage) -> None:
    access = Access(storage, settings.station)
    Users(storage, access).add("Ada", Role.ADMIN, PIN)
    for _ in range(REFUSALS):
        with pytest.raises(AccessError, match="Name or PIN is wrong"):
            access.sign_in("Ada", WRONG)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM sign_in_locks",
        "UPDATE sign_in_locks SET failures = 1, delay_s = 0",
        "UPDATE sign_in_locks SET delay_s = 0",
        "UPDATE sign_in_locks SET delay_s = 3600",
        "UPDATE sign_in_locks SET refused_at = '2020-01-01 00:00:00.000000'",
        "UPDATE sign_in_locks SET refused_at = 'never'",
        "UPDATE sign_in_locks SET failures = 12, delay_s = 3600, refused_at = '2020-01-01 00:00:00.000000'",
        "INSERT INTO sign_in_locks VALUES ('eve', 9, '2020-01-01 00:00:00.000000', 1920)",
    ],
)
def test_a_wait_that_was_altered_is_an_alarm_at_the_start_and_a_finding_of_the_check(
    settings: Settings, statement: str
) -> None:
    with open_record(settings) as storage:
        refuse(settings, storage)
        assert beside_problems(settings, storage) == ()
    with closing(sqlite3.connect(settings.home / "filo.sqlite")) as connection, connection:
        connection.execute(statement)
    with open_record(settings) as storage:
        (problem,) = beside_problems(settings, storage)
        assert problem.table == "sign_in_locks"
        assert problem.sentence in Alarms(storage).sentence()


def test_a_right_pin_leaves_no_wait_and_no_finding(settings: Settings) -> None:
    with open_record(settings) as storage:
        access = Access(storage, settings.station)
        Users(storage, access).add("Ada", Role.ADMIN, PIN)
        for pin in (WRONG, PIN, WRONG):
            if pin == PIN:
                access.sign_in("ada", pin)
            else:
                with pytest.raises(AccessError):
                    access.sign_in("ADA", pin)
        assert beside_problems(settings, storage) == ()
