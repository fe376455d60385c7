"""A folder that is away for a moment is said to be, and looked at again; one folder below it stops nothing."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from filo_core.line.settled_files import SettledFiles
from filo_core.line.watched_folder import WatchedFolder
from filo_core.line.watching import looks

WaitUntil = Callable[[Callable[[], object]], None]
ERRORS = [errno.EACCES, errno.ESTALE, errno.EHOSTDOWN, errno.EIO, errno.ENOTCONN, errno.ENOENT, errno.ETIMEDOUT]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


@pytest.fixture
def watched(folder: Path) -> Iterator[WatchedFolder]:
    made = WatchedFolder(folder, every_s=0.02, settled_s=0.05, patience_s=0.2)
    made.start()
    yield made
    made.stop()


def save(path: Path, red: int) -> None:
    Image.new("RGB", (8, 6), (red, 0, 0)).save(path)


class Disk:
    """Stands between the looks and the disk."""

    def __init__(self) -> None:
        self.error = 0
        self.below = ""
        self.hangs = threading.Event()
        self.hangs.set()

    def ask(self, path: str | Path) -> None:
        assert self.hangs.wait(20)
        if self.error and str(path).endswith(self.below):
            raise OSError(self.error, os.strerror(self.error), str(path))

    def stat(self, path: str | Path) -> os.stat_result:
        self.ask(path)
        return os.stat(path)  # noqa: PTH116 the function that stands behind it

    def listdir(self, path: str | Path) -> list[str]:
        self.ask(path)
        return os.listdir(path)  # noqa: PTH208 the function that stands behind it

    def scandir(self, path: str | Path) -> object:
        self.ask(path)
        return os.scandir(path)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()

    class Os:
        path = os.path
        stat = staticmethod(made.stat)
        scandir = staticmethod(made.scandir)
        listdir = staticmethod(made.listdir)

    monkeypatch.setattr(looks, "os", Os)
    return made


@pytest.mark.parametrize("error", ERRORS, ids=lambda number: errno.errorcode[number])
def test_a_folder_that_is_away_for_a_moment_is_said_to_be_and_nothing_of_it_is_missed(
    folder: Path, watched: WatchedFolder, disk: Disk, error: int, wait_until: WaitUntil
) -> None:
    save(folder / "before.png", 1)
    wait_until(lambda: len(watched.waiting()) == 1)
    disk.error = error
    wait_until(lambda: watched.problem)
    assert str(folder) in watched.problem
    save(folder / "meanwhile.png", 2)
    disk.error = 0
    wait_until(lambda: watched.problem == "")
    save(folder / "after.png", 3)
    wait_until(lambda: len(watched.waiting()) == 3)
    assert {arrival.name for arrival in watched.waiting()} == {"before.png", "meanwhile.png", "after.png"}


def test_a_share_that_hangs_is_away_and_watched_again_when_it_answers(
    folder: Path, watched: WatchedFolder, disk: Disk, wait_until: WaitUntil
) -> None:
    wait_until(lambda: watched.problem == "")
    disk.hangs.clear()
    wait_until(lambda: "does not answer" in watched.problem)
    disk.hangs.set()
    save(folder / "after.png", 3)
    wait_until(lambda: len(watched.waiting()) == 1)
    wait_until(lambda: watched.problem == "")


def test_a_folder_below_that_may_not_be_read_stops_nothing_and_is_named(
    folder: Path, disk: Disk, watched: WatchedFolder, wait_until: WaitUntil
) -> None:
    disk.error, disk.below = errno.EACCES, "lost+found"
    (folder / "lost+found").mkdir()
    save(folder / "part.png", 1)
    wait_until(lambda: len(watched.waiting()) == 1)
    wait_until(lambda: "lost+found/" in watched.left_out)
    assert watched.problem == ""


@pytest.mark.parametrize("error", ERRORS[:5], ids=lambda number: errno.errorcode[number])
def test_a_folder_below_that_held_parts_and_cannot_be_read_any_more_is_a_problem(
    folder: Path, disk: Disk, watched: WatchedFolder, error: int, wait_until: WaitUntil
) -> None:
    (folder / "camera").mkdir()
    save(folder / "camera" / "1.png", 1)
    wait_until(lambda: len(watched.waiting()) == 1)
    disk.error, disk.below = error, "camera"
    wait_until(lambda: "camera" in watched.problem)
    save(folder / "2.png", 2)
    wait_until(lambda: len(watched.waiting()) == 2)
    disk.error = 0
    save(folder / "camera" / "3.png", 3)
    wait_until(lambda: len(watched.waiting()) == 3)
    wait_until(lambda: watched.problem == "")


def test_a_share_that_was_unmounted_leaves_an_empty_folder_which_is_not_it(
    folder: Path, watched: WatchedFolder, monkeypatch: pytest.MonkeyPatch, wait_until: WaitUntil
) -> None:
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == folder)
    wait_until(lambda: watched._probed._was_mounted)
    monkeypatch.setattr(os.path, "ismount", lambda _: False)
    wait_until(lambda: "not mounted" in watched.problem)


def test_a_folder_that_was_removed_and_made_again_is_watched_again(
    folder: Path, watched: WatchedFolder, wait_until: WaitUntil
) -> None:
    folder.rmdir()
    wait_until(lambda: "does not exist" in watched.problem)
    folder.mkdir()
    save(folder / "part.png", 1)
    wait_until(lambda: len(watched.waiting()) == 1)
    wait_until(lambda: watched.problem == "")


def test_a_look_that_dies_in_the_middle_loses_no_file(
    folder: Path, watched: WatchedFolder, monkeypatch: pytest.MonkeyPatch, wait_until: WaitUntil
) -> None:
    read = SettledFiles._read
    died: list[str] = []

    def die_once(files: SettledFiles, name: str) -> bytes | None:
        if name not in died:
            died.append(name)
            raise SystemExit
        return read(files, name)

    monkeypatch.setattr(SettledFiles, "_read", die_once)
    for number in range(3):
        save(folder / f"{number}.png", number)
    wait_until(lambda: watched.problem)
    wait_until(lambda: len(watched.waiting()) == 3)
    assert sorted(arrival.name for arrival in watched.waiting()) == ["0.png", "1.png", "2.png"]


def test_a_look_costs_what_is_new_and_not_what_was_ever_there(
    folder: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts what is asked of the disk: seconds would depend on what else runs."""
    asked: list[str] = []
    ask = disk.ask
    disk.ask = lambda path: (asked.append(str(path)), ask(path))[1]  # type: ignore[method-assign, func-returns-value]
    costs = []
    for many in (10, 2_000):
        for number in range(many):
            (folder / f"{number}.png").touch()
        files = SettledFiles(folder, settled_s=0.0, patience_s=0.0)
        assert len(files.take()) == many
        asked.clear()
        for _ in range(5):
            assert files.take() == []
        costs.append(len(asked))
        save(folder / f"new {many}.png", 1)
        asked.clear()
        # The one that is new is seen by the first look, and settled by the second.
        assert [path.name for path in (*files.take(), *files.take())] == [f"new {many}.png"]
        assert len(asked) < 2 * looks._FILES_A_LOOK + 20
        for path in folder.iterdir():
            path.unlink()
    assert costs[1] <= 5 * (looks._FILES_A_LOOK + 5)
