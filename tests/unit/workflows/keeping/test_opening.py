"""The record as windows and commands open it: known again, refused when it is gone, and never silent about its end."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from filo_core.errors import FiloError
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import make_draft, make_inspection, sign_product
from workflows.keeping.opening import RecordLostError, open_record
from workflows.people.access import Access
from workflows.sealing.alarms import Alarms
from workflows.sealing.installation import Installation, signature_fits
from workflows.settings.settings import Settings


@pytest.fixture
def settings() -> Settings:
    return Settings(station="line 1")


def inspect(storage: Storage) -> None:
    recipe = sign_product(storage)
    for shade in range(3):
        Recorder(storage, "metal nut").record_one(make_inspection(recipe, shade, 0.9))


def remove_record(home: Path) -> None:
    for path in home.glob("filo.sqlite*"):
        path.unlink()


def empty_record(home: Path) -> None:
    with closing(sqlite3.connect(home / "filo.sqlite")) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            if name not in {"alembic_version", "foundation"} and not name.startswith("sqlite_"):
                connection.execute(f"DELETE FROM {name}")


def truncate_record(home: Path) -> None:
    remove_record(home)
    (home / "filo.sqlite").touch()


def drop_all_tables(home: Path) -> None:
    remove_record(home)
    with closing(sqlite3.connect(home / "filo.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE x (y)")
        connection.execute("DROP TABLE x")


@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.parametrize("lose", [remove_record, empty_record, truncate_record, drop_all_tables])
def test_a_record_that_is_gone_or_empty_beside_what_it_left_is_refused(
    settings: Settings, lose: Callable[[Path], None], forget: bool
) -> None:
    with open_record(settings) as storage:
        inspect(storage)
    lose(settings.home)
    if forget:
        # Whoever removes the one can remove the other; the images are still there.
        (settings.home / "installation.json").unlink()
    for _ in range(2):
        with pytest.raises(RecordLostError, match=r"main\.py restore.*begin-anew"):
            open_record(settings)


def test_backups_of_an_older_record_are_enough_to_refuse_a_new_one(settings: Settings) -> None:
    with open_record(settings) as storage:
        inspect(storage)
    settings.backups.mkdir()
    shutil.copy(settings.home / "filo.sqlite", settings.backups / "filo-20260101.sqlite")
    remove_record(settings.home)
    shutil.rmtree(settings.images)
    (settings.home / "installation.json").unlink()
    with pytest.raises(RecordLostError, match="backups of an older one"):
        open_record(settings)


def test_a_first_start_and_a_record_with_nothing_but_a_draft_are_not_refused(settings: Settings) -> None:
    with open_record(settings) as storage, storage.transaction() as transaction:
        transaction.products.add(make_draft())
    (settings.home / "installation.json").unlink()
    with open_record(settings) as storage, storage.reading() as transaction:
        assert len(transaction.products.drafts()) == 1


def test_entries_taken_off_the_end_raise_an_alarm_at_the_next_start_and_stop_nobody(settings: Settings) -> None:
    with open_record(settings) as storage:
        inspect(storage)
        length = storage.head().sequence
    with closing(sqlite3.connect(settings.home / "filo.sqlite")) as connection, connection:
        connection.execute("DELETE FROM regions WHERE inspection_id = 3")
        connection.execute("DELETE FROM inspections WHERE id = 3")
        connection.execute("DELETE FROM audit_chain WHERE sequence = ?", (length,))
    with open_record(settings) as storage:
        (alarm,) = Alarms(storage).standing()
    assert "entries were taken off its end" in alarm.sentence
    assert alarm.station == "line 1"
    with open_record(settings) as storage:
        assert Alarms(storage).standing() == (alarm,)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER passes AFTER INSERT ON inspections BEGIN UPDATE inspections SET verdict = 'OK'; END",
        "UPDATE inspections SET verdict = 'OK' WHERE id = 3",
        "DELETE FROM audit_chain WHERE sequence = (SELECT max(sequence) - 1 FROM audit_chain)",
    ],
)
def test_what_was_done_to_the_end_or_planted_raises_an_alarm_at_the_next_start(
    settings: Settings, statement: str
) -> None:
    with open_record(settings) as storage:
        inspect(storage)
    with closing(sqlite3.connect(settings.home / "filo.sqlite")) as connection, connection:
        connection.execute(statement)
    with open_record(settings) as storage:
        assert len(Alarms(storage).standing()) == 1


def test_an_alarm_is_settled_once_with_a_reason_and_raised_anew_for_what_is_new(settings: Settings) -> None:
    database = settings.home / "filo.sqlite"
    open_record(settings).close()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE VIEW one AS SELECT 1")
    with open_record(settings) as storage:
        alarms, access = Alarms(storage, "line 1"), Access(storage)
        with pytest.raises(FiloError, match="with a reason"):
            alarms.settle(access, " ", "Ada")
        assert alarms.settle(access, "mine, for a report", "Ada") == 1
        assert alarms.standing() == ()
        with storage.reading() as transaction:
            assert transaction.events.newest(1)[0].actor == "Ada"
    with open_record(settings) as storage:
        assert Alarms(storage).standing() == ()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE VIEW two AS SELECT 2")
    with open_record(settings) as storage:
        (alarm,) = Alarms(storage).standing()
    assert alarm.sentence.count("view") == 1
    assert alarm.sentence.endswith("and 1 more. Call an admin.")


def test_the_installation_signs_heads_with_a_key_that_only_its_owner_reads(settings: Settings) -> None:
    with open_record(settings) as storage:
        head = storage.head()
    installation = Installation(settings.home)
    signature = installation.sign(head)
    assert signature_fits(installation.name, installation.public_key, head, signature)
    assert not signature_fits("another", installation.public_key, head, signature)
    other = ("B" if signature.startswith("A") else "A") + signature[1:]
    assert not signature_fits(installation.name, installation.public_key, head, other)
    assert not signature_fits(installation.name, installation.public_key, head, "no signature")
    assert (settings.home / "installation.key").stat().st_mode & 0o777 == 0o600
    assert (settings.home / "installation.json").stat().st_mode & 0o777 == 0o600


def test_the_chain_tells_the_key_once_and_again_when_it_is_another_one(settings: Settings) -> None:
    for _ in range(2):
        open_record(settings).close()
    (settings.home / "installation.key").unlink()
    with open_record(settings) as storage, storage.reading() as transaction:
        told = [event.detail for event in transaction.events.newest() if event.kind.value == "installation told"]
    assert len(told) == 2
    assert Installation(settings.home).public_key in told[0]
    assert told[0] != told[1]


def test_the_folder_of_a_record_that_was_open_to_others_is_closed_with_all_that_is_in_it(settings: Settings) -> None:
    with open_record(settings) as storage:
        inspect(storage)
    everything = [settings.home, *settings.home.rglob("*")]
    for path in everything:
        path.chmod(0o755 if path.is_dir() else 0o644)
    open_record(settings).close()
    opened = [path for path in everything if path.exists() and path.stat().st_mode & 0o077]
    assert [path for path in opened if path.name not in {"filo.sqlite-wal", "filo.sqlite-shm"}] == []
