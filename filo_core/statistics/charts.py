"""Control charts, first-pass yield and Pareto, as numbers; drawing them is the window's business."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import EvidenceError
from filo_core.sentence import Sentence
from filo_core.statistics.costs import Weighing
from filo_core.statistics.rates import Rate, counted_rate
from filo_core.types import UNKNOWN_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

LIMIT_DEVIATIONS = 3.0
"""Shewhart's distance of the limits from the centre, in standard deviations."""
MOVING_RANGE_CONSTANT = 1.128
"""d2 for ranges of two, with the three decimals that Laney (2002) and Minitab use."""
DISPERSION_LEVEL = 0.01
"""Below this p-value of the dispersion test the subgroups vary other than by chance within them."""
ENOUGH_SUBGROUPS = 20
"""Fewer subgroups give limits that still move a lot (Montgomery: 20 to 25)."""


@dataclass(frozen=True, slots=True)
class Subgroup:
    """Images judged together, such as those of one shift or hour."""

    label: str
    inspected: int
    refused: int

    def __post_init__(self) -> None:
        if not 0 <= self.refused <= self.inspected:
            raise ValueError(f"{self.label}: {self.refused} refused of {self.inspected} inspected cannot be")

    @property
    def share(self) -> float:
        """Refused share; only for a subgroup that is not empty."""
        return self.refused / self.inspected


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One subgroup on the chart; all shares in [0, 1]."""

    label: str
    inspected: int
    share: float
    lower: float
    upper: float

    @property
    def outside(self) -> bool:
        """Whether it lies beyond its own limits: something special happened."""
        return not self.lower <= self.share <= self.upper


@dataclass(frozen=True, slots=True)
class PChart:
    """A chart of refused shares with limits of its own for every subgroup."""

    centre: float
    sigma_z: float
    """1 for the p-chart; for Laney's p' how much more the subgroups vary than chance within them explains."""
    points: tuple[ChartPoint, ...]
    notes: tuple[str, ...]
    """What to keep in mind when reading it, as sentences."""


@dataclass(frozen=True, slots=True)
class ParetoBar:
    """One anomaly type. Shares are of what all named ones cost."""

    name: str
    count: int
    share: float
    cumulative: float
    weight: float = 1.0
    """What one of them costs, or how bad it is."""

    @property
    def cost(self) -> float:
        """What all of them cost."""
        return self.count * self.weight


@dataclass(frozen=True, slots=True)
class Pareto:
    """Anomaly types from what costs most on, those without a name apart."""

    bars: tuple[ParetoBar, ...]
    named: int
    unknown: int
    weighing: Weighing = Weighing.COUNT
    """By what they are in order."""


def p_chart(subgroups: Sequence[Subgroup], centre: float | None = None) -> PChart:
    """Shewhart's p-chart: p ± 3 sqrt(p (1 - p) / n) with each subgroup's own n, cut to [0, 1].

    Args:
        subgroups: in the order of time. Empty ones are left out and noted.
        centre: share of a period known to be stable, in (0, 1); the mean of these subgroups without one.

    Raises:
        EvidenceError: if there are fewer than two subgroups, or all or none of the images were refused.
    """
    return _chart(subgroups, centre, laney=False)


def laney_chart(subgroups: Sequence[Subgroup], centre: float | None = None) -> PChart:
    """Laney's p' chart (2002): the p-chart's limits widened or narrowed by how much subgroups really vary.

    With thousands of images a subgroup the p-chart's limits are so narrow that every ordinary day lies outside.

    Args:
        subgroups: as for :func:`p_chart`.
        centre: as for :func:`p_chart`.

    Raises:
        EvidenceError: as :func:`p_chart`, and if all subgroups have the same share.
    """
    return _chart(subgroups, centre, laney=True)


def control_chart(subgroups: Sequence[Subgroup], centre: float | None = None) -> PChart:
    """Laney's p' where a chi-square test shows that the subgroups vary more than chance explains, else the p-chart.

    Raises:
        EvidenceError: as :func:`p_chart`.
    """
    plain = p_chart(subgroups, centre)
    deviations = _deviations(plain)
    from scipy.stats import chi2

    statistic = float(deviations @ deviations)
    freedom = len(deviations) - (centre is None)
    if statistic <= freedom or float(chi2.sf(statistic, freedom)) >= DISPERSION_LEVEL:
        return plain
    laney = laney_chart(subgroups, centre)
    # A narrower chart would answer excess variation with more alarms: one lonely outlier does that to σz.
    return laney if laney.sigma_z > 1.0 else plain


def first_pass_yield(passed: int, presented: int) -> Rate:
    """Share of the parts that passed at their first presentation, with Wilson's interval.

    Args:
        passed: parts whose first verdict was OK. REVIEW and NOT_INSPECTED are no pass.
        presented: parts shown at all, each counted once.

    Raises:
        EvidenceError: if no part was presented.
    """
    return counted_rate(passed, presented, "presented parts")


def pareto(
    counts: Mapping[str, int], weighing: Weighing = Weighing.COUNT, weights: Mapping[str, float] | None = None
) -> Pareto:
    """Anomaly types by what they cost, equal ones by name; ``unknown`` is kept apart and out of the shares.

    Args:
        counts: inspections by type.
        weighing: what the weights are.
        weights: what one defect of a type costs; 1 where it is not said, so that without any the count decides.

    Raises:
        EvidenceError: if nothing was counted.
    """
    unknown = counts.get(UNKNOWN_TYPE, 0)
    known = weights or {}
    named = sorted(
        ((name, count) for name, count in counts.items() if name != UNKNOWN_TYPE and count > 0),
        key=lambda item: (-item[1] * known.get(item[0], 1.0), -item[1], item[0]),
    )
    total = sum(count for _, count in named)
    if total + unknown == 0:
        raise EvidenceError("No anomaly has been found yet, so there is nothing to put in order.")
    cost = sum(count * known.get(name, 1.0) for name, count in named)
    bars, so_far = [], 0.0
    for name, count in named:
        weight = known.get(name, 1.0)
        so_far += count * weight
        # Where nothing costs anything, nothing has a share of it.
        share, cumulative = (count * weight / cost, so_far / cost) if cost else (0.0, 0.0)
        bars.append(ParetoBar(name, count, share, cumulative, weight))
    return Pareto(tuple(bars), total, unknown, weighing)


def _chart(subgroups: Sequence[Subgroup], centre: float | None, *, laney: bool) -> PChart:
    if centre is not None and not 0.0 < centre < 1.0:
        raise ValueError(f"the centre of a p-chart lies between 0 and 1, {centre} does not")
    filled = [subgroup for subgroup in subgroups if subgroup.inspected]
    if len(filled) < 2:
        raise EvidenceError("A control chart needs at least two shifts or hours with inspected images.")
    inspected = sum(subgroup.inspected for subgroup in filled)
    refused = sum(subgroup.refused for subgroup in filled)
    if centre is None:
        centre = refused / inspected
    if not 0.0 < centre < 1.0:
        how_many = "None" if centre <= 0.0 else Sentence("Every one")
        raise EvidenceError(
            "{how_many} of the {inspected} images was refused: without variation there are no control limits.",
            how_many=how_many,
            inspected=inspected,
        )
    shares = np.array([subgroup.share for subgroup in filled])
    deviations = np.sqrt(centre * (1.0 - centre) / np.array([subgroup.inspected for subgroup in filled]))
    sigma_z = _sigma_z((shares - centre) / deviations) if laney else 1.0
    half_widths = LIMIT_DEVIATIONS * sigma_z * deviations
    points = tuple(
        ChartPoint(s.label, s.inspected, s.share, max(centre - half, 0.0), min(centre + half, 1.0))
        for s, half in zip(filled, half_widths.tolist(), strict=True)
    )
    return PChart(centre, sigma_z, points, _notes(subgroups, filled, centre))


def _sigma_z(deviations: NDArray[np.float64]) -> float:
    sigma_z = float(np.abs(np.diff(deviations)).mean()) / MOVING_RANGE_CONSTANT
    if math.isclose(sigma_z, 0.0, abs_tol=1e-12):
        raise EvidenceError("All subgroups have the same refused share: without variation there are no control limits.")
    return sigma_z


def _deviations(chart: PChart) -> NDArray[np.float64]:
    spread = chart.centre * (1.0 - chart.centre)
    return np.array([(point.share - chart.centre) / math.sqrt(spread / point.inspected) for point in chart.points])


def _notes(subgroups: Sequence[Subgroup], filled: Sequence[Subgroup], centre: float) -> tuple[str, ...]:
    notes = []
    if empty := len(subgroups) - len(filled):
        notes.append(Sentence("{empty} without an inspected image left out.", empty=empty))
    if len(filled) < ENOUGH_SUBGROUPS:
        notes.append(
            Sentence(
                "{count} subgroups: the limits are provisional until there are {enough_subgroups}.",
                count=len(filled),
                enough_subgroups=ENOUGH_SUBGROUPS,
            )
        )
    small = sum(1 for subgroup in filled if subgroup.inspected * min(centre, 1.0 - centre) < 5.0)
    if small:
        notes.append(
            Sentence(
                "{small} of {count} subgroups are expected to hold fewer than 5 refused or 5 passed "
                "images: their limits are rough.",
                small=small,
                count=len(filled),
            )
        )
    return tuple(notes)
