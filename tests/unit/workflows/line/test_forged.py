"""A row of the outbox that was forged or edited is found before it is delivered, or given again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from filo_core.line.results import LineResult
from filo_core.line.sinks.base import Message, Readiness, SinkError
from filo_core.types import EventKind, Verdict
from storage.engine import sqlite_url
from storage.outbox import backlog_at
from storage.storage import open_storage
from tools.brightness import Brightness
from tools.line_rig import line_in, part_trigger

Wait = Callable[..., None]
NG_PART, OK_PART = 4, 1
"""Every fourth part of the rig is white."""


class Receiver:
    """Takes nothing while it is away."""

    name = "receiver"

    def __init__(self, *, is_away: bool) -> None:
        self.is_away = is_away
        self.taken: list[LineResult] = []

    def deliver(self, message: Message) -> None:
        if self.is_away:
            raise SinkError("The receiver is away. Check its plug.")
        self.taken.append(message.result)

    def tell(self, readiness: Readiness) -> None:
        pass

    def tell_alarm(self, seal: object) -> None:
        pass

    def check(self) -> None:
        pass

    def keep_alive(self) -> None:
        pass

    def close(self) -> None:
        pass


def change(home: Path, change: Callable[[sqlite3.Connection], Any]) -> None:
    """As whoever has a shell on the station's account."""
    with closing(sqlite3.connect(home / "outbox.sqlite")) as connection:
        change(connection)
        connection.commit()


def result_in(connection: sqlite3.Connection, trigger_id: str) -> LineResult:
    text = connection.execute("SELECT result FROM triggers WHERE trigger_id = ?", (trigger_id,)).fetchone()[0]
    return LineResult.from_json(text)


def put(connection: sqlite3.Connection, trigger_id: str, result: LineResult) -> None:
    values = (result.to_json(), trigger_id)
    connection.execute("UPDATE triggers SET result = ? WHERE trigger_id = ?", values)


def passes_it(connection: sqlite3.Connection) -> None:
    put(connection, "part-4", replace(result_in(connection, "part-4"), verdict=Verdict.OK))


def gives_it_the_answer_of_another(connection: sqlite3.Connection) -> None:
    put(connection, "part-4", result_in(connection, "part-1"))


def gives_it_the_answer_of_another_under_its_own_id(connection: sqlite3.Connection) -> None:
    put(connection, "part-4", replace(result_in(connection, "part-1"), trigger_id="part-4"))


def moves_its_score(connection: sqlite3.Connection) -> None:
    put(connection, "part-4", replace(result_in(connection, "part-4"), score=0.1))


def makes_it_no_answer_at_all(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE triggers SET result = '{}' WHERE trigger_id = 'part-4'")


EDITS = [
    passes_it, gives_it_the_answer_of_another, gives_it_the_answer_of_another_under_its_own_id, moves_its_score,
    makes_it_no_answer_at_all,
]  # fmt: skip


def alarms(home: Path) -> list[str]:
    with open_storage(sqlite_url(home / "filo.sqlite"), home / "images") as storage, storage.reading() as transaction:
        return [str(one.detail) for one in transaction.events.newest() if one.kind is EventKind.ALARM_RAISED]


def judge(home: Path, *numbers: int) -> None:
    """Parts are judged while the receiver is away, so that their answers wait."""
    with line_in(home, [Receiver(is_away=True)], detector=Brightness()) as line:  # type: ignore[list-item]
        for number in numbers:
            assert line.station.ask(part_trigger(number)).wait(20) is not None


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_answer_is_found_and_not_delivered_and_the_others_are(
    tmp_path: Path, wait_until: Wait, edit: Callable[[sqlite3.Connection], Any]
) -> None:
    judge(tmp_path, OK_PART, NG_PART, 2)
    change(tmp_path, edit)
    back = Receiver(is_away=False)
    with line_in(tmp_path, [back], detector=Brightness()) as line:  # type: ignore[list-item]
        wait_until(lambda: not line.outbox.backlog())
        wait_until(lambda: "altered from outside" in line.delivery.state.problem)
        assert len(line.outbox.refused()) == 1
    assert [(result.trigger_id, result.verdict) for result in back.taken] == [
        ("part-1", Verdict.OK),
        ("part-2", Verdict.OK),
    ]
    assert ["part-4" in alarm for alarm in alarms(tmp_path)] == [True]
    assert backlog_at(tmp_path / "outbox.sqlite") == {}


def test_a_forged_answer_to_a_part_that_nobody_judged_is_not_delivered(tmp_path: Path, wait_until: Wait) -> None:
    judge(tmp_path, OK_PART)

    def forge(connection: sqlite3.Connection) -> None:
        forged = replace(result_in(connection, "part-1"), trigger_id="part-99", decided_at=datetime.now(UTC))
        values = ("part-99", datetime.now(UTC).timestamp(), forged.to_json())
        added = connection.execute("INSERT INTO triggers (trigger_id, asked_at, result) VALUES (?, ?, ?)", values)
        row = ("receiver", added.lastrowid, 0, "")
        connection.execute("INSERT INTO messages (sink, trigger, attempts, problem) VALUES (?, ?, ?, ?)", row)

    change(tmp_path, forge)
    back = Receiver(is_away=False)
    with line_in(tmp_path, [back], detector=Brightness()) as line:  # type: ignore[list-item]
        wait_until(lambda: not line.outbox.backlog())
    assert [result.trigger_id for result in back.taken] == ["part-1"]
    assert len(alarms(tmp_path)) == 1


@pytest.mark.parametrize("edit", EDITS)
def test_an_answer_that_is_edited_while_the_line_runs_is_found_as_well(
    tmp_path: Path, wait_until: Wait, edit: Callable[[sqlite3.Connection], Any]
) -> None:
    receiver = Receiver(is_away=True)
    with line_in(tmp_path, [receiver], detector=Brightness()) as line:  # type: ignore[list-item]
        for number in (OK_PART, NG_PART):
            assert line.station.ask(part_trigger(number)).wait(20) is not None
        change(tmp_path, edit)
        receiver.is_away = False
        wait_until(lambda: not line.outbox.backlog())
    assert [result.trigger_id for result in receiver.taken] == ["part-1"]


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_answer_is_not_given_again_to_who_repeats_the_trigger(
    tmp_path: Path, edit: Callable[[sqlite3.Connection], Any]
) -> None:
    judge(tmp_path, OK_PART, NG_PART)
    change(tmp_path, edit)
    with line_in(tmp_path, detector=Brightness()) as line:
        again = line.station.ask(part_trigger(NG_PART)).wait(20)
        first = line.station.ask(part_trigger(OK_PART)).wait(20)
    assert again is not None
    assert again.verdict is Verdict.NOT_INSPECTED
    assert first is not None
    assert first.verdict is Verdict.OK


def test_an_inspection_that_was_edited_along_with_its_answer_is_found_by_the_chain(
    tmp_path: Path, wait_until: Wait
) -> None:
    judge(tmp_path, NG_PART)
    change(tmp_path, passes_it)
    with closing(sqlite3.connect(tmp_path / "filo.sqlite")) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE inspections SET verdict = 'OK' WHERE name = 'part-4'")
        connection.commit()
    back = Receiver(is_away=False)
    with line_in(tmp_path, [back], detector=Brightness()) as line:  # type: ignore[list-item]
        wait_until(lambda: not line.outbox.backlog())
    assert back.taken == []


def test_what_a_crash_left_open_and_what_was_not_inspected_is_delivered(tmp_path: Path, wait_until: Wait) -> None:
    judge(tmp_path, OK_PART)

    def reopen(connection: sqlite3.Connection) -> None:
        values = ("part-7", datetime.now(UTC).timestamp())
        connection.execute("INSERT INTO triggers (trigger_id, asked_at) VALUES (?, ?)", values)

    change(tmp_path, reopen)
    # Answered by this start, delivered by the next one.
    judge(tmp_path, 2)
    back = Receiver(is_away=False)
    with line_in(tmp_path, [back], detector=Brightness()) as line:  # type: ignore[list-item]
        wait_until(lambda: not line.outbox.backlog())
    assert [(result.trigger_id, result.verdict) for result in back.taken] == [
        ("part-1", Verdict.OK),
        ("part-7", Verdict.NOT_INSPECTED),
        ("part-2", Verdict.OK),
    ]
    assert alarms(tmp_path) == []
