"""Promised against realised: simulations with known truth, and real categories, written as ``docs/calibration.md``.

``python -m tools.calibration_study --data DIR`` does all of it in a few minutes. DIR holds categories in the layout of
MVTec AD; without it the table of real categories is left out, and the page says so.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filo_core.calibration.agreement import cohens_kappa, fleiss_kappa
from filo_core.calibration.conformal import (
    ConformalLimit,
    jackknife_plus_limit,
    lowest_promise,
    parts_needed,
    split_limit,
)
from filo_core.calibration.drift import start_watch
from filo_core.calibration.evidence import calibrated
from filo_core.errors import EvidenceError
from filo_core.proof import JudgedPart, Proof
from filo_core.statistics.rates import CONFIDENCE, Interval, counted_rate
from filo_core.types import Verdict
from tools.markdown import markdown_table, percent_number, say
from tools.session_study import NEW_PARTS, REFERENCES, SESSIONS, sessions_table

Floats = NDArray[np.float64]
MakeLimit = Callable[[Sequence[float], float], ConformalLimit]

PART_COUNTS = (4, 8, 19, 50, 99)
RATES = (0.2, 0.05, 0.01)
DIMENSIONS = 4
BANK_PARTS = 4
BROKEN_LEVEL = 0.001
"""A promise counts as broken when a binomial test at this level says so; about a hundred are tested."""
DRIFT_PARTS = 300
QUIET_PARTS = 100
SHOWN_PARTS = (1, 3, 5, 20)


@dataclass(frozen=True, slots=True)
class Kept:
    """One promise put to the test."""

    promise: float
    refused: int
    repetitions: int

    @property
    def realised(self) -> str:
        """Share with its exact interval, in per cent."""
        rate = counted_rate(self.refused, self.repetitions, "repetitions", Interval.CLOPPER_PEARSON)
        return f"{100 * rate.value:.1f} ({100 * rate.lower:.1f}–{100 * rate.upper:.1f})"

    @property
    def holds(self) -> bool:
        """Whether the refusals are compatible with the promise."""
        from scipy.stats import binomtest

        if self.promise >= 1.0:
            return True
        test = binomtest(self.refused, self.repetitions, self.promise, alternative="greater")
        return float(test.pvalue) >= BROKEN_LEVEL


def main(arguments_given: Sequence[str] | None = None) -> int:
    """Run the study; the exit code is 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with categories in the layout of MVTec AD")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1] / "docs" / "calibration.md")
    parser.add_argument("--only", default="", help="title of the one section to make; the others stay as they are")
    parser.add_argument("--repetitions", type=int, default=4000, help="of the limits; the others take a quarter")
    parser.add_argument("--seeds", type=int, default=5, help="draws of the references of real categories")
    parser.add_argument("--category", action="append", default=[], help="part of a real category's name; all without")
    arguments = parser.parse_args(arguments_given)
    repetitions, quarter = arguments.repetitions, max(arguments.repetitions // 4, 1)
    if repetitions < 1:
        parser.error("at least one repetition is needed")
    makers = _sections(repetitions, quarter, arguments.data, arguments.seeds, arguments.category)
    if arguments.only and arguments.only not in makers:
        parser.error(f"there is no section {arguments.only!r}; there are {', '.join(makers)}")
    written = arguments.out.read_text(encoding="utf-8") if arguments.only else ""
    sections, all_held = [_INTRODUCTION.format(repetitions=repetitions, quarter=quarter)], True
    for title, make in makers.items():
        text, held = make() if arguments.only in {"", title} else (_section_of(written, title), True)
        sections.append(f"## {title}\n\n{text}")
        all_held &= held
    arguments.out.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    say(f"written to {arguments.out.name}: {'every promise was kept' if all_held else 'A PROMISE WAS BROKEN'}")
    return 0 if all_held else 1


def _sections(
    repetitions: int, quarter: int, data: Path | None, seeds: int, names: Sequence[str]
) -> dict[str, Callable[[], tuple[str, bool]]]:
    """What makes each section, by its title: the text, and whether its promises were kept."""

    def under(text: str, made: tuple[str, bool]) -> tuple[str, bool]:
        return f"{text}\n\n{made[0]}", made[1]

    sessions = SESSIONS.format(
        dimensions=DIMENSIONS, repetitions=quarter, new=NEW_PARTS, promise=percent_number(lowest_promise(REFERENCES))
    )
    return {
        "Split conformal: parts outside the memory bank": lambda: under(
            _SPLIT, limits_table(split_limit, outside_scores, repetitions)
        ),
        "Jackknife+: the references themselves": lambda: under(
            _JACKKNIFE, limits_table(jackknife_plus_limit, leave_one_out_scores, repetitions)
        ),
        "Bad parts that were shown": lambda: under(_BAD_PARTS.format(quarter=quarter), bad_parts_table(quarter)),
        "Good parts of another session": lambda: under(sessions, sessions_table(quarter, _over)),
        "Real good parts as another session": lambda: (_real_sessions(data), True),
        "Drift watch": lambda: under(_DRIFT.format(quiet=QUIET_PARTS, parts=DRIFT_PARTS), drift_table(quarter)),
        "Intervals of kappa": lambda: under(_KAPPA, (kappa_table(quarter), True)),
        "Real categories": lambda: (_real_categories(data, seeds, names), True),
    }


def _section_of(page: str, title: str) -> str:
    """The text of a section as the page has it; a note where it has none yet."""
    _, _, rest = page.partition(f"## {title}\n\n")
    return rest.partition("\n\n## ")[0].strip() or "Not made yet."


def worlds() -> dict[str, Callable[[np.random.Generator, tuple[int, int]], Floats]]:
    """Ways in which good parts may differ: ``(parts, dimensions)`` features from a generator and that shape."""

    def three_kinds(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
        return rng.normal(size=shape) + 8.0 * rng.integers(0, 3, (shape[0], 1))

    return {
        "normal": lambda rng, shape: rng.normal(size=shape),
        "heavy tails": lambda rng, shape: rng.standard_t(2, shape),
        "three kinds of part": three_kinds,
        "coarse scores": lambda rng, shape: np.round(rng.normal(size=shape)),
    }


def outside_scores(features: Floats, bank: int) -> tuple[Floats, float]:
    """Scores of calibration parts and of the new (last) part against a bank of the first ``bank`` parts."""
    scores = _distances(features[bank:], features[:bank]).min(axis=1)
    return scores[:-1], float(scores[-1])


def leave_one_out_scores(features: Floats, bank: int) -> tuple[Floats, float]:
    """Scores of references without themselves, and of the new (last) part against all of them; ``bank`` is unused."""
    del bank
    apart = _distances(features, features)
    np.fill_diagonal(apart, np.inf)
    return apart[:-1, :-1].min(axis=1), float(apart[-1, :-1].min())


def limits_table(
    make: MakeLimit, scores_of: Callable[[Floats, int], tuple[Floats, float]], repetitions: int
) -> tuple[str, bool]:
    """Promised against realised false-reject rate, and whether all promises were kept."""
    rows, held = [], True
    bank = BANK_PARTS if make is split_limit else 0
    for count in PART_COUNTS:
        rates = (lowest_promise(count), *(rate for rate in reversed(RATES) if parts_needed(rate) < count))
        for name, world in worlds().items():
            say(f"{make.__name__}: {count} parts, {name}")
            rng = np.random.default_rng((count, len(name)))
            drawn = [scores_of(world(rng, (bank + count + 1, DIMENSIONS)), bank) for _ in range(repetitions)]
            for rate in rates:
                kept = _tried(make, drawn, rate)
                held = held and kept.holds
                rows.append(
                    (count, name, percent_number(rate), percent_number(kept.promise), kept.realised, _yes(kept.holds))
                )
    header = ("good parts", "parts are", "level α %", "promised, at most %", "realised % (95 %)", "kept")
    return markdown_table(header, rows), held


def bad_parts_table(repetitions: int) -> tuple[str, bool]:
    """Share of bad parts that pass, against the bound that is stated, for bad parts more and less apart."""
    rows, all_held = [], True
    for shown in SHOWN_PARTS:
        for apart in (0.5, 1.5, 4.0):
            rng = np.random.default_rng((shown, int(10 * apart)))
            over, bounds, passing, doubtful = 0, [], [], []
            for _ in range(repetitions):
                proof, passed = _shown(rng, shown, apart)
                bound = proof.most_missed or 0.0
                over += passed > bound
                bounds.append(bound)
                passing.append(passed)
                doubtful.append(len(proof.doubtful) / len(proof.good))
            held = Kept(1.0 - CONFIDENCE, over, repetitions)
            all_held &= held.holds
            means = [percent_number(statistics.mean(values)) for values in (bounds, passing, doubtful)]
            rows.append((str(shown), f"{apart:g}", *means, held.realised, _yes(held.holds)))
    heading = ("bad parts shown", "sd apart", "stated at most %", "pass %", "good for review %", "over %", "kept")
    return markdown_table(heading, rows), all_held


def _shown(rng: np.random.Generator, shown: int, apart: float) -> tuple[Proof, float]:
    """A set-up of eight good parts and some bad ones, and the share of 2,000 further bad parts that pass."""
    good = tuple(0.2 + 0.02 * rng.normal(size=8))
    bad = [JudgedPart("", "", score) for score in 0.2 + 0.02 * (apart + rng.normal(size=shown))]
    found = calibrated(good, good, (), 0.01, model_hash="", trained=True, bad=bad)
    assert found.proof is not None
    return found.proof, float((0.2 + 0.02 * (apart + rng.normal(size=2000)) <= found.limits.ok).mean())


def drift_table(repetitions: int) -> tuple[str, bool]:
    """False alarms at two stated rates, and how soon a shift is seen."""
    rows, held = [], True
    for count in PART_COUNTS:
        say(f"drift watch: {count} calibration parts")
        rng = np.random.default_rng((77, count))
        highest = [
            _highest_evidence(rng.standard_gamma(2.0, count), rng.standard_gamma(2.0, DRIFT_PARTS), seed)
            for seed in range(repetitions)
        ]
        alarms = [Kept(rate, sum(e >= 1 / rate for e in highest), repetitions) for rate in (0.05, 0.01)]
        held = held and all(kept.holds for kept in alarms)
        wrong = [_alarm_seeded_with_references(rng, count, seed) for seed in range(max(repetitions // 4, 1))]
        rows.append(
            (
                count,
                *(kept.realised for kept in alarms),
                _yes(all(kept.holds for kept in alarms)),
                *(_delay(count, shift, max(repetitions // 4, 1)) for shift in (1.0, 2.0, 3.0)),
                f"{100 * statistics.fmean(wrong):.0f}",
            )
        )
    header = (
        "calibration parts",
        "false alarms %, stated 5",
        "false alarms %, stated 1",
        "kept",
        "shift 1 sd",
        "2 sd",
        "3 sd",
        "false alarms %, seeded with references",
    )
    return markdown_table(header, rows), held


def kappa_table(repetitions: int) -> str:
    """How often the 95 % intervals of kappa hold the true value."""
    rows = []
    for parts in (20, 50, 200):
        for wrong in (0.05, 0.15):
            say(f"kappa: {parts} parts, {wrong:.0%} wrong")
            rng = np.random.default_rng((parts, round(100 * wrong)))
            # Each errs on its own with the same chance, so both kappas have the same true value.
            agree = (1 - wrong) ** 2 + wrong**2
            bad = 0.4 * (1 - wrong) + 0.6 * wrong
            by_chance = bad**2 + (1 - bad) ** 2
            true = (agree - by_chance) / (1 - by_chance)
            cohen, fleiss = [], []
            for _ in range(repetitions):
                said = (rng.random(parts) < 0.4)[:, None] ^ (rng.random((parts, 3)) < wrong)
                verdicts = [[Verdict.NG if ng else Verdict.OK for ng in row] for row in said]
                try:
                    two = cohens_kappa([row[0] for row in verdicts], [row[1] for row in verdicts])
                    three = fleiss_kappa(verdicts)
                except EvidenceError:
                    continue
                cohen.append(two.lower <= true <= two.upper)
                fleiss.append(three.lower <= true <= three.upper)
            rows.append((parts, f"{true:.2f}", *(f"{100 * float(np.mean(held)):.1f}" for held in (cohen, fleiss))))
    return markdown_table(("parts", "true kappa", "Cohen, 2 appraisers %", "Fleiss, 3 appraisers %"), rows)


def _real_categories(data: Path | None, seeds: int, names: Sequence[str]) -> str:
    if data is None:
        return "Not measured in this run: name a folder with `--data`."
    # Only this section needs a model.
    from tools.calibration_real import real_section

    return real_section(data, seeds, names)


def _real_sessions(data: Path | None) -> str:
    if data is None:
        return "Not measured in this run: name a folder with `--data`."
    from tools.session_real import real_sessions

    return real_sessions(data)


def _tried(make: MakeLimit, drawn: Iterable[tuple[Floats, float]], rate: float) -> Kept:
    promise, refused, repetitions = rate, 0, 0
    for scores, new in drawn:
        repetitions += 1
        try:
            limit = make(scores.tolist(), rate)
        except EvidenceError:
            # Coarse scores of four parts can all be equal: no limit, no promise, nothing refused.
            continue
        promise = limit.promise
        refused += new > limit.limit
    return Kept(promise, refused, repetitions)


def _distances(first: Floats, second: Floats) -> Floats:
    apart: Floats = np.sqrt(((first[:, None] - second[None]) ** 2).sum(axis=2))
    return apart


def _highest_evidence(calibration: Floats, parts: Floats, seed: int) -> float:
    watch = start_watch(calibration.tolist(), seed=seed)
    highest = watch.evidence
    for score in parts.tolist():
        watch = watch.observe(score)
        highest = max(highest, watch.evidence)
    return highest


def _delay(count: int, shift: float, repetitions: int) -> str:
    rng = np.random.default_rng((count, round(10 * shift)))
    delays = []
    for seed in range(repetitions):
        quiet = start_watch(rng.normal(size=count).tolist(), seed=seed).observe_all(rng.normal(size=QUIET_PARTS))
        watch = quiet.observe_all(rng.normal(shift, 1.0, QUIET_PARTS).tolist())
        delays.append((watch.alarm_part or math.inf) - QUIET_PARTS)
    seen = statistics.fmean(delay < math.inf for delay in delays)
    median = statistics.median(delays)
    return f"{100 * seen:.0f} %" + (f", after {median:.0f}" if median < math.inf else "")


def _alarm_seeded_with_references(rng: np.random.Generator, count: int, seed: int) -> bool:
    references = rng.normal(size=(count, DIMENSIONS))
    loo, _ = leave_one_out_scores(np.vstack([references, references[:1]]), 0)
    fresh = _distances(rng.normal(size=(DRIFT_PARTS, DIMENSIONS)), references).min(axis=1)
    return start_watch(loo.tolist(), 0.05, seed=seed).observe_all(fresh.tolist()).alarm


def _over(count: int, repetitions: int) -> tuple[str, bool]:
    """Share of set-ups in which more happens than was stated at 95 %, and whether that may be."""
    kept = Kept(1.0 - CONFIDENCE, count, repetitions)
    return kept.realised, kept.holds


def _yes(held: bool) -> str:
    return "yes" if held else "**NO**"


_INTRODUCTION = """# What calibration promises, and whether it holds

Made by `python -m tools.calibration_study --data DIR`; do not edit by hand. The code is in
`filo_core/calibration/` (`conformal.py`, `bad_parts.py`, `session_guard.py`, `session_span.py`, `drift.py`,
`agreement.py`).

| evidence | theorem | promise |
| --- | --- | --- |
| n good parts outside the memory bank | split conformal | refused with probability ≤ α, needs n ≥ 1/α - 1 |
| n references, each scored without itself | jackknife+ | ≤ 2α in the worst case; (2(n - k) + 1) / (n + 1) at rank k |

At the largest leave-one-out score (k = n) the worst case is 1 / (n + 1), so both kinds of evidence have the same lowest
promise. It is an average over calibrations and over parts from the same process. When light, pose or material change
the promise is void until the parts are calibrated again; that is what the drift watch is for.

With too few parts for the goal (1 %) the promise is about NG alone. OK ends earlier, at the median of the scores'
log-odds plus 1.5 spreads (median absolute deviation, drawn towards 0.2 while the parts are few), and what lies
between is REVIEW.

The bound of jackknife+ is proven for distances to the nearest patch. The compact profile corrects these by what its
references show among each other; for it the promise is measured on real categories, not proven.

Below, every part is a point and its score the distance to the nearest reference, as in the memory bank. Limits:
{repetitions} repetitions a row, each with parts of its own and one new good part. Drift and kappa: {quarter}.
*Kept* is a binomial test of "at most the promise" at 0.1 %."""

_SPLIT = """Four references are the bank; the calibration parts are others. The realised rate should come close to
the promise from below, except where coarse scores make many parts equal."""

_JACKKNIFE = """The worst case is a bound over all scores one could think of. Distances to a bank of parts stay at about
the level α or below it; the promise is the bound all the same."""

_BAD_PARTS = """Eight good parts and some bad ones, normal scores, the bad ones higher by so many standard deviations;
{quarter} set-ups a row, each with parts of its own. OK ends below the lowest bad part for which at most half of
the good parts come to review. *Stated* is the mean of the upper ends of the 95 % intervals (Clopper-Pearson)
for the bad parts that pass under limits placed without them; *pass* the true share among 2,000 bad parts
more; *over* the share of set-ups whose true share is higher than what was stated, which may be 5 %."""

_DRIFT = """False alarms are over a whole life of {parts} good parts (Ville's inequality bounds them over any
length). The shift starts after {quiet} good parts; given are the share of watches that see it within
{quiet} more and the median number of parts until the alarm, at a stated rate of 1 %. The last column is a
mistake that the code warns of: a watch started (at 5 %) with the leave-one-out scores of the references
has no bound; here it raises about twice the false alarms of a proper one."""

_KAPPA = """Share of the 95 % intervals that hold the true value; two or three appraisers err independently, 40 % of
the parts are bad. Cohen: statsmodels' large-sample error. Fleiss: jackknife over the parts, since
statsmodels gives no error."""


if __name__ == "__main__":
    sys.exit(main())
