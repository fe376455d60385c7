"""A part of a day of line as fast as it goes: answers, latency, memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

from filo_core.line.outputs.csv_file import CsvSink
from filo_core.types import Verdict
from tools.line_rig import line_in, part_trigger
from tools.soak_line.findings import PATIENCE_S, ROOT, Findings, Unit, delivered_names, wait_for

DAY = 10 * 24 * 3600
"""Parts of a day at 10 parts/s."""
PARTS_A_UNIT = 10_000
WARM_UP = 3_000
"""SQLite's page caches, 2 MiB a connection, are full by then: measured with the heap's own figures."""
_SAMPLE_EVERY = 50


def units(home: Path, done: list[Unit], wanted: int) -> Iterator[Unit]:
    """Each in a process of its own, on the record and the outbox that the one before left."""
    asked = sum(unit["parts"] for unit in done)
    while asked < wanted:
        parts = min(PARTS_A_UNIT, wanted - asked)
        command = [sys.executable, "-m", "tools.soak_line.day", str(home), str(parts)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        unit: Unit = json.loads(ended.stdout)
        asked += unit["parts"]
        yield unit


def measure(home: Path, parts: int) -> Unit:
    """Trigger after trigger without a pause; the model computes in its own process, and everything is recorded."""
    home.mkdir(parents=True, exist_ok=True)
    process = psutil.Process()
    memory: list[tuple[int, float, float]] = []
    latencies: Counter[float] = Counter()
    wrong = 0
    with line_in(home, [CsvSink(home / "out.csv")], deadline_s=10.0) as line:
        wait_for(lambda: not line.outbox.backlog())
        first = len(delivered_names(home / "out.csv")) + 1
        model = max(process.children(), key=lambda child: child.memory_info().rss)
        started = time.monotonic()
        for number in range(first, first + parts):
            result = line.station.ask(part_trigger(number)).wait(PATIENCE_S)
            assert result is not None, "every trigger is answered"
            assert result.latency_ms is not None
            latencies[round(result.latency_ms, 1)] += 1
            wrong += result.verdict is Verdict.NOT_INSPECTED or (result.verdict is Verdict.NG) is not (number % 4 == 0)
            if number % _SAMPLE_EVERY == 0:
                own, its = process.memory_info().rss / 2**20, model.memory_info().rss / 2**20
                memory.append((number - first + 1, own, its))
        seconds = time.monotonic() - started
        wait_for(lambda: not line.outbox.backlog())
    names = delivered_names(home / "out.csv")
    in_order = names[first - 1 :] == [f"part-{number}" for number in range(first, first + parts)]
    return {
        "parts": parts,
        "seconds": seconds,
        "latencies_ms": {str(value): count for value, count in latencies.items()},
        "memory_mib": memory,
        "wrong": wrong,
        "delivered": len(names) - first + 1,
        "twice": len(names) - len(set(names)),
        "in_order": in_order,
    }


def findings(done: list[Unit]) -> Findings:
    """The table of all units."""
    found = Findings("A day of line, accelerated", ("what", "value", "target"))
    if not done:
        return found
    parts, seconds = (sum(unit[name] for unit in done) for name in ("parts", "seconds"))
    delivered, wrong = (sum(unit[name] for unit in done) for name in ("delivered", "wrong"))
    twice = max(unit["twice"] for unit in done)
    p50, p95, p99, longest = _percentiles(done)
    own, model = _slope(done, 1), _slope(done, 2)
    ends = [unit["memory_mib"][-1] for unit in done if unit["memory_mib"]]
    found.rows += [
        ("triggers", f"{parts:,} ({parts / DAY:.2%} of a day at 10 parts/s), a line started {len(done)} times", ""),
        ("answers / delivered / delivered twice", f"{parts:,} / {delivered:,} / {twice}", f"{parts:,} / {parts:,} / 0"),
        ("wrong or missing verdicts", wrong, 0),
        ("parts/s", f"{parts / seconds:.1f}", "> 10"),
        (
            "capture to verdict, p50 / p95 / p99 / max",
            f"{p50:.0f} / {p95:.0f} / {p99:.0f} / {longest:.0f} ms",
            "p99 < 100 ms",
        ),
        ("memory at the end: line / model", " / ".join(f"{ends[-1][at]:.0f} MiB" for at in (1, 2)) if ends else "", ""),
        ("slope of the line's memory after the warm-up", f"{own:+.3f} MiB per 1,000 parts", "< 0.5"),
        ("slope of the model's memory after the warm-up", f"{model:+.3f} MiB per 1,000 parts", "< 0.5"),
    ]
    found.note = (
        f"Warm-up: the first {WARM_UP:,} parts of each start, or a third of a shorter one. "
        "Each part's picture comes with its trigger, and is written, judged, recorded, answered and delivered."
    )
    found.require(
        all(unit["in_order"] for unit in done) and delivered == parts and not twice,
        "a part was lost, doubled or out of order",
    )
    found.require(wrong == 0, f"{wrong} wrong verdicts")
    for name, slope in (("line", own), ("model", model)):
        found.require(slope < 0.5, f"the {name}'s memory grows by {slope:.2f} MiB per 1,000 parts")
    found.require(parts / seconds > 10, f"slower than 10 parts/s: {parts / seconds:.1f}")
    found.require(p99 < 100, f"p99 of {p99:.0f} ms")
    return found


def _percentiles(done: list[Unit]) -> tuple[float, float, float, float]:
    counts: Counter[float] = Counter()
    for unit in done:
        counts.update({float(value): count for value, count in unit["latencies_ms"].items()})
    values = np.array(sorted(counts))
    below = np.cumsum([counts[value] for value in values])
    p50, p95, p99 = (float(values[np.searchsorted(below, share * below[-1])]) for share in (0.5, 0.95, 0.99))
    return p50, p95, p99, float(values[-1])


def _slope(done: list[Unit], column: int) -> float:
    """MiB per 1,000 parts over all units, each against its own mean."""
    rise = spread = 0.0
    for unit in done:
        samples = np.array(unit["memory_mib"])
        if len(samples) < 6:
            continue
        settled = samples[samples[:, 0] > min(WARM_UP, unit["parts"] / 3)]
        at, memory = settled[:, 0] - settled[:, 0].mean(), settled[:, column] - settled[:, column].mean()
        rise, spread = rise + float(at @ memory), spread + float(at @ at)
    return 1000.0 * rise / spread if spread else 0.0


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]))))
