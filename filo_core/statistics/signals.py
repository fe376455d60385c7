"""What a p-chart's limits miss: patterns of points inside them, and small shifts that stay.

Run rules: Western Electric, *Statistical Quality Control Handbook* (1956). EWMA: S. W. Roberts, Technometrics 1 (1959);
its limits after J. M. Lucas and M. S. Saccucci, Technometrics 32 (1990). Refused shares are skewed where few parts are
refused, so each becomes the normal score of its binomial probability first (C. P. Quesenberry, Journal of Quality
Technology 23 (1991), the Q chart; the middle of the step, since counts come in steps).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.statistics.charts import PChart

EWMA_WEIGHT = 0.2
EWMA_WIDTH = 2.962
"""With a weight of 0.2 one false alarm in 500 subgroups on average (Lucas and Saccucci, table 3)."""
FEWEST = 8
"""Subgroups; before that the longest rule cannot speak."""
_FARTHEST = 8.0


class RunRule(StrEnum):
    """Western Electric's rules beside the first, which is the chart's own limits."""

    TWO_OF_THREE = "two of three beyond two deviations"
    FOUR_OF_FIVE = "four of five beyond one deviation"
    EIGHT_IN_A_ROW = "eight in a row on one side"


@dataclass(frozen=True, slots=True)
class Signal:
    """A rule that a subgroup completes."""

    place: int
    """Of the subgroup, 0 for the first."""
    label: str
    rule: RunRule
    rises: bool
    """Whether the share is higher than usual."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What run rules and EWMA find; both empty before there are eight subgroups."""

    broken: tuple[Signal, ...]
    ewma: tuple[float, ...]
    """By subgroup, in deviations of one subgroup."""
    ewma_limits: tuple[float, ...]
    shifts: tuple[int, ...]
    """Places of the subgroups at which the EWMA is beyond its limit."""


_WINDOWS = (
    (RunRule.TWO_OF_THREE, 3, 2, 2.0),
    (RunRule.FOUR_OF_FIVE, 5, 4, 1.0),
    (RunRule.EIGHT_IN_A_ROW, 8, 8, 0.0),
)


def signals_of(chart: PChart) -> Signals:
    """Run rules and EWMA over the subgroups of a chart, about its centre and with its dispersion."""
    if len(chart.points) < FEWEST:
        return Signals((), (), (), ())
    scores = normal_scores(chart)
    labels = [point.label for point in chart.points]
    found = [
        Signal(place, labels[place], rule, rises)
        for rule, window, needed, beyond in _WINDOWS
        for rises in (True, False)
        for place in _completed(scores if rises else -scores, window, needed, beyond)
    ]
    smoothed, limits = ewma_of(scores)
    shifts = np.flatnonzero(np.abs(smoothed) > limits)
    return Signals(
        tuple(sorted(found, key=lambda signal: signal.place)),
        tuple(smoothed.tolist()),
        tuple(limits.tolist()),
        tuple(int(place) for place in shifts),
    )


def normal_scores(chart: PChart) -> NDArray[np.float64]:
    """How far each subgroup lies from the centre, in deviations, as if shares were normal."""
    from scipy.stats import binom, norm

    sizes = np.array([point.inspected for point in chart.points])
    counts = np.rint(sizes * np.array([point.share for point in chart.points]))
    middle = binom.cdf(counts, sizes, chart.centre) - 0.5 * binom.pmf(counts, sizes, chart.centre)
    scores: NDArray[np.float64] = np.clip(norm.ppf(middle), -_FARTHEST, _FARTHEST) / chart.sigma_z
    return scores


def ewma_of(scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The exponentially weighted moving average of normal scores ``(n,)``, and its limit at each, both ``(n,)``."""
    smoothed, level = np.empty(len(scores)), 0.0
    for place, score in enumerate(scores.tolist()):
        level += EWMA_WEIGHT * (score - level)
        smoothed[place] = level
    kept = (1.0 - EWMA_WEIGHT) ** (2.0 * np.arange(1, len(scores) + 1))
    return smoothed, EWMA_WIDTH * np.sqrt(EWMA_WEIGHT / (2.0 - EWMA_WEIGHT) * (1.0 - kept))


def _completed(scores: NDArray[np.float64], window: int, needed: int, beyond: float) -> list[int]:
    """Places whose own score is beyond, as one of so many among the last few."""
    over = scores > beyond
    seen = np.convolve(over, np.ones(window, int))[: len(scores)]
    return [int(place) for place in np.flatnonzero(over & (seen >= needed))]
