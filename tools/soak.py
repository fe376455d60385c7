"""Kills a folder inspection at random moments, then lets two programs write at once; says what was lost.

``python -m tools.soak --kills 200 --minutes 10`` is what ``make soak`` runs. Exit status 1 when anything was lost.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from filo_core.types import InspectionFilter, JobState
from storage.backup import images_of
from storage.engine import sqlite_url
from storage.storage import Storage, open_storage
from tools.soak_images import fill_folder
from tools.soak_program import PRODUCT

ROOT = Path(__file__).resolve().parents[1]
IMAGES_PER_KILL = 60
MOST_LINES, LONGEST_WAIT_S = 40, 0.05
"""A kill comes after fewer lines than this, and up to this much later."""


@dataclass
class Findings:
    """What was done, and everything that should not have happened."""

    kills: int = 0
    verdicts: int = 0
    reviews: int = 0
    orphans_removed: int = 0
    jobs_marked: int = 0
    faults: list[str] = field(default_factory=list)


def kill_at_random(home: Path, kills: int, seed: int = 20261125) -> Findings:
    """Kill the inspection of a folder again and again, and look at the record after each time."""
    chance, pause = random.Random(seed), threading.Event()
    database, images, folder = home / "filo.sqlite", home / "images", home / "parts"
    found = Findings()
    said: set[str] = set()
    # More than can be judged between all kills: the work never runs out.
    fill_folder(folder, IMAGES_PER_KILL * kills)
    while found.kills < kills:
        with _start("folder", database, images, str(folder)) as program:
            assert program.stdout is not None
            said |= {program.stdout.readline() for _ in range(chance.randrange(MOST_LINES))}
            # Anywhere within the next few records, not just after one.
            pause.wait(chance.uniform(0, LONGEST_WAIT_S))
            program.kill()
            said |= {line for line in program.stdout if line.endswith("\n")}
        found.kills += program.returncode != 0
        with open_storage(sqlite_url(database), images) as storage:
            found.orphans_removed += storage.recovered.orphans
            found.jobs_marked += storage.recovered.jobs
            found.faults += [f"after kill {found.kills}: {fault}" for fault in faults_of(storage, database, said)]
    found.verdicts, found.reviews = _counted(said)
    return found


def faults_of(storage: Storage, database: Path, said: set[str]) -> list[str]:
    """Everything that a record must not show after a kill."""
    report = storage.verify()
    faults = [problem.sentence for problem in report.problems]
    with storage.reading() as transaction:
        records = transaction.inspections.page(InspectionFilter(product=PRODUCT), None, 1_000_000)
        states = [state for _, state in transaction.jobs.states()]
    names = {f"verdict {record.name}\n" for record in records}
    reviewed = {f"review {record.inspection_id}\n" for record in records if record.review is not None}
    faults += [f"lost: {line.strip()}" for line in sorted(said - names - reviewed - {"ready\n"})]
    if len({record.image_hash for record in records}) != len(records):
        faults.append("an image was judged twice")
    if JobState.RUNNING in states:
        faults.append("a job of a dead program counts as running")
    spoken_of = set(images_of(database))
    there = {path.name for path in storage.artefacts.root.rglob("*") if path.is_file() and ".runs" not in path.parts}
    faults += [f"a picture without a verdict is left: {name}" for name in sorted(there - spoken_of)]
    faults += [f"a picture is missing: {name}" for name in sorted(spoken_of - there - {"a" * 64})]
    return faults


def two_writers(home: Path, seconds: float) -> Findings:
    """Two programs on one record for so many seconds: everything that they said has to be there, and no error."""
    database, images = home / "filo.sqlite", home / "images"
    programs = [_start("writer", database, images, str(seconds), str(seed)) for seed in (1, 2)]
    said: set[str] = set()
    found = Findings()
    for program, (output, error) in zip(programs, heard(programs), strict=True):
        said |= set(output.splitlines(keepends=True))
        if program.returncode or error:
            found.faults.append(f"a user would have seen: {error.strip()}")
    with open_storage(sqlite_url(database), images) as storage:
        found.faults += faults_of(storage, database, said)
    found.verdicts, found.reviews = _counted(said)
    return found


def heard(programs: Sequence[subprocess.Popen[str]]) -> list[tuple[str, str]]:
    """Output and errors of every program, read all at once: one whose pipe is full would wait for the others."""
    with ThreadPoolExecutor(len(programs)) as pool:
        return list(pool.map(lambda program: program.communicate(), programs))


def main(arguments: list[str] | None = None) -> int:
    """Run both parts and print their figures; 1 when there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10.0)
    wanted = parser.parse_args(arguments)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        killed = kill_at_random(Path(folder) / "killed", wanted.kills)
        wrote = two_writers(Path(folder) / "two", 60 * wanted.minutes)
    print(
        f"{killed.kills} kills: {killed.verdicts} verdicts and {killed.reviews} reviews said, "
        f"{killed.orphans_removed} pictures and {killed.jobs_marked} jobs cleaned up, {len(killed.faults)} faults"
    )
    print(
        f"two programs for {60 * wanted.minutes:.0f} s: {wrote.verdicts} verdicts and {wrote.reviews} reviews said, "
        f"{len(wrote.faults)} faults"
    )
    for fault in [*killed.faults, *wrote.faults][:50]:
        print(fault)
    print(f"{time.perf_counter() - started:.0f} s")
    return 1 if killed.faults or wrote.faults else 0


def _start(what: str, database: Path, images: Path, *rest: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tools.soak_program", what, sqlite_url(database), str(images), *rest]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _counted(said: set[str]) -> tuple[int, int]:
    return sum(line.startswith("verdict") for line in said), sum(line.startswith("review") for line in said)


if __name__ == "__main__":
    sys.exit(main())
