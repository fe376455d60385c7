"""Capability studies of appraisers whose true rates are known, written as ``docs/capability.md``.

``python -m tools.capability_study`` takes about a minute on one core. Every number of the page follows from its seed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filo_core.calibration.agreement import Kappa
from filo_core.calibration.capability import AppraiserResult, judge_appraiser, paired_kappa
from filo_core.capability import PRESENTATIONS
from filo_core.statistics.rates import Interval, Rate, counted_rate
from filo_core.types import Verdict
from tools.markdown import markdown_table, percent_number, say

OK, NG = Verdict.OK, Verdict.NG
REPETITIONS = 1000
STUDIES = ((20, 8), (50, 20), (80, 32))
"""Parts, and how many of them are bad."""
TRUE_RATES = ((0.0, 0.0), (0.02, 0.05), (0.05, 0.10), (0.15, 0.20))
"""Misses and false alarms a presentation."""
RESEMBLANCES = (0.0, 0.5, 1.0)
"""Correlation of the answers about one part: 1 is a program that is given the same file again."""
# AIAG, MSA, 4th ed., pages 136 to 138: both bad, first bad only, second bad only, both good, and the kappa there.
AIAG_TABLES = {
    "A and B": (44, 6, 3, 97, 0.86),
    "B and C": (42, 5, 9, 94, 0.79),
    "A and C": (43, 7, 8, 92, 0.78),
    "A and the reference": (45, 5, 3, 97, 0.88),
    "B and the reference": (45, 2, 3, 100, 0.92),
    "C and the reference": (42, 9, 6, 93, 0.77),
}
INTRODUCTION = """# What a capability study measures, and whether it can be believed

Made by `python -m tools.capability_study` (`make capability-study`); do not edit by hand. The code is in
`filo_core/calibration/capability.py` and `filo_core/statistics/clusters.py`.

IATF 16949, 7.1.5.1.1, asks for a measurement systems analysis of every inspection system of the control plan. For one
that answers good or bad that is attribute agreement analysis: known parts, presented several times in random order to
several appraisers, who see neither names nor answers (AIAG, *Measurement Systems Analysis*, 4th ed., chapter III C).

```sh
main.py study create PRODUCT --parts DIR… --person ADA --person BO   # or without --parts: what people have decided
main.py study present PRODUCT                                        # the system; the people judge in the window
main.py study report PRODUCT [--json] [--pdf FILE]
```

| | |
| --- | --- |
| parts | 20 to 80, at least a fifth good and a fifth bad, chosen by chance; none that the recipe knows by heart |
| presentations | three, each in another order that follows from a random word in the record |
| effectiveness | parts that were judged rightly at every presentation; Clopper-Pearson |
| miss | presentations of bad parts called OK, among those decided |
| false alarm | presentations of good parts called NG, among those decided |
| their intervals | Clopper-Pearson of as many presentations as they are worth (Korn and Graubard 1998) |
| with themselves | parts with the same verdict every time, and Fleiss' kappa, jackknifed by part |
| with each other, with the reference | Cohen's kappa over all presentations (AIAG's cross tables), jackknifed by part |
| verdict | the worst of AIAG's bands, by the counts; and the worst that the intervals reach into |

AIAG's bands: effectiveness at least 90 % acceptable, 80 % marginal; misses at most 2 %, 5 %; false alarms at most 5 %,
10 %.

REVIEW of the system is no decision: neither a miss nor a false alarm, left out of both rates and of kappa, never right.
Where it stops a part as NG does is told besides.

The system is given the same files again. That it repeats itself is so by construction and says nothing of the camera:
for that, photograph the parts anew and lay down a study of those pictures.
"""


@dataclass(frozen=True, slots=True)
class Truth:
    """What an appraiser of a simulation is like."""

    parts: int
    bad: int
    miss: float
    alarm: float
    resemblance: float


@dataclass(frozen=True, slots=True)
class Found:
    """What came out of many studies of one appraiser."""

    truth: Truth
    miss: float
    alarm: float
    miss_held: int
    alarm_held: int
    verdicts: Counter[str]


def main(arguments: list[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1] / "docs" / "capability.md")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    options = parser.parse_args(arguments)
    sections = (INTRODUCTION, _published(), _simulated(options.repetitions), _zero())
    options.out.write_text("\n".join(sections), encoding="utf-8")
    return 0


def _published() -> str:
    rows = []
    for name, (both, first, second, good, printed) in AIAG_TABLES.items():
        pairs = [(NG, NG)] * both + [(NG, OK)] * first + [(OK, NG)] * second + [(OK, OK)] * good
        thirds = [pairs[start : start + PRESENTATIONS] for start in range(0, len(pairs), PRESENTATIONS)]
        kappa = paired_kappa([[a for a, _ in row] for row in thirds], [[b for _, b in row] for row in thirds])
        rows.append((name, both, first, second, good, f"{printed:.2f}", f"{kappa.value:.6f}"))
    header = ("appraisers", "both bad", "first bad", "second bad", "both good", "printed kappa", "here")
    return (
        "## The manual's own example\n\n"
        "50 parts, three trials, three appraisers (AIAG MSA, 4th ed., pages 136 to 138).\n\n"
        f"{markdown_table(header, rows)}\n"
    )


def _simulated(repetitions: int) -> str:
    rows = []
    for truth in _truths():
        say(f"{truth.parts} parts, {truth.miss:.0%} and {truth.alarm:.0%}, correlation {truth.resemblance}")
        rows.append(_row(_study(truth, repetitions), repetitions))
    header = (
        "parts (bad)", "correlation", "true miss %", "found %", "interval holds it %", "true false alarm %", "found %",
        "interval holds it %", "called acceptable, marginal, unacceptable %",
    )  # fmt: skip
    return (
        "## Appraisers whose rates are known\n\n"
        f"{repetitions} studies a row, three presentations. *Correlation* is that of the answers about one part:\n"
        "0 for chance alone, 1 for a program that is given the same file again. An interval should hold the truth in\n"
        "95 % of the studies or more. The last column shows how often the counts alone give which band: an appraiser\n"
        "at the edge of *acceptable* is called anything, which is why the intervals stand beside it.\n\n"
        f"{markdown_table(header, rows)}\n"
    )


def _truths() -> Iterator[Truth]:
    for parts, bad in STUDIES:
        for miss, alarm in TRUE_RATES:
            for resemblance in RESEMBLANCES if miss else (0.0,):
                yield Truth(parts, bad, miss, alarm, resemblance)


def _study(truth: Truth, repetitions: int) -> Found:
    random = np.random.default_rng([truth.parts, round(1000 * truth.miss), round(10 * truth.resemblance)])
    known = [NG] * truth.bad + [OK] * (truth.parts - truth.bad)
    results = []
    for _ in range(repetitions):
        missed = _wrong(random, truth.miss, truth.bad, truth.resemblance)
        alarms = _wrong(random, truth.alarm, truth.parts - truth.bad, truth.resemblance)
        said = [[OK if wrong else NG for wrong in row] for row in missed.tolist()]
        said += [[NG if wrong else OK for wrong in row] for row in alarms.tolist()]
        results.append(judge_appraiser("simulated", said, known))
    misses, false_alarms = _rates(results, "miss"), _rates(results, "false alarm")
    return Found(
        truth,
        float(np.mean([rate.value for rate in misses])),
        float(np.mean([rate.value for rate in false_alarms])),
        sum(rate.lower <= truth.miss <= rate.upper for rate in misses),
        sum(rate.lower <= truth.alarm <= rate.upper for rate in false_alarms),
        Counter(result.verdict for result in results),
    )


def _wrong(random: np.random.Generator, rate: float, parts: int, resemblance: float) -> NDArray[np.bool_]:
    """Wrong answers ``(parts, presentations)``: each part has a chance of its own, from a beta distribution."""
    if rate == 0.0 or resemblance == 0.0:
        return random.random((parts, PRESENTATIONS)) < rate
    if resemblance == 1.0:
        return np.repeat(random.random((parts, 1)) < rate, PRESENTATIONS, axis=1)
    spread = 1.0 / resemblance - 1.0
    chances = random.beta(rate * spread, (1.0 - rate) * spread, (parts, 1))
    return random.random((parts, PRESENTATIONS)) < chances


def _rates(results: list[AppraiserResult], name: str) -> list[Rate]:
    return [result.rates[name] for result in results]


def _row(found: Found, repetitions: int) -> tuple[object, ...]:
    truth = found.truth
    bands = (found.verdicts[name] for name in ("acceptable", "marginal", "unacceptable"))
    return (
        f"{truth.parts} ({truth.bad})",
        truth.resemblance,
        percent_number(truth.miss),
        percent_number(found.miss),
        _held(found.miss_held, repetitions),
        percent_number(truth.alarm),
        percent_number(found.alarm),
        _held(found.alarm_held, repetitions),
        ", ".join(f"{100 * count / repetitions:.0f}" for count in bands),
    )


def _held(count: int, repetitions: int) -> str:
    rate = counted_rate(count, repetitions, "studies", Interval.CLOPPER_PEARSON)
    return f"{100 * rate.value:.1f} ({100 * rate.lower:.1f}–{100 * rate.upper:.1f})"


def _zero() -> str:
    """What a study without a single error proves."""
    rows = []
    for parts, bad in STUDIES:
        known = [NG] * bad + [OK] * (parts - bad)
        right = judge_appraiser("simulated", [[verdict] * PRESENTATIONS for verdict in known], known)
        assert right.miss is not None
        assert right.false_alarm is not None
        assert isinstance(right.against_kappa, Kappa)
        rows.append(
            (
                f"{parts} ({bad})",
                percent_number(right.effectiveness.lower),
                percent_number(right.miss.upper),
                percent_number(right.false_alarm.upper),
                f"{right.against_kappa.lower:.2f}",
            )
        )
    header = ("parts (bad)", "effectiveness at least %", "misses at most %", "false alarms at most %", "kappa at least")
    return (
        "## What a study without an error proves\n\n"
        "At 95 %, two-sided. A part that answers the same three times counts once. To prove misses of at most 2 %\n"
        "without a miss takes 183 bad parts, which no study of this kind has: a study shows that nothing is grossly\n"
        "wrong, and the record of decided parts has to show the rest.\n\n"
        f"{markdown_table(header, rows)}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
