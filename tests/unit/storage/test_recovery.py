"""What a program that was ended leaves, and what the next one makes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from filo_core.types import EventKind, KeptJobState
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import make_image, make_inspection, sign_product

ROOT = Path(__file__).resolve().parents[3]
CRASH = """
import os, signal, sys
from pathlib import Path
from storage.recorder import Recorder
from storage.storage import open_storage
from tests.unit.storage.making import make_image

storage = open_storage(sys.argv[1], Path(sys.argv[2]))
with Recorder(storage, "metal nut", operator="Ada").job("metal nut: folder"):
    storage.artefacts.put_image(make_image(77))
    os.kill(os.getpid(), signal.SIGKILL)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a thing of POSIX")


def crash(storage: Storage, images: Path) -> None:
    arguments = [sys.executable, "-c", CRASH, sqlite_url(Path(storage.where)), str(images)]
    assert subprocess.run(arguments, cwd=ROOT, check=False).returncode == -signal.SIGKILL


def states(storage: Storage) -> list[KeptJobState]:
    with storage.reading() as transaction:
        return [state for _, state in transaction.jobs.states()]


def test_a_job_and_an_image_of_a_crashed_program_are_dealt_with_in_one_sentence(
    storage: Storage, database: Path, images: Path
) -> None:
    kept = Recorder(storage, "metal nut").record_one(make_inspection(sign_product(storage), 1))
    orphan = storage.artefacts.path_of(make_image(77).image_hash)
    storage.close()
    crash(storage, images)
    assert orphan.is_file()
    with open_storage(sqlite_url(database), images) as again:
        assert again.recovered.sentence == (
            "The program was ended before it could close: 1 unfinished job marked as interrupted, "
            "1 picture without a verdict removed. No verdict was lost."
        )
        assert not orphan.exists()
        assert states(again) == [KeptJobState.INTERRUPTED]
        with again.reading() as transaction:
            assert [event.kind for event in transaction.events.newest()] == [EventKind.RECOVERED]
            record = transaction.inspections.get(kept)
        assert again.artefacts.get_bytes(record.image_hash)
        assert again.verify().intact
    with open_storage(sqlite_url(database), images) as third:
        assert third.recovered.sentence == ""


def test_nothing_of_a_living_program_is_touched(storage: Storage, database: Path, images: Path) -> None:
    waiting = storage.artefacts.put_image(make_image(5))
    with Recorder(storage, "metal nut").job("metal nut: folder"):
        crash(storage, images)
        with open_storage(sqlite_url(database), images) as second:
            assert second.recovered.jobs == 1
            assert second.recovered.orphans == 0
            assert second.artefacts.get_bytes(waiting)
            assert states(second) == [KeptJobState.RUNNING, KeptJobState.INTERRUPTED]


def test_the_picture_that_had_to_wait_goes_with_the_next_start(storage: Storage, database: Path, images: Path) -> None:
    crash(storage, images)
    open_storage(sqlite_url(database), images).close()
    orphan = storage.artefacts.path_of(make_image(77).image_hash)
    assert orphan.is_file()
    storage.close()
    with open_storage(sqlite_url(database), images) as again:
        assert again.recovered.orphans == 1
    assert not orphan.exists()


def test_a_good_image_of_a_draft_or_of_a_signed_recipe_is_no_orphan(
    storage: Storage, database: Path, images: Path
) -> None:
    sign_product(storage)
    content = b"a good image whose hash stands in the recipe only"
    with storage.reading() as transaction:
        wanted = transaction.products.recipe("metal nut").recipe.references[0].image_hash
    path = storage.artefacts.path_of(wanted)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    with storage.transaction() as transaction:
        draft = transaction.products.draft("metal nut")
        transaction.products.save("metal nut", replace(draft, references=()))
    storage.close()
    crash(storage, images)
    os.utime(path)
    with open_storage(sqlite_url(database), images) as again:
        assert again.recovered.orphans == 1
    assert path.is_file()


@pytest.mark.parametrize("end", [KeptJobState.FINISHED, KeptJobState.FAILED, KeptJobState.STOPPED])
def test_a_job_says_how_it_ended(storage: Storage, end: KeptJobState) -> None:
    def job() -> Iterator[int]:
        with Recorder(storage, "metal nut").job("metal nut: folder"):
            yield 1
            if end is KeptJobState.FAILED:
                raise RuntimeError

    running = job()
    next(running)
    assert states(storage) == [KeptJobState.RUNNING]
    if end is KeptJobState.STOPPED:
        running.close()  # type: ignore[attr-defined]
    else:
        with pytest.raises((StopIteration, RuntimeError)):
            next(running)
    assert states(storage) == [end]
