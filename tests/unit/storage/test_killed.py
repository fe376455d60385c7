"""What SIGKILL leaves behind, at every step of a record and at random moments."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from filo_core.types import InspectionFilter, InspectionRecord
from storage.engine import sqlite_url
from storage.storage import Storage, open_storage

ROOT = Path(__file__).resolve().parents[3]
IMAGES = 150
KILLS = int(os.environ.get("FILO_TEST_KILLS", "6"))
FLUSHES_PER_IMAGE = 6
"""At most: image and map, each a new folder's parent, the file, and the folder."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a thing of POSIX")


def start(database: Path, images: Path, count: int, flush: int = 0) -> subprocess.Popen[str]:
    arguments = [sqlite_url(database), str(images), str(count), str(flush)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.unit.storage.killed_writer", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def numbers_said(program: subprocess.Popen[str]) -> list[int]:
    """Images that the program said are recorded, up to its end."""
    assert program.stdout is not None
    return [int(line) for line in program.stdout if line.endswith("\n") and line != "ready\n"]


def records_of(storage: Storage) -> list[InspectionRecord]:
    with storage.reading() as transaction:
        return list(transaction.inspections.page(InspectionFilter(), None, 10 * IMAGES))


def assert_whole(storage: Storage, said: list[int]) -> None:
    """Nothing that was said is missing, nothing is there by half, nothing is there twice, no rubbish is left."""
    records = records_of(storage)
    assert {f"part {number}.png" for number in said} <= {record.name for record in records}
    assert len({record.image_hash for record in records}) == len(records)
    for record in records:
        assert storage.artefacts.get_bytes(record.image_hash)
        assert storage.artefacts.get_map(record.map_hash).shape == (3, 5)
        assert len(record.regions) == 1
    assert list(storage.artefacts.root.rglob("*.tmp")) == []
    with storage._engine.connect() as connection:
        assert connection.scalar(text("PRAGMA integrity_check")) == "ok"


def test_a_program_killed_at_any_flush_leaves_a_whole_record_to_go_on_with(database: Path, images: Path) -> None:
    count = FLUSHES_PER_IMAGE + 1
    said: list[int] = []
    for flush in range(1, count + 1):
        with start(database, images, count, flush) as program:
            said += numbers_said(program)
        assert program.returncode == -signal.SIGKILL
        with open_storage(sqlite_url(database), images) as storage:
            assert_whole(storage, said)
    with start(database, images, count) as program:
        said += numbers_said(program)
    assert program.returncode == 0
    with open_storage(sqlite_url(database), images) as storage:
        assert_whole(storage, said)
        assert len(records_of(storage)) == count


def test_a_half_written_file_is_there_after_the_kill_and_gone_after_opening(database: Path, images: Path) -> None:
    # The second flush is that of the first image's bytes; the first is that of its new folder.
    with start(database, images, 3, flush=2) as program:
        assert numbers_said(program) == []
    assert len(list(images.rglob("*.tmp"))) == 1
    with open_storage(sqlite_url(database), images):
        assert list(images.rglob("*.tmp")) == []


@pytest.mark.slow
def test_kills_at_random_moments_leave_a_whole_record_and_every_image_judged_once(database: Path, images: Path) -> None:
    chance = random.Random(20260304)
    pause = threading.Event()
    said: list[int] = []
    for _ in range(KILLS):
        with start(database, images, IMAGES) as program:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            for _ in range(chance.randrange(12)):
                said += [int(line) for line in [program.stdout.readline()] if line.endswith("\n")]
            # Anywhere within the next few records, not just after one.
            pause.wait(chance.uniform(0, 0.02))
            program.kill()
            said += numbers_said(program)
        with open_storage(sqlite_url(database), images) as storage:
            assert_whole(storage, said)
    with start(database, images, IMAGES) as program:
        said += numbers_said(program)
    assert program.returncode == 0
    with open_storage(sqlite_url(database), images) as storage:
        assert_whole(storage, said)
        assert len(records_of(storage)) == IMAGES
        assert len(said) <= IMAGES
