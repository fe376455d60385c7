"""The model's process killed at each of its stages, and hung: what becomes of the part, and of the next one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

from filo_core.line.outputs.csv_file import CsvSink
from filo_core.line.supervised import SupervisedDetector
from filo_core.types import Verdict
from tools.fragile_model import AFTER, HANG, HANG_LOADING, JUDGING, LOADING, make_fragile
from tools.line_rig import line_in, part_trigger
from tools.soak_line.findings import PATIENCE_S, Findings, Unit, delivered_names, wait_for

WAITING = "between two parts"
FAULTS = (LOADING, HANG_LOADING, WAITING, JUDGING, HANG, AFTER)
"""Dying behind an answer comes last: a wish to hang left before that is noticed falls to the next one's warm-up."""
_WHILE_LOADING = {LOADING, HANG_LOADING}
_HANG_S = 1.0


def units(home: Path, done: list[Unit], wanted: int) -> Iterator[Unit]:
    """One fault each, the stages in turn: the part it strikes, and the one after."""
    left = [fault for number in range(wanted) for fault in FAULTS if _count(done, fault) <= number]
    if not left:
        return
    home.mkdir(parents=True, exist_ok=True)
    wish, out = home / "fault", home / "out.csv"
    detector = SupervisedDetector(partial(make_fragile, wish=str(wish)), "cpu", hang_s=_HANG_S)
    with line_in(home, [CsvSink(out)], detector=detector, deadline_s=PATIENCE_S / 2) as line:
        try:
            wait_for(lambda: not line.outbox.backlog())
            numbers = count(1 + 2 * len(delivered_names(out)))
            for fault in left:
                detector.wait_ready()
                before, asked = len(delivered_names(out)), [next(numbers), next(numbers)]
                _strike(fault, wish, detector)
                verdicts = []
                for number in asked:
                    result = line.station.ask(part_trigger(number)).wait(PATIENCE_S)
                    verdicts.append(_judged(number, result.verdict if result is not None else None))
                wait_for(lambda: not line.outbox.backlog())
                delivered = delivered_names(out)[before:]
                exactly_once = delivered == [f"part-{number}" for number in asked]
                yield {"fault": fault, "struck": verdicts[0], "next": verdicts[1], "exactly_once": exactly_once}
        finally:
            detector.close()


def _strike(fault: str, wish: Path, detector: SupervisedDetector) -> None:
    if fault != WAITING:
        wish.write_text(fault, encoding="utf-8")
    if fault in {WAITING, *_WHILE_LOADING}:
        # The one that loads next obeys the wish, where there is one.
        assert detector.pid is not None
        os.kill(detector.pid, signal.SIGKILL)


def _judged(number: int, verdict: Verdict | None) -> str:
    if verdict is None:
        return "no answer"
    if verdict is Verdict.NOT_INSPECTED:
        return "not inspected"
    return "right" if (verdict is Verdict.NG) is (number % 4 == 0) else "wrong"


def findings(done: list[Unit]) -> Findings:
    """The table of all faults."""
    header = ("the model's process", "times", "part judged by its successor", "NOT_INSPECTED", "next part judged")
    found = Findings("A model, killed or hung", header)
    for fault in FAULTS:
        of_kind = [unit for unit in done if unit["fault"] == fault]
        if not of_kind:
            continue
        times = len(of_kind)
        right, missed = (sum(unit["struck"] == what for unit in of_kind) for what in ("right", "not inspected"))
        after = sum(unit["next"] == "right" for unit in of_kind)
        words = fault if fault in {HANG, HANG_LOADING} else f"killed {fault}"
        found.rows.append((words, times, right, missed, after))
        # Lost again while its replacement loads, the part has been tried twice.
        found.require(
            right == times or fault in _WHILE_LOADING, f"{words}: {times - right} parts were not tried once more"
        )
        found.require(right + missed == times and after == times, f"{words}: wrong or missing answers")
        found.require(all(unit["exactly_once"] for unit in of_kind), f"{words}: not delivered exactly once")
    return found


def _count(done: list[Unit], fault: str) -> int:
    return sum(unit["fault"] == fault for unit in done)
