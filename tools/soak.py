"""Kills a folder inspection at random moments, then lets two programs write at once; writes down what was lost.

``python -m tools.soak --kills 200 --minutes 10`` is what ``make soak`` runs; with ``--postgresql`` the record lives on
a server that is started for it. The figures go into docs/reliability.md. Exit status 1 when there was a fault.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from storage.engine import BUSY_TIMEOUT_MS, sqlite_url
from storage.storage import open_storage
from tools.markdown import markdown_table, replace_section, say, this_machine
from tools.postgres_server import PostgresServer, server_programs
from tools.soak_faults import counted, faults_of, start
from tools.soak_images import fill_folder
from tools.soak_program import signed_recipe

IMAGES_PER_KILL = 60
MOST_LINES, LONGEST_WAIT_S = 40, 0.05
"""A kill comes after fewer lines than this, and up to this much later."""
START_SHARE, START_S = 0.1, 2.0
"""Share of kills that come while the program starts, opens and cleans up, and how long that takes at most."""
STANDSTILL_S = BUSY_TIMEOUT_MS / 1000
"""A writer that says nothing for longer was held up."""
_EVERY = 20
_PAGE = Path("docs/reliability.md")


@dataclass
class Findings:
    """What was done, and everything that should not have happened."""

    kills: int = 0
    verdicts: int = 0
    reviews: int = 0
    orphans_removed: int = 0
    jobs_marked: int = 0
    writers: list[Heard] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Heard:
    """What a program said, and the longest time in which it said nothing once it was ready."""

    lines: list[str]
    longest_pause_s: float
    error: str = ""


def kill_at_random(url: str, home: Path, kills: int, seed: int = 20261125) -> Findings:
    """Kill the inspection of a folder again and again, and look at the record after each time; ends with a fault."""
    chance, began = random.Random(seed), time.perf_counter()
    images, folder = home / "images", home / "parts"
    found, said = Findings(), set[str]()
    # More than can be judged between all kills: the work never runs out.
    fill_folder(folder, IMAGES_PER_KILL * kills)
    while found.kills < kills and not found.faults:
        with start("folder", url, images, str(folder)) as program:
            said |= _said_until_killed(program, chance)
            if program.returncode == -signal.SIGKILL:
                found.kills += 1
            elif program.returncode and program.stderr is not None:
                found.faults.append(f"a user would have seen: {program.stderr.read().strip()}")
        with open_storage(url, images) as storage:
            found.orphans_removed += storage.recovered.orphans
            found.jobs_marked += storage.recovered.jobs
            found.faults += [f"after kill {found.kills}: {fault}" for fault in faults_of(storage, said)]
        found.verdicts, found.reviews = counted(said)
        if found.kills % _EVERY == 0:
            say(f"{found.kills} kills, {found.verdicts} verdicts, {time.perf_counter() - began:.0f} s")
    return found


def _said_until_killed(program: subprocess.Popen[str], chance: random.Random) -> set[str]:
    """Whole lines that the program said until it was killed at a moment that chance chose."""
    assert program.stdout is not None
    said: set[str] = set()
    if chance.random() < START_SHARE:
        wait_s = chance.uniform(0, START_S)
    else:
        said |= {program.stdout.readline() for _ in range(chance.randrange(MOST_LINES))}
        # Anywhere within the next few records, not just after one.
        wait_s = chance.uniform(0, LONGEST_WAIT_S)
    threading.Event().wait(wait_s)
    program.kill()
    said.update(program.stdout)
    program.wait()
    return {line for line in said if line.endswith("\n")}


def two_writers(url: str, home: Path, seconds: float) -> Findings:
    """Two programs on one record for so many seconds: both go on, all that they said is there, and no error."""
    images = home / "images"
    with open_storage(url, images) as storage:
        # Before both: two people who set the same product up at once are another matter.
        signed_recipe(storage)
    programs = [start("writer", url, images, str(seconds), str(seed)) for seed in (1, 2)]
    found = Findings(writers=heard(programs))
    said = {line for one in found.writers for line in one.lines}
    for number, (program, one) in enumerate(zip(programs, found.writers, strict=True), 1):
        if program.returncode or one.error:
            found.faults.append(f"a user would have seen: {one.error.strip()}")
        if one.longest_pause_s > STANDSTILL_S:
            found.faults.append(f"writer {number} stood still for {one.longest_pause_s:.0f} s")
    with open_storage(url, images) as storage:
        found.faults += faults_of(storage, said)
    found.verdicts, found.reviews = counted(said)
    return found


def heard(programs: Sequence[subprocess.Popen[str]]) -> list[Heard]:
    """What every program said, read all at once: one whose pipe is full would wait for the others."""
    with ThreadPoolExecutor(2 * len(programs)) as pool:
        errors = [pool.submit(_error_of, program) for program in programs]
        spoken = [pool.submit(_timed, program) for program in programs]
        return [Heard(*one.result(), error.result()) for one, error in zip(spoken, errors, strict=True)]


def _timed(program: subprocess.Popen[str]) -> tuple[list[str], float]:
    assert program.stdout is not None
    lines, heard_at = [], []
    for line in program.stdout:
        lines.append(line)
        heard_at.append(time.perf_counter())
    # From the first line on, with which it is ready: starting Python is no standstill of a writer.
    heard_at.append(time.perf_counter())
    program.wait()
    return lines, max((after - before for before, after in pairwise(heard_at)), default=0.0)


def _error_of(program: subprocess.Popen[str]) -> str:
    assert program.stderr is not None
    return program.stderr.read()


def kills_section(found: Findings, command: str) -> str:
    """What the kills came to, for the page."""
    row = (found.kills, found.verdicts, found.reviews, found.orphans_removed, found.jobs_marked, len(found.faults))
    header = ("kills", "verdicts said", "reviews said", "pictures removed", "jobs marked", "faults")
    return _section(header, [row], found, command)


def writers_section(found: Findings, command: str, seconds: float) -> str:
    """What the two writers came to, for the page."""
    header = ("writer", "verdicts said", "reviews said", "a second", "longest pause", "faults of both")
    rows = [
        (number, *counted(one.lines), f"{counted(one.lines)[0] / seconds:.1f}", f"{one.longest_pause_s:.1f} s", "")
        for number, one in enumerate(found.writers, 1)
    ]
    rows.append(("both", found.verdicts, found.reviews, f"{found.verdicts / seconds:.1f}", "", str(len(found.faults))))
    return _section(header, rows, found, command)


def _section(header: Sequence[str], rows: Sequence[Sequence[object]], found: Findings, command: str) -> str:
    lines = [f"Made by `{command}` on {this_machine()}.", "", markdown_table(header, rows)]
    lines += ["", f"**Faults:** {'; '.join(found.faults[:20])}."] if found.faults else []
    return "\n".join(lines)


def run(urls: tuple[str, str], database: str, home: Path, kills: int, seconds: float, page: Path) -> bool:
    """Both parts, each on a record of its own, into the page; whether there was a fault."""
    options = " --postgresql" if database == "PostgreSQL" else ""
    faults: list[str] = []
    if kills:
        killed = kill_at_random(urls[0], home / "killed", kills)
        command = f"python -m tools.soak{options} --kills {kills} --minutes 0"
        replace_section(page, f"The record, killed, on {database}", kills_section(killed, command))
        faults += killed.faults
    if seconds:
        wrote = two_writers(urls[1], home / "two", seconds)
        command = f"python -m tools.soak{options} --kills 0 --minutes {seconds / 60:g}"
        replace_section(page, f"The record, written by two, on {database}", writers_section(wrote, command, seconds))
        faults += wrote.faults
    for fault in faults[:50]:
        say(fault)
    return bool(faults)


def main(arguments: list[str] | None = None) -> int:
    """Run what is wanted; 1 when there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--postgresql", action="store_true", help="on a server that is started for it")
    parser.add_argument("--page", type=Path, default=_PAGE)
    wanted = parser.parse_args(arguments)
    seconds = 60 * wanted.minutes
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if not wanted.postgresql:
            urls = sqlite_url(home / "killed.sqlite"), sqlite_url(home / "two.sqlite")
            return run(urls, "SQLite", home, wanted.kills, seconds, wanted.page)
        programs = server_programs()
        if programs is None:
            parser.error("PostgreSQL is not installed: make system-test installs it.")
        with PostgresServer(programs, safe=True) as server:
            killed, two = (server.new_database().render_as_string(hide_password=False) for _ in range(2))
            return run((killed, two), "PostgreSQL", home, wanted.kills, seconds, wanted.page)


if __name__ == "__main__":
    sys.exit(main())
