"""A disk that really is full: a small tmpfs with a file that takes its room."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from filo_core.errors import DiskFullError
from filo_core.events import ImageInspected, RunEvent
from filo_core.types import EventKind, InspectionFilter, Recipe, Verdict
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import make_inspection, sign_product

SIZE, RESERVE = 24 << 20, 8 << 20
EVERYTHING = InspectionFilter()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def storage(small_disk: Path) -> Iterator[Storage]:
    with open_storage(sqlite_url(small_disk / "filo.sqlite"), small_disk / "images") as opened:
        yield opened


def take(path: Path, free: int) -> None:
    """Write a file that leaves about ``free`` bytes of the disk."""
    with path.open("wb") as file:
        while (left := shutil.disk_usage(path.parent).free - free) > 0:
            file.write(b"\1" * min(left, 1 << 16))
            file.flush()


def run(recipe: Recipe, storage: Storage, seen: list[RunEvent], reserve: int = RESERVE) -> None:
    recorder = Recorder(storage, "metal nut", station="line 1", reserve_bytes=reserve)
    events = (
        ImageInspected(shade, make_inspection(recipe, shade))
        for shade in range(6)
        if not recorder.already_judged(make_inspection(recipe, shade).image_hash, recipe.content_hash)
    )
    # What came before an error stays in the list.
    seen.extend(recorder.record(events))


def test_a_full_disk_stops_a_run_with_an_alarm_and_room_lets_it_go_on(small_disk: Path, storage: Storage) -> None:
    recipe = sign_product(storage)
    Recorder(storage, "metal nut", reserve_bytes=RESERVE).record_one(make_inspection(recipe, 0))
    filler = small_disk / "filler"
    take(filler, RESERVE - (1 << 20))
    seen: list[RunEvent] = []
    with pytest.raises(DiskFullError, match="is full: less than 8 MiB are left"):
        run(recipe, storage, seen)
    (stopped,) = seen
    assert isinstance(stopped, ImageInspected)
    assert stopped.inspection.verdict is Verdict.NOT_INSPECTED
    with storage.reading() as transaction:
        assert transaction.inspections.verdict_counts(EVERYTHING) == {Verdict.OK: 1, Verdict.NOT_INSPECTED: 1}
        alarm = transaction.events.newest(1)[0]
    assert (alarm.kind, alarm.station) == (EventKind.DISK_FULL, "line 1")
    filler.unlink()
    run(recipe, storage, seen)
    with storage.reading() as transaction:
        assert transaction.inspections.verdict_counts(EVERYTHING) == {Verdict.OK: 6, Verdict.NOT_INSPECTED: 1}
    assert storage.verify().intact


def test_a_disk_without_a_single_byte_left_loses_nothing(small_disk: Path, storage: Storage) -> None:
    recipe = sign_product(storage)
    recorder = Recorder(storage, "metal nut", reserve_bytes=0)
    kept = [recorder.record_one(make_inspection(recipe, shade)) for shade in range(3)]
    filler = small_disk / "filler"
    take(filler, 0)
    with pytest.raises(DiskFullError, match="is full"):
        recorder.record_one(make_inspection(recipe, 9))
    with storage.reading() as transaction:
        page = transaction.inspections.page(EVERYTHING, None, 10)
    assert [record.inspection_id for record in page if record.verdict is Verdict.OK] == kept[::-1]
    assert all(storage.artefacts.get_bytes(record.image_hash) for record in page if record.verdict is Verdict.OK)
    filler.unlink()
    recorder.record_one(make_inspection(recipe, 9))
    assert storage.verify().intact
    assert list(storage.artefacts.root.rglob("*.tmp")) == []
