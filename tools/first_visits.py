"""How long the window takes to its first paint, and each screen to its first: ``python -m tools.first_visits``.

The program as ``main.py app`` starts it, on an empty record, in a window of a real server. The first paint is counted
from the moment at which the process is asked for, with the interpreter and every import; a visit from the click to the
paint, and what is read elsewhere may come later. Of several starts the median and the longest are said, by the clock
and in seconds of a processor, as other work on the machine lengthens the former.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.markdown import say
from tools.virtual_screen import virtual_screen
from tools.watched_start import BEGUN, FIRST_PAINT, IDLE_S, OPEN, ROOT, SILENT, VISIT

FIRST_PAINT_S, FIRST_VISIT_S = 1.0, 0.3
"""What is asked for."""
_STARTS, _IDLE_S = 5, 1.0
_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the clock, and of a processor."""

    clock: float
    processor: float


def one_start(screen: Mapping[str, str], home: Path, idle_s: float = _IDLE_S) -> dict[str, Took]:
    """Start the program on an empty home, visit every screen and close it; by what was waited for how long it took.

    Args:
        screen: the variables that lead to a screen.
        home: the data folder.
        idle_s: how long a person takes from one screen to the next.

    Raises:
        RuntimeError: if the program does not end well; the message is what it said.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FILO_", "QT_QPA_"))}
    own = {"FILO_HOME": str(home), "FILO_LANGUAGE": "en", IDLE_S: str(idle_s), BEGUN: str(time.monotonic())}
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "watched_start.py")],
        env=kept | dict(screen) | own,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_S,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    rows = (line.split("\t") for line in done.stdout.splitlines())
    return {what: Took(float(clock), float(processor)) for what, clock, processor in rows}


def bound_of(what: str) -> float | None:
    """What is asked for, in seconds; None where nothing is."""
    return {FIRST_PAINT: FIRST_PAINT_S, SILENT: None, OPEN: None}.get(what, FIRST_VISIT_S)


def main() -> int:
    """Say what it took; 1 where the median is longer than is asked for."""
    with virtual_screen() as screen:
        starts = []
        for _ in range(_STARTS):
            with tempfile.TemporaryDirectory() as home:
                starts.append(one_start(screen, Path(home)))
    late = False
    for what in starts[0]:
        clock = [start[what].clock for start in starts]
        used = statistics.median(start[what].processor for start in starts)
        bound = bound_of(what)
        line = f"{what}: {statistics.median(clock):.2f} s ({min(clock):.2f} to {max(clock):.2f}"
        line += f"; {used:.2f} s of a processor)" if used else ")"
        say(line + (f", {bound:.1f} s are asked for" if bound else ""))
        late |= bound is not None and statistics.median(clock) > bound
    say(f"{_STARTS} starts; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    assert any(what.startswith(VISIT) for what in starts[0])
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
