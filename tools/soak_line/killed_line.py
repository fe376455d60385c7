"""A line's process killed at each stage of its third part, then started again."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tools.line_rig import STAGES
from tools.soak_line.findings import ROOT, Findings, Unit, delivered_names


def units(home: Path, done: list[Unit], wanted: int) -> Iterator[Unit]:
    """One kill each, the stages in turn."""
    for number in range(wanted):
        for stage in STAGES:
            if sum(unit["stage"] == stage for unit in done) > number:
                continue
            place = home / f"{stage}-{number}"
            # What an interrupted run left.
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            said = run_rig(place, 1, 5, stage, 3) | run_rig(place, 101, 2)
            triggers = said | accepted_triggers(place / "outbox.sqlite")
            delivered = delivered_names(place / "out.csv")
            shutil.rmtree(place)
            yield {
                "stage": stage,
                "triggers": len(triggers),
                "delivered": len(delivered),
                "lost": len(triggers - set(delivered)),
                "twice": len(delivered) - len(set(delivered)),
            }


def findings(done: list[Unit]) -> Findings:
    """The table of all kills."""
    found = Findings("A line, killed", ("killed", "times", "triggers", "answers delivered", "lost", "twice"))
    for stage in STAGES:
        of_stage = [unit for unit in done if unit["stage"] == stage]
        if not of_stage:
            continue
        counted = [sum(unit[name] for unit in of_stage) for name in ("triggers", "delivered", "lost", "twice")]
        found.rows.append((f"once {stage}", len(of_stage), *counted))
        found.require(counted[2] == counted[3] == 0, f"killed once {stage}: {counted[2]} lost, {counted[3]} twice")
    return found


def accepted_triggers(outbox: Path) -> set[str]:
    """What the line has taken in: a trigger that it was told of but had not kept when it was killed is nobody's."""
    with closing(sqlite3.connect(outbox)) as connection:
        return {row[0] for row in connection.execute("SELECT trigger_id FROM triggers")}


def run_rig(home: Path, first: int, parts: int, stage: str = "", at: int = 0) -> set[str]:
    """The triggers that a line in a process of its own has answered."""
    command = [sys.executable, "-m", "tools.line_rig", *map(str, (home, first, parts, stage, at))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode == 0) is (not stage), done.stderr
    # A kill may cut the last line off.
    whole = [line for line in done.stdout.splitlines(keepends=True) if line.endswith("\n")]
    return {line.split()[1] for line in whole if line.startswith("said")}
