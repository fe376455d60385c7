from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from filo_core.errors import DatabaseInUseError, StorageError
from storage.engine import sqlite_url
from storage.instance_lock import InstanceLock
from storage.storage import open_storage

ROOT = Path(__file__).resolve().parents[3]


def test_a_second_window_is_refused_with_the_files_name(database: Path, images: Path) -> None:
    with (
        InstanceLock(sqlite_url(database), images),
        pytest.raises(DatabaseInUseError, match=r"filo\.sqlite is already open in another window"),
    ):
        InstanceLock(sqlite_url(database), images).acquire()


def test_a_window_may_open_after_the_first_one_closed(database: Path, images: Path) -> None:
    with InstanceLock(sqlite_url(database), images):
        pass
    with InstanceLock(sqlite_url(database), images):
        assert database.with_name("filo.sqlite.window").exists()


def test_another_spelling_of_the_path_is_the_same_database(
    database: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.parent.mkdir()
    monkeypatch.chdir(database.parent)
    with (
        InstanceLock(sqlite_url(database), images),
        pytest.raises(DatabaseInUseError, match="already open"),
    ):
        InstanceLock("sqlite:///filo.sqlite", images).acquire()


def test_a_command_may_work_beside_the_window(database: Path, images: Path) -> None:
    with InstanceLock(sqlite_url(database), images), open_storage(sqlite_url(database), images) as storage:
        assert storage.where == str(database)


def test_stations_on_one_server_have_a_window_each(tmp_path: Path) -> None:
    url = "postgresql+psycopg://ada:secret@host/filo"
    with (
        InstanceLock(url, tmp_path / "one"),
        InstanceLock(url, tmp_path / "two"),
        pytest.raises(DatabaseInUseError, match="already open") as refused,
    ):
        InstanceLock(url, tmp_path / "one").acquire()
    assert "secret" not in str(refused.value)


def test_a_killed_window_leaves_no_lock(database: Path, images: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from storage.instance_lock import InstanceLock; "
        "lock = InstanceLock(sys.argv[1], Path(sys.argv[2])); lock.acquire(); print('held', flush=True); "
        "sys.stdin.read()"
    )
    window = subprocess.Popen(
        [sys.executable, "-c", code, sqlite_url(database), str(images)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with window:
        assert window.stdout is not None
        assert window.stdout.readline() == "held\n"
        with pytest.raises(DatabaseInUseError, match="already open"):
            InstanceLock(sqlite_url(database), images).acquire()
        window.kill()
        window.wait(20)
    with InstanceLock(sqlite_url(database), images):
        assert window.returncode < 0


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageError, match="cannot be written"):
        InstanceLock(sqlite_url(tmp_path / "file" / "filo.sqlite"), tmp_path).acquire()
