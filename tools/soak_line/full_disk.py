"""A disk that is full, and free again: a small one of its own, in memory, for record, images, outbox and output."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.line.outputs.csv_file import CsvSink
from filo_core.types import Verdict
from tools.brightness import Brightness
from tools.line_rig import line_in, part_trigger
from tools.soak_line.findings import PATIENCE_S, ROOT, Findings, Unit, delivered_names, wait_for

if TYPE_CHECKING:
    from workflows.line.run import Line

_MOUNTED = 'mount -t tmpfs -o size=16m none "$0" && exec "$@"'
_PARTS = 10
_TIMES_A_UNIT = 10


def can_mount() -> bool:
    """Whether this user may have a disk of his own in a namespace of his own."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    return subprocess.run([unshare, "-rm", "true"], capture_output=True, check=False).returncode == 0


def units(home: Path, done: list[Unit], wanted: int) -> Iterator[Unit]:
    """Each full and free again ten times, or as often as is left."""
    home.mkdir(parents=True, exist_ok=True)
    times = sum(unit["times"] for unit in done)
    while times < wanted:
        now = min(_TIMES_A_UNIT, wanted - times)
        rig = [sys.executable, "-m", "tools.soak_line.full_disk", str(home), str(now)]
        command = ["unshare", "-rm", "sh", "-c", _MOUNTED, str(home), *rig]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        times += now
        yield json.loads(ended.stdout)


def measure(home: Path, times: int) -> Unit:
    """Ten parts while it is full, ten once it is free, and so on."""
    counts = dict.fromkeys(("asked", "refused", "right", "wrong", "let_through"), 0)
    filler, out = home / "filler", home / "out.csv"
    with line_in(home, [CsvSink(out)], detector=Brightness(), deadline_s=10.0, reserve_bytes=1 << 18) as line:
        numbers = iter(range(1, 2 * _PARTS * times + 1))
        for _ in range(times):
            for full in (True, False):
                _fill(filler) if full else filler.unlink()
                # What was refused while nothing could be written is kept as soon as it can be.
                wait_for(lambda full=full: full or _is_settled(line))  # type: ignore[misc]
                for number in (next(numbers) for _ in range(_PARTS)):
                    result = line.station.ask(part_trigger(number)).wait(PATIENCE_S)
                    assert result is not None, "every trigger is answered"
                    counts["asked"] += 1
                    is_ng = number % 4 == 0
                    counts["refused"] += full and result.verdict is Verdict.NOT_INSPECTED
                    counts["right"] += not full and result.verdict is (Verdict.NG if is_ng else Verdict.OK)
                    counts["let_through"] += result.passes and is_ng
        filler.unlink(missing_ok=True)
        wait_for(lambda: _is_settled(line))
        answers = line.station.counters.answers
    names = delivered_names(out)
    return counts | {"times": times, "answers": answers, "twice": len(names) - len(set(names)), "delivered": len(names)}


def _is_settled(line: Line) -> bool:
    return not (line.station.unkept or line.outbox.open_triggers() or line.outbox.backlog())


def findings(done: list[Unit]) -> Findings:
    """The table of all times."""
    found = Findings("A disk, full and free again", ("what", "value"))
    if not done:
        return found
    total = {name: sum(unit[name] for unit in done) for name in done[0] if name != "load"}
    half = total["asked"] // 2
    found.rows += [
        ("times full", total["times"]),
        ("triggers / answers", f"{total['asked']} / {total['answers']}"),
        ("NOT_INSPECTED while it was full", f"{total['refused']} of {half}"),
        ("right verdict once there was room", f"{total['right']} of {half}"),
        ("delivered / twice", f"{total['delivered']} / {total['twice']}"),
        ("anomalous parts that passed", total["let_through"]),
    ]
    found.note = (
        "A trigger that a full disk cannot take in is answered with NOT_INSPECTED, and delivered once there is room."
    )
    found.require(total["delivered"] == total["asked"], f"{total['asked'] - total['delivered']} answers were lost")
    found.require(total["answers"] == total["asked"], "a trigger was not answered exactly once")
    found.require(total["right"] == half, f"{half - total['right']} parts were not judged once there was room")
    found.require(total["refused"] == half, f"{half - total['refused']} parts were judged on a full disk")
    found.require(total["twice"] == total["let_through"] == 0, "delivered twice, or passed unjudged")
    return found


def _fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        block = bytes(1 << 16)
        while block:
            try:
                file.write(block)
            except OSError:
                block = block[: len(block) // 2]
        os.fsync(file.fileno())


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]))))
