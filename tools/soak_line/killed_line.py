"""A line's process killed at each stage of its third part, then started again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
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
            asked = run_rig(place, 1, 5, stage, 3)
            asked += run_rig(place, 101, 2)
            delivered = delivered_names(place / "out.csv")
            shutil.rmtree(place)
            yield {
                "stage": stage,
                "triggers": len(asked),
                "delivered": len(delivered),
                "lost": len(set(asked) - set(delivered)),
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


def run_rig(home: Path, first: int, parts: int, stage: str = "", at: int = 0) -> list[str]:
    """The triggers that were accepted by a line in a process of its own."""
    command = [sys.executable, "-m", "tools.line_rig", *map(str, (home, first, parts, stage, at))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode == 0) is (not stage), done.stderr
    return [line.split()[1] for line in done.stdout.splitlines() if line.startswith("asked")]
