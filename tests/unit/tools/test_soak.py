"""The short form of what ``make soak`` does at length."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage.engine import sqlite_url
from storage.storage import open_storage
from tools.soak import heard, kill_at_random, main, two_writers
from tools.soak_faults import ROOT, counted, faults_of
from tools.soak_images import fill_folder

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a thing of POSIX")]


def test_kills_during_a_folder_inspection_with_reviews_lose_nothing_and_leave_nothing(
    either_url: str, tmp_path: Path
) -> None:
    found = kill_at_random(either_url, tmp_path, kills=5)
    assert found.faults == []
    assert found.kills == 5
    assert found.verdicts > 0
    assert found.jobs_marked > 0


def test_two_programs_writing_at_once_lose_no_row_and_no_user_sees_a_lock(either_url: str, tmp_path: Path) -> None:
    found = two_writers(either_url, tmp_path, seconds=2.0)
    assert found.faults == []
    assert found.verdicts == found.reviews
    assert all(counted(one.lines)[0] > 0 for one in found.writers)


def test_the_soak_itself_notices_what_is_lost_changed_or_left(tmp_path: Path) -> None:
    found = two_writers(sqlite_url(tmp_path / "filo.sqlite"), tmp_path, seconds=0.5)
    database, images = tmp_path / "filo.sqlite", tmp_path / "images"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE inspections SET verdict = 'OK' WHERE id = 1")
        connection.execute("DELETE FROM reviews WHERE inspection_id = 2")
    (images / "ab").mkdir(exist_ok=True)
    (images / "ab" / ("ab" * 32)).write_bytes(b"left")
    with open_storage(sqlite_url(database), images) as storage:
        faults = "\n".join(faults_of(storage, {"verdict never stored.png\n", "review 2\n"}))
    assert found.faults == []
    for sign in (
        "inspections 1",
        "the row was removed",
        "lost: verdict never stored.png",
        "lost: review 2",
        "is left: abab",
    ):
        assert sign in faults


_SAYS_MUCH = "import sys; print('x' * 300_000, flush=True); open(sys.argv[1], 'w').close()"
_WAITS_FOR_IT = """
import pathlib, sys, time
until = time.monotonic() + 20
while not pathlib.Path(sys.argv[1]).exists():
    assert time.monotonic() < until, "the other program was held up"
    time.sleep(0.01)
"""


def test_a_program_that_says_more_than_a_pipe_holds_goes_on_while_the_first_still_runs(tmp_path: Path) -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "done")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for code in (_WAITS_FOR_IT, _SAYS_MUCH)
    ]
    waited, spoke = heard(programs)
    assert waited.error == ""
    assert len("".join(spoke.lines)) == 300_001


def test_a_writer_that_says_nothing_for_a_while_is_found_out() -> None:
    code = "import time; print('a', flush=True); time.sleep(0.6); print('b', flush=True)"
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    (quiet,) = heard([program])
    assert quiet.lines == ["a\n", "b\n"]
    assert quiet.longest_pause_s >= 0.5


def test_the_figures_of_a_run_stand_on_the_page_with_machine_and_day(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    page.write_text("# Reliability\n\nBy hand.\n", encoding="utf-8")
    # Several kills: the second part must find nothing of the first.
    assert main(["--kills", "3", "--minutes", "0.01", "--page", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Reliability\n\nBy hand.\n\n## The record, killed, on SQLite\n")
    assert "python -m tools.soak --kills 0 --minutes 0.01" in text
    assert "logical CPUs" in text


def test_a_review_that_fails_ends_the_program_so_that_the_soak_hears_of_it(tmp_path: Path) -> None:
    fill_folder(tmp_path / "parts", 3)
    url, images = sqlite_url(tmp_path / "filo.sqlite"), tmp_path / "images"
    failing = (
        "import sys; from filo_core.errors import StorageError; from tools import soak_program as program\n"
        "def fail(*_): raise StorageError('The disk is full. Free some space.')\n"
        "program._review = fail\n"
        "sys.exit(program.main('folder', *sys.argv[1:]))"
    )
    command = [sys.executable, "-c", failing, url, str(images), str(tmp_path / "parts")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (1, "The disk is full. Free some space.\n")
