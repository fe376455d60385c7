"""``python -m tools.soak_line``: what a factory floor does to a line, counted, into docs/reliability.md.

Four parts, each on data of its own in a temporary folder and on loopback only:

* a part of a day of line as fast as it goes: answers, latency, memory;
* a network camera unplugged, frozen and garbled;
* a line killed at each of its stages;
* a broker that is away.

It ends with status 1 when a trigger was lost, answered twice, or a target was missed.
"""

from __future__ import annotations

import argparse
import csv
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from filo_core.line.sinks.csv_file import CsvSink
from filo_core.line.sources.base import SourceState
from filo_core.line.sources.camera import CameraSource
from filo_core.types import Verdict
from tools.line_rig import STAGES, Brightness, line_in, part_trigger
from tools.markdown import markdown_table, say
from tools.stream_rig import FFMPEG, NetworkCamera

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reliability.md"
_BEGIN, _END = "<!-- soak_line: begin -->", "<!-- soak_line: end -->"
DAY = 10 * 24 * 3600
_PATIENCE_S = 60.0


@dataclass(slots=True)
class Findings:
    """One part's table, and what went wrong."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[object, ...]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    note: str = ""

    def require(self, holds: bool, fault: str) -> None:
        """Note a fault unless ``holds``."""
        if not holds:
            self.faults.append(fault)


def day_of_line(home: Path, parts: int) -> Findings:
    """Trigger after trigger without a pause; the model computes in its own process, and everything is recorded."""
    found = Findings("A day of line, accelerated", ("what", "value", "target"))
    process = psutil.Process()
    memory: list[tuple[int, float]] = []
    latencies = np.zeros(parts)
    verdicts: list[Verdict] = []
    with line_in(home, [CsvSink(home / "out.csv")], deadline_s=10.0) as line:
        started = time.monotonic()
        for number in range(1, parts + 1):
            result = line.station.ask(part_trigger(number)).wait(_PATIENCE_S)
            assert result is not None, "every trigger is answered"
            latencies[number - 1] = result.latency_ms
            verdicts.append(result.verdict)
            if number % 50 == 0:
                memory.append((number, process.memory_info().rss / 2**20))
        seconds = time.monotonic() - started
        _wait(lambda: not line.outbox.backlog())
        counters = line.station.counters
    delivered = _names(home / "out.csv")
    wrong = sum((verdict is Verdict.NG) is not (n % 4 == 0) for n, verdict in enumerate(verdicts, start=1))
    # The first third fills caches and pools.
    settled = np.array(memory[len(memory) // 3 :])
    slope = float(np.polyfit(settled[:, 0], settled[:, 1], 1)[0]) * 1000.0 if len(settled) > 2 else 0.0
    p50, p95, p99 = np.percentile(latencies, (50, 95, 99))
    found.rows += [
        ("triggers", f"{parts:,} ({parts / DAY:.2%} of a day at 10 parts/s)", ""),
        ("answers / delivered / delivered twice", _counted(counters.answers, delivered), f"{parts:,} / {parts:,} / 0"),
        ("wrong or missing verdicts", wrong, 0),
        ("parts/s", f"{parts / seconds:.1f}", "> 10"),
        ("capture to verdict, p50 / p95 / p99 / max", _ms(p50, p95, p99, latencies.max()), "p99 < 100 ms"),
        ("memory at its end", f"{memory[-1][1]:.0f} MiB", ""),
        ("slope of memory over the last two thirds", f"{slope:+.3f} MiB per 1,000 parts", "< 0.5"),
    ]
    found.require(delivered == [f"part-{n}" for n in range(1, parts + 1)], "a part was lost, doubled or out of order")
    found.require(wrong == 0, f"{wrong} wrong verdicts")
    found.require(slope < 0.5, f"memory grows by {slope:.2f} MiB per 1,000 parts")
    found.require(parts / seconds > 10, "slower than 10 parts/s")
    found.require(bool(p99 < 100), f"p99 of {p99:.0f} ms")
    return found


def faulty_camera(cycles: int) -> Findings:
    """Loss and recovery of a stream that ffmpeg serves."""
    header = ("fault", "times", "loss shown after, median / max", "pictures again after, median / max")
    found = Findings("A network camera, pulled", header, note="Targets: loss < 1 s, recovery < 5 s.")
    if FFMPEG is None:
        found.note = "Not measured: ffmpeg is not installed."
        return found
    camera = NetworkCamera()
    camera.plug()
    source = CameraSource(camera.address)
    source.start()
    try:
        _wait(lambda: source.newest() is not None)
        faults: dict[str, Callable[[], None]] = {
            "unplugged": camera.unplug,
            "frozen": camera.freeze,
            "garbled, then replaced": lambda: camera.replace(garbled=True),
        }
        for name, fault in faults.items():
            losses, recoveries = _pull(camera, source, fault, cycles, is_loss=not name.startswith("garbled"))
            loss = f"{np.median(losses):.2f} s / {max(losses):.2f} s" if losses else "pictures or a loss"
            found.rows.append((name, cycles, loss, f"{np.median(recoveries):.2f} s / {max(recoveries):.2f} s"))
            found.require(max(losses, default=0.0) < 1.0, f"{name}: loss shown after {max(losses, default=0):.2f} s")
            found.require(max(recoveries) < 5.0, f"{name}: back after {max(recoveries):.2f} s")
    finally:
        source.stop()
        camera.close()
    return found


def _pull(
    camera: NetworkCamera, source: CameraSource, fault: Callable[[], None], cycles: int, *, is_loss: bool
) -> tuple[list[float], list[float]]:
    losses: list[float] = []
    recoveries: list[float] = []
    for _ in range(cycles):
        at = time.monotonic()
        fault()
        if is_loss:
            losses.append(_wait(lambda: source.state is SourceState.LOST))
        else:
            _wait(lambda at=at: source.state is SourceState.LOST or _is_fresh(source, at))  # type: ignore[misc]
        camera.replace()
        back = time.monotonic()
        recoveries.append(_wait(lambda back=back: _is_fresh(source, back)))  # type: ignore[misc]
    return losses, recoveries


def killed_line(home: Path, cycles: int) -> Findings:
    """A line's process killed at each stage of its third part, then started again."""
    found = Findings("A line, killed", ("killed", "times", "triggers", "answers delivered", "lost", "twice"))
    for stage in STAGES:
        asked_in_all = lost = twice = delivered_in_all = 0
        for cycle in range(cycles):
            place = home / f"{stage}-{cycle}"
            place.mkdir(parents=True)
            asked = _run_rig(place, 1, 5, stage, 3)
            asked += _run_rig(place, 101, 2)
            delivered = _names(place / "out.csv")
            asked_in_all += len(asked)
            delivered_in_all += len(delivered)
            lost += len(set(asked) - set(delivered))
            twice += len(delivered) - len(set(delivered))
        found.rows.append((f"once {stage}", cycles, asked_in_all, delivered_in_all, lost, twice))
        found.require(lost == twice == 0, f"killed once {stage}: {lost} lost, {twice} twice")
    return found


def away_receiver(home: Path, parts: int) -> Findings:
    """An output that cannot be reached for half of the parts."""
    found = Findings("An output, away", ("what", "value"))
    blocked = home / "out"
    blocked.write_text("", encoding="utf-8")
    sink = CsvSink(blocked / "out.csv")
    with line_in(home, [sink], detector=Brightness()) as line:
        for number in range(1, parts // 2 + 1):
            assert line.station.ask(part_trigger(number)).wait(_PATIENCE_S) is not None
        waiting = line.outbox.backlog().get(sink.name, 0)
        blocked.unlink()
        for number in range(parts // 2 + 1, parts + 1):
            assert line.station.ask(part_trigger(number)).wait(_PATIENCE_S) is not None
        caught_up = _wait(lambda: not line.outbox.backlog())
    delivered = _names(blocked / "out.csv")
    found.rows += [
        ("answers while away, all kept", waiting),
        ("delivered in order, once each", f"{len(delivered)} of {parts}"),
        ("caught up after the last part", f"{caught_up:.1f} s"),
    ]
    found.require(delivered == [f"part-{n}" for n in range(1, parts + 1)], "lost, doubled or out of order")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run all parts and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=int, default=3000, help=f"parts of the day; {DAY} is a whole one")
    parser.add_argument("--cycles", type=int, default=100, help="faults of each kind of the camera")
    parser.add_argument("--kills", type=int, default=20, help="kills at each stage")
    parser.add_argument("--page", type=Path, default=PAGE)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for name in ("day", "away"):
            (home / name).mkdir()
        findings = []
        for part in (
            lambda: day_of_line(home / "day", asked.parts),
            lambda: faulty_camera(asked.cycles),
            lambda: killed_line(home / "killed", asked.kills),
            lambda: away_receiver(home / "away", 400),
        ):
            findings.append(part())
            say(f"{findings[-1].title}: {', '.join(findings[-1].faults) or 'as it should be'}")
    write_page(asked.page, findings, f"--parts {asked.parts} --cycles {asked.cycles} --kills {asked.kills}")
    return 1 if any(found.faults for found in findings) else 0


def write_page(page: Path, findings: list[Findings], options: str) -> None:
    """Replace this tool's section of the page, or add it; what others wrote there stays."""
    load = psutil.getloadavg()[0]
    machine = (
        f"{psutil.cpu_count()} logical CPUs ({platform.machine()}), Python {platform.python_version()}, "
        f"load average {load:.1f} at its end (other programs' work included)"
    )
    lines = [_BEGIN, "", f"Made by `python -m tools.soak_line {options}` on {machine}.", ""]
    for found in findings:
        lines += [f"### {found.title}", "", markdown_table(found.header, found.rows), ""]
        lines += [found.note, ""] if found.note else []
        lines += [f"**Missed:** {'; '.join(found.faults)}.", ""] if found.faults else []
    section = "\n".join([*lines, _END])
    text = page.read_text(encoding="utf-8") if page.exists() else "# Reliability\n"
    if _BEGIN in text:
        text = text[: text.index(_BEGIN)] + section + text[text.index(_END) + len(_END) :]
    else:
        text = f"{text.rstrip()}\n\n## The line\n\n{section}\n"
    page.write_text(text, encoding="utf-8")


def _run_rig(home: Path, *arguments: object) -> list[str]:
    """The triggers that were accepted by a line in a process of its own."""
    command = [sys.executable, "-m", "tools.line_rig", str(home), *map(str, arguments)]
    command += [""] * (len(arguments) == 2) + ["0"] * (len(arguments) == 2)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    return [line.split()[1] for line in done.stdout.splitlines() if line.startswith("asked")]


def _names(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row["trigger_id"] for row in csv.DictReader(file)]


def _is_fresh(source: CameraSource, since: float) -> bool:
    frame = source.newest()
    return frame is not None and frame.captured_monotonic > since and source.state is SourceState.RUNNING


def _wait(condition: Callable[[], bool]) -> float:
    """Seconds until the condition holds."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < _PATIENCE_S, "nothing happens any more"
        time.sleep(0.005)
    return time.monotonic() - started


def _counted(answers: int, delivered: list[str]) -> str:
    return f"{answers:,} / {len(delivered):,} / {len(delivered) - len(set(delivered))}"


def _ms(*values: float) -> str:
    return " / ".join(f"{value:.0f}" for value in values) + " ms"


if __name__ == "__main__":
    sys.exit(main())
