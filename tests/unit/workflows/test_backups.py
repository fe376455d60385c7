"""The nightly backup and its rotation."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.storage import open_storage
from workflows.backups import KEPT, back_up_if_due
from workflows.nightly import NightlyBackup
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


def test_the_window_makes_one_when_it_opens_and_ends_its_thread(settings: Settings) -> None:
    nightly = NightlyBackup(settings)
    nightly.start()
    waited, pause = 0.0, threading.Event()
    while not backups(settings) or backups(settings)[-1].endswith(".part"):
        pause.wait(0.02)
        waited += 0.02
        assert waited < 20
    nightly.close()
    assert len(backups(settings)) == 1


def test_a_backup_that_cannot_be_written_stops_nothing(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    (settings.home / "backups").write_text("a file in the way")
    nightly = NightlyBackup(settings)
    nightly.start()
    nightly.close()
    assert "no backup" in caplog.text
