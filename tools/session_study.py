"""What is stated for good parts of another day, against the rate at which they are refused: simulated shifts."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filo_core.calibration.evidence import calibrated
from filo_core.calibration.guard import Guard
from filo_core.calibration.session_guard import session_rate
from filo_core.events import Calibrated
from filo_core.types import Verdict
from tools.markdown import markdown_table, percent_number, say

Floats = NDArray[np.float64]

REFERENCES = 8
SESSION_PARTS = (8, 20, 50)
DIMENSIONS = 4
NEW_PARTS = 2000
"""By which the true rate of a set-up is counted."""
BLURRED_AT = 4.0
"""Where pictures that lose all sharpness end up, in standard deviations from the middle of the good parts."""


def shifts() -> dict[str, Callable[[np.random.Generator, Floats], Floats]]:
    """What another session does to features of good parts; ``(parts, DIMENSIONS)`` in standard deviations."""

    def brighter(by: float) -> Callable[[np.random.Generator, Floats], Floats]:
        return lambda _, parts: parts + np.eye(DIMENSIONS)[0] * by

    def turned(by: float) -> Callable[[np.random.Generator, Floats], Floats]:
        return lambda rng, parts: parts + np.eye(DIMENSIONS)[1] * rng.normal(0.0, by, (len(parts), 1))

    def blurred(by: float) -> Callable[[np.random.Generator, Floats], Floats]:
        return lambda _, parts: (1.0 - by) * parts + by * BLURRED_AT * np.eye(DIMENSIONS)[2]

    return {
        "none": lambda _, parts: parts,
        "brightness, 1 sd": brighter(1.0),
        "brightness, 3 sd": brighter(3.0),
        "pose, spread by 1 sd": turned(1.0),
        "pose, spread by 3 sd": turned(3.0),
        "sharpness, a quarter lost": blurred(0.25),
        "sharpness, three quarters lost": blurred(0.75),
    }


@dataclass(slots=True)
class Tally:
    """Counts of one row."""

    true: list[float]
    stated: list[float]
    over: int = 0
    exceeded: int = 0

    def add(self, guard: Guard, true: float) -> None:
        """Count one set-up."""
        stated = guard.stated
        assert stated is not None, "eight good parts promise something"
        self.true.append(true)
        self.stated.append(stated)
        self.over += true > stated
        self.exceeded += bool(guard.exceeded)


def sessions_table(repetitions: int, is_kept: Callable[[int, int], tuple[str, bool]]) -> tuple[str, bool]:
    """Stated against true rates, as set up and once the session's parts have joined the evidence.

    Args:
        repetitions: set-ups a row, each with parts of its own.
        is_kept: the share of set-ups in which more is refused than was stated, in words, and whether it may be 5 %.
    """
    rows, all_kept = [], True
    for name, shift in shifts().items():
        for count in SESSION_PARTS:
            say(f"sessions: {name}, {count} parts")
            before, after = Tally([], []), Tally([], [])
            rng = np.random.default_rng((count, len(name)))
            for _ in range(repetitions):
                _set_up(rng, shift, count, before, after)
            row: list[object] = [name, count, percent_number(statistics.fmean(before.true))]
            row.append(f"{100 * before.exceeded / repetitions:.0f}")
            for tally in (before, after):
                words, held = is_kept(tally.over, repetitions)
                all_kept &= held
                if tally is after:
                    row.append(percent_number(statistics.fmean(tally.true)))
                row += [percent_number(statistics.fmean(tally.stated)), words, "yes" if held else "**NO**"]
            rows.append(tuple(row))
    header = (
        "shift", "parts shown", "refused %", "test speaks up %", "stated %", "over %", "kept",
        "joined: refused %", "stated %", "over %", "kept",
    )  # fmt: skip
    return markdown_table(header, rows), all_kept


def _set_up(
    rng: np.random.Generator,
    shift: Callable[[np.random.Generator, Floats], Floats],
    count: int,
    before: Tally,
    after: Tally,
) -> None:
    bank = rng.normal(size=(REFERENCES, DIMENSIONS))
    own = _scores(bank, bank, alone=True).tolist()
    shown = _scores(shift(rng, rng.normal(size=(count, DIMENSIONS))), bank).tolist()
    new = _scores(shift(rng, rng.normal(size=(NEW_PARTS, DIMENSIONS))), bank)
    for tally, sessions in ((before, {}), (after, {"night": shown})):
        found = calibrated(own, own, (), 0.01, model_hash="", trained=True, sessions=sessions)
        tally.add(_guard(found, shown, joined=bool(sessions)), _refused(found, new))


def _guard(found: Calibrated, shown: list[float], *, joined: bool) -> Guard:
    rate = session_rate("night", shown, found.limits, found.promise, found.refused_as, joined=joined)
    return Guard(found.promise, found.refused_as, (), (rate,))


def _refused(found: Calibrated, scores: Floats) -> float:
    limit = found.limits.ng if found.refused_as is Verdict.NG else found.limits.ok
    return float((scores > limit).mean())


def _scores(parts: Floats, bank: Floats, *, alone: bool = False) -> Floats:
    """Distances to the nearest reference, in [0, 1)."""
    squared = (parts**2).sum(axis=1)[:, None] + (bank**2).sum(axis=1)[None] - 2.0 * parts @ bank.T
    if alone:
        np.fill_diagonal(squared, np.inf)
    apart: Floats = np.sqrt(np.maximum(squared.min(axis=1), 0.0))
    return apart / (1.0 + apart)


SESSIONS = """Eight references of one session, and good parts of another one whose light, pose or sharpness differs.
Each part is a point in {dimensions} dimensions, its score the distance to the nearest reference. {repetitions} set-ups
a row, each with parts of its own; the true rate is counted on {new} parts more. *Refused*: above the limit that the
promise (at most {promise} %) is about. *Speaks up*: the exact test at 5 % finds more refused than promised, and the
set-up asks for new limits. *Stated*: the promise, or the upper end of the 95 % interval (Clopper-Pearson) for what was
refused among the parts shown, whichever is more. *Over*: set-ups that refuse more of that session than they state; it
may be 5 %. On the right the parts have joined the evidence: each session asks for a limit of its own, and the highest
is taken. Nothing is stated here for a session of which no part was shown; the page and the commands say so."""
