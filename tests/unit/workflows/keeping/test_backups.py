"""The nightly backup and its rotation, and the removal of images beside it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from filo_core.errors import StorageError
from filo_core.types import EventKind, Verdict
from storage.backup import removed_images
from storage.recorder import Recorder
from storage.sessions import RecordSession
from storage.storage import Storage, open_storage
from storage.trust_models import EventRow
from tests.unit.storage.making import make_image, make_inspection, sign_product
from workflows.keeping.backups import KEPT, back_up_if_due, backup_problem
from workflows.keeping.nightly import ACTOR, NightlyWork
from workflows.keeping.opening import open_record
from workflows.keeping.restoring import restore_record
from workflows.keeping.retention import FRESH_S, Retention, RetentionRules
from workflows.products.golden import GoldenSets
from workflows.sealing.alarms import Alarms
from workflows.settings.settings import Settings

TODAY = datetime(2026, 3, 4, 2, tzinfo=UTC)


@pytest.fixture
def settings(filo_home: Path) -> Settings:
    settings = Settings()
    open_storage(settings.database_url, settings.images).close()
    return settings


def backups(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.home / "backups").glob("*.sqlite*"))


def images_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file() and len(path.name) == 64}


def test_one_backup_a_day_and_only_the_newest_are_kept(settings: Settings) -> None:
    assert back_up_if_due(settings, TODAY) is not None
    assert back_up_if_due(settings, TODAY + timedelta(hours=3)) is None
    for day in range(1, KEPT + 3):
        assert back_up_if_due(settings, TODAY + timedelta(days=day)) is not None
    names = backups(settings)
    assert len(names) == KEPT
    assert names[0].startswith("filo-20260307")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes no time zone from a variable")
def test_an_old_backup_that_cannot_be_removed_keeps_no_new_one_away(settings: Settings) -> None:
    # As a file that another program holds open on Windows: it cannot be unlinked.
    (settings.backups / "filo-20200101.sqlite").mkdir(parents=True)
    for day in range(KEPT + 1):
        assert back_up_if_due(settings, TODAY + timedelta(days=day)) is not None
    assert len(list(settings.backups.glob("filo-2026*.sqlite"))) == KEPT


def test_a_night_belongs_to_the_day_of_the_clock_on_the_wall(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    # One of the two has another day than UTC at any hour.
    ahead = now.hour >= 12
    monkeypatch.setenv("TZ", "AHEAD-14" if ahead else "BEHIND+12")
    time.tzset()
    try:
        made = back_up_if_due(settings)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert made is not None
    assert made.name.startswith(f"filo-{now + timedelta(hours=14 if ahead else -12):%Y%m%d}")


def test_a_record_that_is_not_there_yet_needs_no_backup(filo_home: Path) -> None:
    assert back_up_if_due(Settings(), TODAY) is None


@pytest.fixture
def storage(settings: Settings) -> Iterator[Storage]:
    with open_storage(settings.database_url, settings.images) as opened:
        yield opened


def test_a_night_backs_up_what_is_new_and_a_record_comes_back_from_nothing_else(
    settings: Settings, storage: Storage, tmp_path: Path
) -> None:
    recipe = sign_product(storage)
    recorder = Recorder(storage, "metal nut")
    recorder.record_one(make_inspection(recipe, 1))
    known = make_image(7)
    GoldenSets(storage).add("metal nut", known, Verdict.NG)
    assert back_up_if_due(settings, TODAY) is not None
    recorder.record_one(make_inspection(recipe, 2, 0.2))
    newest = back_up_if_due(settings, TODAY + timedelta(days=1))
    assert newest is not None
    everything = images_in(settings.images)
    assert images_in(settings.backups / "images") == everything
    assert len(everything) == 2 + 2 + 1
    storage.close()
    # All that is left is the folder of backups, on another machine.
    kept = tmp_path / "stick"
    shutil.copytree(settings.backups, kept)
    elsewhere = Settings(home=tmp_path / "new machine")
    done, before = restore_record(elsewhere, kept / newest.name)
    assert (done.inspections, before) == (2, None)
    with open_storage(elsewhere.database_url, elsewhere.images) as restored:
        assert restored.verify().intact
        assert restored.artefacts.get_bytes(known.image_hash) == known.encoded
    assert images_in(elsewhere.images) == everything


def test_a_damaged_image_is_in_no_backup_and_is_said(
    settings: Settings, storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    inspection = make_inspection(sign_product(storage), 1)
    Recorder(storage, "metal nut").record_one(inspection)
    storage.artefacts.path_of(inspection.image_hash).write_bytes(b"damaged")
    assert back_up_if_due(settings, TODAY) is not None
    assert len(images_in(settings.backups / "images")) == 1
    assert f"1 images are damaged and in no new backup: {inspection.image_hash}" in caplog.text


def test_what_the_rules_removed_leaves_the_backups_and_what_was_lost_otherwise_stays(
    settings: Settings, storage: Storage
) -> None:
    fill(storage)
    other = make_inspection(sign_product(storage, "bolt"), 2, 0.9)
    Recorder(storage, "bolt").record_one(other)
    assert back_up_if_due(settings, TODAY) is not None
    assert len(images_in(settings.backups / "images")) == 4
    Retention(storage, RetentionRules(keep=timedelta(days=1))).run()
    storage.artefacts.path_of(other.image_hash).unlink()
    assert back_up_if_due(settings, TODAY + timedelta(days=1)) is not None
    left = images_in(settings.backups / "images")
    assert len(left) == 2
    assert other.image_hash in left


def test_an_image_that_cannot_be_copied_leaves_no_half_backup(settings: Settings, storage: Storage) -> None:
    fill(storage)
    settings.backups.mkdir()
    (settings.backups / "images").write_text("a file in the way")
    with pytest.raises(StorageError, match="images cannot be written"):
        back_up_if_due(settings, TODAY)
    assert backups(settings) == []


def test_a_backup_goes_to_the_folder_that_was_named(settings: Settings, storage: Storage, tmp_path: Path) -> None:
    fill(storage)
    elsewhere = settings.model_copy(update={"backup_folder": tmp_path / "other disk"})
    made = back_up_if_due(elsewhere, TODAY)
    assert made is not None
    head = storage.head()
    # Whoever lists that disk has a note of the head.
    assert made == tmp_path / "other disk" / f"filo-20260304-{head.sequence}-{head.entry_hash}.sqlite"
    assert images_in(tmp_path / "other disk" / "images") == images_in(settings.images)


def test_no_name_in_a_record_leads_out_of_the_folder_of_images(
    settings: Settings, storage: Storage, tmp_path: Path
) -> None:
    fill(storage)
    outside = settings.home / "precious"
    outside.write_bytes(b"kept")
    trick = "../../precious"
    with storage.transaction() as transaction:
        transaction.events.add(EventKind.IMAGES_REMOVED, "Eve", "", "images", {"files": [trick]})
    made = back_up_if_due(settings, TODAY)
    assert made is not None
    assert list(removed_images(made)) == []
    assert outside.read_bytes() == b"kept"


def wait_for(condition: Callable[[], bool]) -> None:
    waited, pause = 0.0, threading.Event()
    while not condition():
        pause.wait(0.02)
        waited += 0.02
        assert waited < 20


def test_the_window_makes_one_when_it_opens_and_ends_its_thread(settings: Settings, storage: Storage) -> None:
    nightly = NightlyWork(settings, storage)
    nightly.start()
    wait_for(lambda: bool(backups(settings)) and not backups(settings)[-1].endswith(".part"))
    nightly.close()
    assert len(backups(settings)) == 1


def test_a_backup_that_cannot_be_written_stops_nothing_and_is_said_until_one_is(
    settings: Settings, storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = settings.home / "backups"
    in_the_way.write_text("a file in the way")
    said: list[str] = []
    nightly = NightlyWork(settings, storage, said.append)
    nightly.start()
    nightly.close()
    assert said == [backup_problem(settings)]
    assert said[0].startswith("No backup was made: ")
    assert "backups" in said[0]
    assert said[0] in caplog.text
    in_the_way.unlink()
    again = NightlyWork(settings, storage, said.append)
    again.start()
    again.close()
    assert backup_problem(settings) == ""


def test_old_images_go_at_night_where_a_rule_is_set_and_an_event_says_so(settings: Settings, storage: Storage) -> None:
    fill(storage)
    assert work_once(settings, storage) == (2, [])
    left, details = work_once(settings.model_copy(update={"keep_days": 30}), storage)
    assert left == 0
    (detail,) = details
    assert len(detail["files"]) == 2
    assert detail["rules"] == {"older than allowed": 2, "over the quota": 0}
    assert storage.verify().intact


def test_no_image_goes_on_a_night_whose_backup_failed(settings: Settings, storage: Storage) -> None:
    fill(storage)
    (settings.home / "backups").write_text("a file in the way")
    assert work_once(settings.model_copy(update={"keep_days": 30}), storage) == (2, [])


def fill(storage: Storage) -> None:
    """One OK of long ago, with its image and its map."""
    recipe = sign_product(storage)
    Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1))
    for path in storage.artefacts.stored():
        os.utime(path, (time.time() - 2 * FRESH_S,) * 2)


def work_once(settings: Settings, storage: Storage) -> tuple[int, list[dict[str, Any]]]:
    """Files that are left after a night, and what the events say of those that are not."""
    nightly = NightlyWork(settings, storage)
    nightly.start()
    nightly.close()
    removed = select(EventRow).where(EventRow.kind == EventKind.IMAGES_REMOVED)
    with RecordSession(storage._engine) as session:
        events = session.scalars(removed).all()
        assert all(event.actor == ACTOR for event in events)
        details = [json.loads(event.detail) for event in events]
    return len(list(storage.artefacts.stored())), details


def test_a_backup_that_was_altered_is_not_restored(settings: Settings, storage: Storage) -> None:
    fill(storage)
    made = back_up_if_due(settings, TODAY)
    assert made is not None
    before = storage.head()
    storage.close()
    with closing(sqlite3.connect(made)) as connection, connection:
        connection.execute("UPDATE inspections SET verdict = 'NG'")
    with pytest.raises(StorageError, match=r"was altered: inspections 1 .*Take another backup"):
        restore_record(settings, made)
    with open_storage(settings.database_url, settings.images) as again:
        assert again.head() == before
        assert again.verify().intact
    assert list(settings.home.glob("*.restoring*")) == []


def test_what_a_restore_loses_is_told_by_the_chain_and_raises_no_alarm(settings: Settings) -> None:
    with open_record(settings) as storage:
        fill(storage)
        made = back_up_if_due(settings, TODAY)
        restored = storage.head()
        sign_product(storage, "bolt")
        sign_product(storage, "screw")
    with open_record(settings) as storage:
        before = storage.head()
    assert made is not None
    restore_record(settings, made)
    with open_record(settings) as storage:
        with storage.reading() as transaction:
            (event,) = transaction.events.of_kinds(EventKind.RESTORED)
        assert Alarms(storage).standing() == ()
        (problem,) = storage.verify(before).problems
    gap = json.loads(event.detail)
    assert (gap["head_before"], gap["head_restored"]) == (str(before), str(restored))
    assert (gap["entries_lost"], gap["same_record"]) == (2, True)
    assert "a backup was put in its place" in problem.what
