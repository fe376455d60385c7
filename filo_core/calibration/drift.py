"""Watch over confirmed good parts: do they still score like those the limits were set with?

A conformal test martingale (Vovk, Nouretdinov and Gammerman 2003; for change points Vovk et al. 2021). Every new
score is ranked among **all** earlier ones, calibration set included. As long as the parts are exchangeable these
smoothed p-values are independent and uniform, so a fair bet against them starts at 1 and, by Ville's inequality,
ever reaches 1/δ with probability at most δ. The false-alarm rate is therefore a bound for the whole life of the
watch, not an average per part as a CUSUM's, and it needs no assumption on how scores are distributed. Ranking among
a fixed calibration set only, as is often done, would make the p-values dependent and the bound void.

The bet is a mixture over when the drift starts (part j with weight 1/(j (j + 1))), which way it goes and how boldly
to bet. It stays a martingale, and a long quiet time costs it little.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import EvidenceError
from filo_core.sentence import Sentence
from filo_core.statistics.rates import percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FALSE_ALARM_RATE = 0.01
"""Chance that a watch ever asks for recalibration without a drift."""
LEAST_CALIBRATION_PARTS = 4
"""With fewer, the drift itself becomes what later parts are compared with before anything shows."""

_SLOPES = (1.0, 2.0)
"""Betting functions 1 + slope (1/2 - p): patient, for small drifts."""
_POWER = 0.3
"""Betting function power p^(power - 1): bold, for drifts that put every part outside."""
_SMALLEST_P_VALUE = 1e-12
_BETS = 2 * (len(_SLOPES) + 1)


class DriftDirection(StrEnum):
    """Where the scores of good parts went."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class DriftWatch:
    """State of the watch after some parts. Make one with :func:`start_watch`, then :meth:`observe` part by part."""

    calibration_parts: int
    false_alarm_rate: float
    seed: int
    scores: tuple[float, ...]
    """Of calibration and confirmed parts, in rising order."""
    stakes: tuple[float, ...]
    """What each bet has grown to, in the order of :func:`payoffs`."""
    evidence: float = 1.0
    """Wealth of the bets: 1 at the start, 1 / ``false_alarm_rate`` raises the alarm."""
    alarm_part: int | None = None
    """Which confirmed part, counted from 1, raised the alarm. The alarm stays until recalibration."""
    direction: DriftDirection | None = None
    """At the alarm; None before."""

    @property
    def parts(self) -> int:
        """Confirmed parts seen so far."""
        return len(self.scores) - self.calibration_parts

    @property
    def alarm(self) -> bool:
        """Whether to recalibrate."""
        return self.alarm_part is not None

    @property
    def sentence(self) -> str:
        """What the watch has to say."""
        rate = Sentence(
            "the chance that this watch ever says so without a reason is at most {false_alarm_rate}",
            false_alarm_rate=percent(self.false_alarm_rate),
        )
        if self.alarm_part is not None:
            return Sentence(
                "Good parts now score {direction} than those the limits were set with, seen at confirmed "
                "part {alarm_part} ({rate}). Look for what changed, then calibrate again.",
                direction=self.direction,
                alarm_part=self.alarm_part,
                rate=rate,
            )
        if self.parts == 0:
            return Sentence("No good part has been confirmed since calibration, so drift cannot be told.")
        return Sentence("No sign of drift in {parts} confirmed good parts ({rate}).", parts=self.parts, rate=rate)

    def observe(self, score: float) -> DriftWatch:
        """The watch after one more confirmed good part.

        Confirmed parts must be taken as they come. Confirming only those that the system doubted looks like a drift.

        Raises:
            ValueError: if the score is not a finite number.
        """
        if not math.isfinite(score):
            raise ValueError("every score must be finite")
        part = self.parts + 1
        low, high = bisect_left(self.scores, score), bisect_right(self.scores, score)
        scores = (*self.scores[:high], score, *self.scores[high:])
        # The draw that breaks ties depends on nothing but seed and position, so a replay gives the same watch.
        tie = float(np.random.default_rng((self.seed, part)).random())
        p_value = (len(self.scores) - high + tie * (high - low + 1)) / len(scores)
        entering = 1.0 / (part * (part + 1)) / _BETS
        stakes = tuple((stake + entering) * payoff for stake, payoff in zip(self.stakes, payoffs(p_value), strict=True))
        # Bets on a start still to come keep their stakes: the sum of 1 / (j (j + 1)) over j > part.
        evidence = sum(stakes) + 1.0 / (part + 1)
        watch = replace(self, scores=scores, stakes=stakes, evidence=evidence)
        if self.alarm or evidence < 1.0 / self.false_alarm_rate:
            return watch
        rising = sum(stakes[: _BETS // 2])
        direction = DriftDirection.HIGHER if rising > sum(stakes) / 2.0 else DriftDirection.LOWER
        return replace(watch, alarm_part=part, direction=direction)

    def observe_all(self, scores: Iterable[float]) -> DriftWatch:
        """The watch after more confirmed good parts, in the order of time."""
        watch = self
        for score in scores:
            watch = watch.observe(score)
        return watch


def payoffs(p_value: float) -> tuple[float, ...]:
    """What each bet pays for one unit at a p-value in [0, 1]; on average over uniform p-values at most 1.

    The first half bets on small p-values, scores above the others; the second half on large ones.
    """
    return (*_one_sided(p_value), *_one_sided(1.0 - p_value))


def start_watch(
    calibration_scores: Sequence[float], false_alarm_rate: float = FALSE_ALARM_RATE, seed: int = 0
) -> DriftWatch:
    """A fresh watch for limits that were just set.

    Args:
        calibration_scores: of good parts outside the memory bank, under the same recipe. Not the leave-one-out
            scores of the references: those were found with one reference fewer and lie higher, which the watch
            may call a drift.
        false_alarm_rate: δ in (0, 1).
        seed: decides between equal scores; choose it without looking at them.

    Raises:
        EvidenceError: if there are too few parts, all have the same score, or the rate is out of range.
        ValueError: if a score is not a finite number.
    """
    if not 0.0 < false_alarm_rate < 1.0:
        raise EvidenceError(
            "A false-alarm rate lies between 0 and 1, {false_alarm_rate:g} does not.", false_alarm_rate=false_alarm_rate
        )
    if not all(math.isfinite(score) for score in calibration_scores):
        raise ValueError("every score must be finite")
    if len(calibration_scores) < LEAST_CALIBRATION_PARTS:
        raise EvidenceError(
            "Watching for drift needs {least_calibration_parts} confirmed good parts that are not "
            "references, there are {count}. Confirm more.",
            least_calibration_parts=LEAST_CALIBRATION_PARTS,
            count=len(calibration_scores),
        )
    if min(calibration_scores) == max(calibration_scores):
        raise EvidenceError(
            "All {count} good parts have the very same score, as copies of one picture do: drift "
            "cannot be told from them. Confirm different parts.",
            count=len(calibration_scores),
        )
    return DriftWatch(
        calibration_parts=len(calibration_scores),
        false_alarm_rate=false_alarm_rate,
        seed=seed,
        scores=tuple(sorted(calibration_scores)),
        stakes=(0.0,) * _BETS,
    )


def _one_sided(p_value: float) -> tuple[float, ...]:
    # A p-value of exactly zero would pay without end; paying less than is fair keeps the bound.
    bold = _POWER * max(p_value, _SMALLEST_P_VALUE) ** (_POWER - 1.0)
    return (*(1.0 + slope * (0.5 - p_value) for slope in _SLOPES), bold)
