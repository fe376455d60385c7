"""What waits in the outbox: counted by output, and given up only by who may, with a word in the record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from filo_core.errors import DatabaseInUseError
from filo_core.line.results import not_inspected
from filo_core.types import EventKind, Role
from storage.outbox import Outbox, backlog_at
from storage.storage import Storage, open_storage
from workflows.line.delivery import Delivery
from workflows.line.undelivered import Undelivered, discard, most_waiting, undelivered
from workflows.people.access import Access, AccessError
from workflows.people.users import Users
from workflows.settings.output_address import Output
from workflows.settings.settings import Settings

OLD = "csv:verdicts.csv"
"""As an earlier version named a file without its folder."""


@pytest.fixture
def settings(filo_home: Path) -> Settings:
    return Settings(station="line 3")


@pytest.fixture
def storage(settings: Settings) -> Iterator[Storage]:
    opened = open_storage(settings.database_url, settings.images)
    yield opened
    opened.close()


def put(path: Path, *sinks: str, verdicts: int = 1) -> None:
    outbox = Outbox(path)
    for part in range(verdicts):
        number, _ = outbox.open_trigger(f"part {part} of {sinks}", timedelta(seconds=5))
        outbox.close_trigger(number, not_inspected(f"part {part}", "nut", "h", "away", 1.0), sinks)
    outbox.close()


def events(storage: Storage) -> list[tuple[str, str, str, dict[str, int]]]:
    with storage.reading() as transaction:
        told = [one for one in transaction.events.newest() if one.kind is EventKind.VERDICTS_DISCARDED]
    return [(one.actor, one.station, one.subject, json.loads(one.detail)) for one in told]


def test_what_waits_is_counted_by_output_and_what_nobody_delivers_any_more_apart(
    settings: Settings, tmp_path: Path
) -> None:
    file = Output.of("csv", str(tmp_path / "a.csv"))
    outputs = (file, Output.of("modbus", ":5020"))
    assert undelivered(settings, outputs) == Undelivered({file.address: 0})
    assert most_waiting(settings) == 0
    assert not settings.outbox.exists()
    put(settings.outbox, file.address, OLD, verdicts=2)
    put(settings.outbox, OLD)
    assert undelivered(settings, outputs) == Undelivered({file.address: 2}, {OLD: 3})
    assert most_waiting(settings) == 3


def test_verdicts_are_given_up_with_a_word_in_the_record_and_only_those(settings: Settings, storage: Storage) -> None:
    put(settings.outbox, OLD, "other", verdicts=2)
    assert discard(storage, Access(storage), settings, OLD, "anna") == 2
    assert backlog_at(settings.outbox) == {"other": 2}
    assert events(storage) == [("anna", "line 3", OLD, {"count": 2})]


def test_once_there_are_users_only_an_admin_gives_verdicts_up(settings: Settings, storage: Storage) -> None:
    put(settings.outbox, OLD)
    access = Access(storage)
    users = Users(storage, access)
    users.add("Ada", Role.ADMIN, "740936")
    access.sign_in("Ada", "740936")
    users.add("Sue", Role.SUPERVISOR, "586203")
    access.sign_in("Sue", "586203")
    with pytest.raises(AccessError, match=r"Sue may not discard verdicts\. Ask an admin\."):
        discard(storage, access, settings, OLD)
    assert backlog_at(settings.outbox) == {OLD: 1}
    access.sign_in("Ada", "740936")
    assert discard(storage, access, settings, OLD) == 1
    assert [actor for actor, *_ in events(storage)] == ["Ada"]


def test_nothing_is_given_up_while_the_station_delivers(settings: Settings, storage: Storage) -> None:
    put(settings.outbox, OLD)
    line = Delivery(settings.outbox)
    with pytest.raises(DatabaseInUseError, match="This station inspects already"):
        discard(storage, Access(storage), settings, OLD)
    line.stop()
    assert events(storage) == []
    assert backlog_at(settings.outbox) == {OLD: 1}
