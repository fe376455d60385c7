"""The nightly backup and its rotation, and the removal of images beside it."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from filo_core.types import EventKind
from storage.recorder import Recorder
from storage.sessions import RecordSession
from storage.storage import Storage, open_storage
from storage.trust_models import EventRow
from tests.unit.storage.making import make_inspection, sign_product
from workflows.backups import KEPT, back_up_if_due, backup_problem
from workflows.nightly import ACTOR, NightlyWork
from workflows.retention import FRESH_S
from workflows.settings import Settings

TODAY = datetime(2026, 3, 4, 2, tzinfo=UTC)


@pytest.fixture
def settings(filo_home: Path) -> Settings:
    settings = Settings()
    open_storage(settings.database_url, settings.images).close()
    return settings


def backups(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.home / "backups").glob("*"))


def test_one_backup_a_day_and_only_the_newest_are_kept(settings: Settings) -> None:
    assert back_up_if_due(settings, TODAY) is not None
    assert back_up_if_due(settings, TODAY + timedelta(hours=3)) is None
    for day in range(1, KEPT + 3):
        assert back_up_if_due(settings, TODAY + timedelta(days=day)) is not None
    names = backups(settings)
    assert len(names) == KEPT
    assert names[0] == "filo-20260307.sqlite"


def test_a_record_that_is_not_there_yet_needs_no_backup(filo_home: Path) -> None:
    assert back_up_if_due(Settings(), TODAY) is None


@pytest.fixture
def storage(settings: Settings) -> Iterator[Storage]:
    with open_storage(settings.database_url, settings.images) as opened:
        yield opened


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
