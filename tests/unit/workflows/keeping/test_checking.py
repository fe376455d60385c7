"""The nightly check of the whole record, and an admin who lets a lost one begin anew."""

from __future__ import annotations

import shutil
import socket
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from filo_core.errors import SettingsError
from filo_core.types import EventKind, Reference, Role
from storage.audit.noted import parse_head
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import make_draft, make_image, make_inspection, sign_product
from workflows.keeping.beginning_anew import allow_beginning_anew
from workflows.keeping.checking import check_if_due
from workflows.keeping.nightly import NightlyWork
from workflows.keeping.opening import RecordLostError, open_record
from workflows.keeping.syslog import send_head
from workflows.people.access import AccessError
from workflows.people.pins import hashed
from workflows.sealing.alarms import Alarms
from workflows.sealing.installation import Installation, signature_fits
from workflows.sealing.seal import RecordSeal
from workflows.settings.settings import Settings

TODAY = datetime(2026, 3, 4, 2, tzinfo=UTC)
PIN = "604817"


@pytest.fixture
def settings() -> Settings:
    return Settings(station="line 1")


def fill(storage: Storage) -> list[str]:
    reference = make_image(9)
    storage.artefacts.put_image(reference)
    draft = replace(make_draft(), references=(Reference(reference.image_hash, "good.png"),))
    recipe = sign_product(storage, draft=draft)
    pictures = [make_inspection(recipe, shade, 0.9) for shade in range(3)]
    for picture in pictures:
        Recorder(storage, "metal nut").record_one(picture)
    return [picture.image_hash for picture in pictures]


def test_the_whole_record_is_checked_once_a_day_and_what_is_found_is_an_alarm(settings: Settings) -> None:
    with open_record(settings) as storage:
        fill(storage)
        assert check_if_due(settings, storage, TODAY)
        assert Alarms(storage).standing() == ()
        with closing(sqlite3.connect(settings.home / "filo.sqlite")) as connection, connection:
            connection.execute("UPDATE inspections SET verdict = 'OK' WHERE id = 1")
            connection.execute("CREATE INDEX slow ON reviews (reviewer)")
        assert not check_if_due(settings, storage, TODAY + timedelta(hours=3))
        assert Alarms(storage).standing() == ()
        assert check_if_due(settings, storage, TODAY + timedelta(days=1))
        (alarm,) = Alarms(storage).standing()
    assert "inspections 1 (entry 3): the row was changed and 1 more" in alarm.sentence


@pytest.mark.parametrize("altered", [True, False])
def test_a_picture_that_was_altered_or_taken_is_an_alarm(settings: Settings, altered: bool) -> None:
    with open_record(settings) as storage:
        picture = storage.artefacts.path_of(fill(storage)[1])
        if altered:
            picture.write_bytes(b"another picture")
        else:
            picture.unlink()
        assert check_if_due(settings, storage, TODAY)
        (alarm,) = Alarms(storage).standing()
        assert picture.name in alarm.sentence
        assert len(storage.picture_problems()) == 1
        assert len(storage.picture_problems(2, seed=1)) + len(storage.picture_problems(2, seed=2)) <= 2


def test_the_check_runs_by_itself_when_the_window_or_a_line_starts(settings: Settings) -> None:
    with open_record(settings) as storage:
        fill(storage)
        with closing(sqlite3.connect(settings.home / "filo.sqlite")) as connection, connection:
            connection.execute("UPDATE inspections SET verdict = 'OK' WHERE id = 1")
        told: list[tuple[str, ...]] = []
        nightly = NightlyWork(settings, storage, on_alarms=told.append, only_checks=True)
        nightly.start()
        nightly.close()
        (alarm,) = Alarms(storage).standing()
    assert told == [(), (alarm.sentence,)]
    assert not settings.backups.exists()


def test_the_seal_is_the_signed_head_with_the_alarms_that_stand(settings: Settings) -> None:
    with open_record(settings) as storage:
        seal = RecordSeal(storage, settings.home)
        first = seal()
        assert (first.head, first.alarm) == (str(storage.head()), "")
        installation = Installation(settings.home)
        head = parse_head(f"{first.head}.{first.signature}")
        assert signature_fits(first.installation, installation.public_key, head, first.signature)
        with closing(sqlite3.connect(settings.home / "filo.sqlite")) as connection, connection:
            connection.execute("CREATE VIEW v AS SELECT 1")
        check_if_due(settings, storage, TODAY)
        assert "view v" in seal().alarm
        assert seal().head != first.head
        assert f"Record {seal().head}.{seal().signature}" in seal.words


def test_the_head_reaches_a_log_on_another_machine() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as log:
        log.bind(("127.0.0.1", 0))
        log.settimeout(10)
        send_head(f"udp://127.0.0.1:{log.getsockname()[1]}", "Record 12:abc")
        assert b"filo-inspector: Record 12:abc" in log.recv(1024)
    send_head("", "nowhere to go")
    with pytest.raises(SettingsError, match="FILO_SYSLOG"):
        send_head("tcp://127.0.0.1:1", "Record 12:abc")


def lose_record_with_users(settings: Settings) -> None:
    with open_record(settings) as storage:
        fill(storage)
        with storage.transaction() as transaction:
            transaction.users.put("Ada", Role.ADMIN, hashed(PIN), "Ada")
            transaction.users.put("Otto", Role.OPERATOR, hashed(PIN), "Ada")
    settings.backups.mkdir()
    shutil.copy(settings.home / "filo.sqlite", settings.backups / "filo-20260304.sqlite")
    (settings.home / "filo.sqlite").unlink()


@pytest.mark.parametrize(("user", "pin"), [("Otto", PIN), ("Ada", "wrong"), ("", PIN), ("Eve", PIN)])
def test_nobody_but_an_admin_of_the_lost_record_lets_it_begin_anew(settings: Settings, user: str, pin: str) -> None:
    lose_record_with_users(settings)
    with pytest.raises(AccessError, match="Ask an admin of the lost one"):
        allow_beginning_anew(settings, "the disk broke", user, lambda: pin)
    with pytest.raises(RecordLostError):
        open_record(settings)


def test_a_record_that_an_admin_lets_begin_anew_says_so_and_is_asked_for_again_the_next_time(
    settings: Settings,
) -> None:
    lose_record_with_users(settings)
    lost = Installation(settings.home).noted(str(settings.home / "filo.sqlite"))
    assert allow_beginning_anew(settings, "the disk broke", "ada", lambda: PIN) == "Ada"
    with open_record(settings) as storage, storage.reading() as transaction:
        (event,) = transaction.events.of_kinds(EventKind.BEGUN_ANEW)
        assert Alarms(storage).standing() == ()
        assert storage.verify().intact
    assert event.actor == "Ada"
    assert str(lost) in event.detail
    (settings.home / "filo.sqlite").unlink()
    with pytest.raises(RecordLostError):
        open_record(settings)
