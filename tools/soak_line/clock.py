"""The machine's clock moved back and forth under a line, by Debian's libfaketime."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from filo_core.line.outputs.csv_file import CsvSink
from filo_core.types import Verdict
from tools.brightness import Brightness
from tools.line_rig import line_in, part_trigger
from tools.soak_line.findings import PATIENCE_S, ROOT, Findings, Unit, delivered_names, wait_for

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
MOVES = ("+0", "-400d", "+800d", "-1d", "+1h", "-1h", "+3650d", "+0")
_MOVES_A_UNIT = 24


def units(home: Path, done: list[Unit], wanted: int) -> Iterator[Unit]:
    """Each with a line of its own, whose clock is moved before every part."""
    moves = sum(unit["moves"] for unit in done)
    while moves < wanted:
        now = min(_MOVES_A_UNIT, wanted - moves)
        place = home / "clock"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        offset = place / "offset"
        offset.write_text(MOVES[0], encoding="ascii")
        environment = os.environ | {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(offset),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        command = [sys.executable, "-m", "tools.soak_line.clock", str(place), str(now)]
        ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        moves += now
        yield json.loads(ended.stdout)


def measure(home: Path, moves: int) -> Unit:
    """A part after each move, asked for twice."""
    seen, right, same = set(), 0, 0
    with line_in(home, [CsvSink(home / "out.csv")], detector=Brightness(), deadline_s=10.0) as line:
        for number in range(1, moves + 1):
            (home / "offset").write_text(MOVES[number % len(MOVES)], encoding="ascii")
            seen.add(datetime.now().astimezone().date())
            first, again = (line.station.ask(part_trigger(number)).wait(PATIENCE_S) for _ in range(2))
            assert first is not None, "every trigger is answered"
            right += first.verdict is (Verdict.NG if number % 4 == 0 else Verdict.OK)
            same += first == again
        wait_for(lambda: not line.outbox.backlog())
    in_order = delivered_names(home / "out.csv") == [f"part-{number}" for number in range(1, moves + 1)]
    return {"moves": moves, "days_seen": len(seen), "right": right, "same": same, "in_order": in_order}


def findings(done: list[Unit]) -> Findings:
    """The table of all moves."""
    found = Findings("The clock, moved", ("what", "value"))
    if not done:
        return found
    moves, right, same = (sum(unit[name] for unit in done) for name in ("moves", "right", "same"))
    found.rows += [
        ("moves, by an hour to ten years, back and forth", moves),
        ("right verdict in time", f"{right} of {moves}"),
        ("asked again: the same answer", f"{same} of {moves}"),
        ("delivered once each, in order", f"{sum(unit['moves'] for unit in done if unit['in_order'])} of {moves}"),
    ]
    found.require(min(unit["days_seen"] for unit in done) > 2, "the clock did not move")
    found.require(right == same == moves, "a part got no, or two verdicts")
    found.require(all(unit["in_order"] for unit in done), "lost, doubled or out of order")
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]))))
