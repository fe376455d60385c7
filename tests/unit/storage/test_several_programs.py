"""Programs that come upon one another: each waits, and none loses what another has written."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from filo_core.types import InspectionFilter
from storage.artefacts import ArtefactStore, Leftovers, _is_unlocked
from storage.backup import back_up, restore
from storage.engine import sqlite_url
from storage.image_pool import Pooled, _is_whole, add_to_pool, copied
from storage.storage import open_storage
from tests.unit.storage.killed_writer import signed_recipe
from tests.unit.storage.making import add_calibration, make_image
from tests.unit.storage.programs import ROOT, at_once
from tests.unit.storage.test_killed import numbers_said, start
from tests.unit.storage.test_migrating import fill, migrate

ROUNDS = 8
REFERENCES = 2
"""Of the recipe, whose images are in no store of these tests."""


def test_programs_that_make_one_outbox_agree_on_its_name(tmp_path: Path) -> None:
    places = [str(tmp_path / f"outbox {number}.sqlite") for number in range(ROUNDS)]
    step = "box = Outbox(Path(place))\nprint(box._outbox_id, flush=True)\nbox.close()"
    for names in at_once("from storage.outbox import Outbox", step, places):
        assert len(set(names)) == 1
        assert names[0]


def test_one_of_several_windows_gets_the_record(tmp_path: Path) -> None:
    places = [sqlite_url(tmp_path / str(number) / "filo.sqlite") for number in range(ROUNDS)]
    imports = (
        "from filo_core.errors import DatabaseInUseError\nfrom storage.instance_lock import InstanceLock\nheld = []"
    )
    step = (
        "lock = InstanceLock(place, Path())\nheld.append(lock)\n"
        "try:\n    lock.acquire()\n    print('mine', flush=True)\n"
        "except DatabaseInUseError:\n    print('taken', flush=True)"
    )
    for answers in at_once(imports, step, places):
        assert sorted(answers) == ["mine", "taken", "taken", "taken"]


def test_programs_that_open_an_older_record_at_once_bring_it_up_to_date_once(database: Path, images: Path) -> None:
    with open_storage(sqlite_url(database), images) as storage:
        fill(storage)
        add_calibration(storage)
    migrate(database, "0001")
    imports = "from storage.storage import open_storage"
    step = (
        f"opened = open_storage(place, Path({str(images)!r}))\n"
        "print(opened.verify().problems, flush=True)\nopened.close()"
    )
    assert at_once(imports, step, [sqlite_url(database)]) == [["()"] * 4]
    (copy,) = database.parent.glob("filo.sqlite.before-upgrade*")
    assert copy.name == "filo.sqlite.before-upgrade-from-0001"
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM reviews").fetchone() == (3,)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a thing of POSIX")
def test_programs_that_open_a_record_after_a_crash_find_every_verdict(database: Path, images: Path) -> None:
    said: list[int] = []

    def crashes() -> Iterator[str]:
        for crash in range(1, 3):
            said.append(len(numbers_said(start(database, images, 10 * crash, flush=12 + crash))))
            assert database.with_name("filo.sqlite-wal").stat().st_size > 0, "there is something to recover"
            yield sqlite_url(database)

    # What they say of the crash would stand on stderr.
    imports = "import logging\nlogging.disable()\nfrom storage.storage import open_storage"
    step = (
        f"with open_storage(place, Path({str(images)!r})) as opened:\n"
        "    report = opened.verify()\n    print(report.intact, report.entries, flush=True)"
    )
    for count, answers in zip(said, at_once(imports, step, crashes()), strict=True):
        (answer,) = set(answers)
        intact, entries = answer.split()
        assert intact == "True"
        assert int(entries) > count


def test_a_backup_made_while_another_program_inspects_is_whole(database: Path, images: Path, tmp_path: Path) -> None:
    with open_storage(sqlite_url(database), images) as storage:
        signed_recipe(storage)
    arguments = [sqlite_url(database), str(images), "60", "0"]
    command = [sys.executable, "-m", "tests.unit.storage.killed_writer", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        made = []
        for number in range(3):
            writer.stdout.readline()
            made.append(back_up(sqlite_url(database), images, tmp_path / f"backup-{number}"))
        numbers_said(writer)
    assert made[0].inspections < 60, "it was made while the other program worked"
    for number, backup in enumerate(made):
        assert backup.missing == REFERENCES
        place = tmp_path / f"restored-{number}"
        place.mkdir()
        restore(sqlite_url(place / "filo.sqlite"), place / "images", backup.file.parent)
        with open_storage(sqlite_url(place / "filo.sqlite"), place / "images") as storage:
            assert storage.verify().intact
            with storage.reading() as transaction:
                records = transaction.inspections.page(InspectionFilter(), None, 100)
            assert len(records) == backup.inspections
            assert all(storage.artefacts.get_map(record.map_hash).size for record in records)


def vanishing(path: Path, content_hash: str) -> bool:
    """Another program removes the file just before it is read."""
    path.unlink()
    return _is_whole(path, content_hash)


def test_an_image_that_the_rules_remove_during_a_backup_is_missing_and_stops_nothing(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ArtefactStore(images)
    hashes = [store.put_image(make_image(shade)) for shade in range(3)]
    store.close()
    monkeypatch.setattr("storage.image_pool._is_whole", vanishing)
    assert not copied(images, tmp_path / "backup", hashes[0])
    assert add_to_pool(images, tmp_path / "pool", hashes[1:]) == Pooled(0, ())


def test_an_image_that_goes_while_a_start_looks_for_what_a_crash_left_is_passed_over(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed = ArtefactStore(images)
    kept = crashed.path_of(crashed.put_image(make_image(1)))
    # What the end of its process does; its mark stays.
    crashed._lock.release()
    monkeypatch.setattr(ArtefactStore, "stored", lambda store: iter([store.path_of("a" * 64), kept]))
    found: list[Leftovers] = []
    ArtefactStore(images, found.append).close()
    assert [left.recent for left in found] == [(kept,)]


def test_a_program_that_closes_while_another_one_opens_is_not_taken_for_a_crash(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing_now, still_open = ArtefactStore(images), ArtefactStore(images)

    def looked_at(mark: Path) -> bool:
        closing_now.close()
        return _is_unlocked(mark)

    monkeypatch.setattr("storage.artefacts._is_unlocked", looked_at)
    found: list[Leftovers] = []
    with_others = ArtefactStore(images, found.append)
    assert found == []
    marks = {path.name for path in (images / ".runs").iterdir() if path.suffix != ".lock"}
    assert marks == {still_open.run, with_others.run}
    still_open.close()
    with_others.close()
