"""What the program itself takes: from its start to the first verdict, a folder with everything stored, its memory."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from filo_core.types import Eyes
from tools.bench.product import demo_draft, fill_with_pictures
from tools.markdown import markdown_table, say

_PROGRAM = Path(__file__).resolve().parents[2] / "main.py"
_START = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
"""Linux counts what the starter of a process has in memory as that of the process, too: so a small one starts it."""
_STARTS = 5
_TARGETS = {"fast": (1.5, 40.0, 400), "sharp": (2.5, 5.0, 800)}
"""Seconds to the first verdict, images a second of a folder, megabytes."""


@dataclass(slots=True)
class ProgramCost:
    """Of one kind of eyes."""

    eyes: Eyes
    start: list[float] = field(default_factory=list)
    """Seconds from the start of ``inspect`` of one image to its end."""
    start_processor: list[float] = field(default_factory=list)
    folder_per_second: float = 0.0
    """Images, from the first file to the last row."""
    folder_processor: float = 0.0
    """Seconds of a processor an image, the start taken off."""
    megabytes: float = 0.0


@dataclass(frozen=True, slots=True)
class _Run:
    seconds: float
    processor: float
    report: dict[str, float]


def measure_program(eyes: Eyes, images: int) -> ProgramCost:
    """Start ``main.py inspect`` several times for one image, and once for a folder, on a home of its own.

    The first start fills the caches and is not counted.
    """
    cost = ProgramCost(eyes)
    with tempfile.TemporaryDirectory(prefix="filo-bench-") as space:
        home = Path(space)
        references = home / "references"
        references.mkdir()
        for image in demo_draft()[1]:
            (references / image.name).write_bytes(image.encoded)
        _called(home, "product", "create", "bracket", "--class-name", "bracket", "--references", references,
                "--eyes", eyes.words)  # fmt: skip
        pictures = fill_with_pictures(home / "pictures", images + _STARTS + 1)
        for number in range(_STARTS + 1):
            one = home / f"one-{number}"
            one.mkdir()
            shutil.move(pictures[number], one)
            run = _called(home, "inspect", "bracket", "--folder", one)
            if number:
                cost.start.append(run.seconds)
                cost.start_processor.append(run.processor)
        run = _called(home, "inspect", "bracket", "--folder", home / "pictures")
        cost.folder_per_second, cost.megabytes = run.report["images_per_second"], run.report["peak_rss_mb"]
        # The program's own start and its first image are in both.
        cost.folder_processor = (run.processor - statistics.median(cost.start_processor)) / (images - 1)
    return cost


def program_table(costs: Sequence[ProgramCost]) -> str:
    """A row each, beside what was aimed at."""
    header = ["eyes", "start to first verdict", "of it, on a processor", "folder, everything stored"]
    header += ["seconds of a processor an image", "most memory"]
    rows = []
    for cost in costs:
        start, rate, megabytes = _TARGETS[cost.eyes.sight]
        low, high = min(cost.start), max(cost.start)
        rows.append(
            [
                f"`{cost.eyes.words}`",
                f"{statistics.median(cost.start):.1f} s ({low:.1f} to {high:.1f}; target {start})",
                f"{statistics.median(cost.start_processor):.1f} s",
                f"{cost.folder_per_second:.1f} images/s (target {rate:.0f})",
                f"{cost.folder_processor:.3f} s: {(os.cpu_count() or 1) / cost.folder_processor:.1f} images/s at most",
                f"{cost.megabytes:.0f} MB (target {megabytes})",
            ]
        )
    return markdown_table(header, rows)


def _called(home: Path, *words: object) -> _Run:
    command = [sys.executable, "-IS", "-c", _START, sys.executable, str(_PROGRAM), *map(str, words), "--json"]
    # Where nobody says otherwise, Python keeps what it compiled, and the start that is not counted fills that, too.
    left_out = ("FILO_", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    environment |= {"FILO_HOME": str(home / "home")}
    before, begun = _spent(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    seconds, processor = time.perf_counter() - begun, _spent() - before
    if done.returncode != 0:
        say(done.stderr)
        raise SystemExit(f"{' '.join(map(str, words))} failed")
    return _Run(seconds, processor, json.loads(done.stdout.splitlines()[-1]))


def _spent() -> float:
    """Seconds of a processor that ended children of this process took."""
    times = os.times()
    return times.children_user + times.children_system
