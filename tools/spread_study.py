"""What it costs to spread pictures over workers, and where that saturates; written into ``docs/spread.md``.

``python -m tools.spread_study`` judges the same pictures with one process, with one worker of Ray and with two, in
turn, and then has the driver's own scheduling serve up to 1,000 workers on a clock that is only counted.
"""

from __future__ import annotations

import argparse
import heapq
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

import numpy as np
from PIL import Image

from filo_core.events import ImageSkipped
from filo_core.line.runs import Outcome
from filo_core.spread.pictures import PlacedPicture
from filo_core.spread.scheduling import Batch, Judged, spread
from tools.markdown import markdown_table, replace_section, say, this_machine

ROOT = Path(__file__).resolve().parents[1]
_PAGE = ROOT / "docs" / "spread.md"
GOAL = 0.10
"""Most that one worker of Ray may cost beside the plain run, as a share of its time."""
WORKERS = (1, 10, 30, 100, 300, 1000)
JUDGED_A_SECOND = 5.0
"""Pictures a second of one worker: a station of two cores with the sharp eyes (docs/performance.md)."""
RECORDED_A_SECOND = {"SQLite": 290.0, "PostgreSQL": 108.0}
"""By the one writer, images and maps included (docs/scale.md)."""
NETWORK_BYTES_A_SECOND = 1.25e9
"""Of the driver's machine: 10 Gbit/s."""
ANSWER_BYTES = 3 * 1600 * 1200 + 1_500_000 + 4 * 512 * 512
"""What goes back of a picture of two megapixels: its pixels, its file and its map."""


def main(arguments_given: Sequence[str] | None = None) -> int:
    """Run the study; the exit code is 1 where one worker costs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=1000, help="to judge; 0 leaves measuring out")
    parser.add_argument("--rounds", type=int, default=3, help="of each way, in turn")
    parser.add_argument("--out", type=Path, default=_PAGE)
    given = parser.parse_args(arguments_given)
    cost = 0.0
    if given.pictures:
        text, cost = measured(given.pictures, given.rounds)
        replace_section(given.out, "Two cores, measured", text)
    replace_section(given.out, "Up to 1,000 workers, simulated", simulated())
    return 1 if cost > GOAL else 0


def measured(count: int, rounds: int) -> tuple[str, float]:
    """The table of what was measured, and what one worker costs beside the plain run."""
    ways = {
        "plain": [],
        "1 worker": ["--ray", "local", "--workers", "1"],
        "2 workers": ["--ray", "local", "--workers", "2"],
    }
    rates: dict[str, list[float]] = {way: [] for way in ways}
    starts: dict[str, list[float]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        _make(Path(folder), count)
        _program(home, "product", "create", "plate", "--class-name", "metal plate", "--eyes", "fast 512",
                 "--references", str(Path(folder) / "good"))  # fmt: skip
        for number in range(rounds):
            for way, options in ways.items():
                shutil.copytree(home, fresh := Path(folder) / f"{way} {number}")
                begun = time.monotonic()
                found = _program(fresh, "inspect", "plate", "--folder", str(Path(folder) / "lot"), *options)
                took = time.monotonic() - begun
                assert found["inspected"] == count, found
                rates[way].append(found["images_per_second"])
                starts[way].append(took - count / found["images_per_second"])
                say(f"{way}: {rates[way][-1]:.1f} a second, {starts[way][-1]:.0f} s besides")
                shutil.rmtree(fresh)
    plain = statistics.median(rates["plain"])
    rows = [
        (
            way,
            f"{statistics.median(rates[way]):.1f} ({min(rates[way]):.1f} to {max(rates[way]):.1f})",
            f"{100 * (plain / statistics.median(rates[way]) - 1):+.1f} %",
            f"{statistics.median(starts[way]):.1f}",
        )
        for way in ways
    ]
    cost = plain / statistics.median(rates["1 worker"]) - 1
    table = markdown_table(("", "pictures a second", "a picture takes", "seconds to start and end"), rows)
    verdict = "met" if cost <= GOAL else "**missed**"
    text = (
        f"{count} pictures of 1024 × 768, eyes `fast 512`, recorded with image and map; median and spread of {rounds} "
        f"rounds, each way in turn. Goal: one worker costs at most {GOAL:.0%} beside the plain run: {verdict}.\n\n"
        f"{table}\n\n{this_machine()}."
    )
    return text, cost


def _make(folder: Path, count: int) -> None:
    rng = np.random.default_rng(24)
    for where, many in (("good", 4), ("lot", count)):
        (folder / where).mkdir()
        for number in range(many):
            pixels = np.full((768, 1024, 3), 70, np.int16)
            pixels[160:600, 240:780] = (180, 170, 150)
            pixels += rng.integers(-4, 5, pixels.shape, dtype=np.int16)
            if where == "lot" and number % 20 == 0:
                pixels[300:360, 400:460] = 15
            Image.fromarray(pixels.astype(np.uint8)).save(folder / where / f"{number}.jpg", quality=92)


def _program(home: Path, *arguments: str) -> dict[str, float]:
    cleared = {name: value for name, value in os.environ.items() if not name.startswith("FILO_")}
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *arguments, "--json"],
        env=cleared | {"FILO_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    content: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return content


@dataclass
class CountedWorkers:
    """Workers on a clock of its own: each answers after its time, through one network, to one writer."""

    count: int
    record_s: float
    """That the writer takes for one picture."""
    now: float = 0.0
    _free_at: list[float] = field(default_factory=list)
    _network_at: float = 0.0
    _answers: list[tuple[float, int, Batch]] = field(default_factory=list)
    _in_hand: int = 0

    def __post_init__(self) -> None:
        self._free_at = [0.0] * self.count

    def free(self, *, alone: bool = False) -> bool:
        """Two batches a worker; none ever dies, so nothing is ever judged alone."""
        assert not alone
        return self._in_hand < 2 * self.count

    def give(self, batch: Batch, *, alone: bool = False) -> None:
        """To the worker that is free first."""
        assert not alone
        begins = max(self.now, heapq.heappop(self._free_at))
        done = begins + len(batch) / JUDGED_A_SECOND
        heapq.heappush(self._free_at, done)
        heapq.heappush(self._answers, (done, batch[0][0], batch))
        self._in_hand += 1

    def wait(self) -> Judged:
        """The first answer; its bytes come one after the other with all others."""
        done, _, batch = heapq.heappop(self._answers)
        self._network_at = max(done, self._network_at) + len(batch) * ANSWER_BYTES / NETWORK_BYTES_A_SECOND
        self.now = max(self.now, self._network_at)
        self._in_hand -= 1
        outcomes: list[Outcome] = [(ImageSkipped(index, picture.name, "", 1), True) for index, picture in batch]
        return Judged(batch, outcomes)


def rate_of(workers: int, record_s: float) -> float:
    """Pictures a second that leave the writer, of some thousand pictures."""
    held = CountedWorkers(workers, record_s)
    pictures = [PlacedPicture(str(number), "") for number in range(max(2000, 60 * workers))]
    for _ in spread(pictures, held, ""):
        held.now += record_s
    return len(pictures) / held.now


def simulated() -> str:
    """The table of what is simulated."""
    rows = []
    for workers in WORKERS:
        rates = [rate_of(workers, record_s) for record_s in (*(1 / rate for rate in RECORDED_A_SECOND.values()), 0.0)]
        rows.append((f"{workers:,}", f"{workers * JUDGED_A_SECOND:,.0f}", *(f"{rate:,.0f}" for rate in rates)))
    writers = [f"written to {name} ({rate:.0f} a second)" for name, rate in RECORDED_A_SECOND.items()]
    header = ("workers", "they could judge", *writers, "not written")
    return (
        "Pictures a second, by the driver's own scheduling on a counted clock. Each worker judges "
        f"{JUDGED_A_SECOND:.0f} a second; {ANSWER_BYTES / 1e6:.1f} MB go back of each picture, over "
        f"{NETWORK_BYTES_A_SECOND * 8e-9:.0f} Gbit/s; the one writer keeps what `make bench-storage` measured "
        f"(`python -m tools.spread_study --pictures 0`).\n\n{markdown_table(header, rows)}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
