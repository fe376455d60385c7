"""Rates and other statistics over parts that were looked at more than once: their answers do not count as independent.

Three looks at one part are worth less than looks at three parts. Sources: E. L. Korn and B. I. Graubard, "Confidence
intervals for proportions with small expected number of positive counts estimated from survey data", Survey Methodology
24 (1998), for the interval; A. Donner, "A review of inference procedures for the intraclass correlation coefficient",
International Statistical Review 54 (1986), for the correlation; B. Efron, "The jackknife" (1982).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import EvidenceError
from filo_core.statistics.rates import CONFIDENCE, Rate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


def clustered_rate(counts: Sequence[int], sizes: Sequence[int], what: str) -> Rate:
    """The rate over all looks, with the exact (Clopper-Pearson) interval of as many looks as they are worth.

    The looks are divided by the design effect, 1 + (m - 1) r with their correlation r, and once more for the degrees
    of freedom that parts have and looks have not. Where nothing varies, r cannot be told: each part counts once then.

    Args:
        counts: how often a part had the property, one number a part.
        sizes: how often it was looked at; parts that were not looked at at all count for nothing.
        what: what was looked at, in the plural, for the sentence when there is none.

    Raises:
        EvidenceError: if nothing was looked at.
        ValueError: if the counts contradict each other.
    """
    from scipy.stats import beta, t

    seen = np.array([(count, size) for count, size in zip(counts, sizes, strict=True) if size], np.float64)
    if not len(seen):
        raise EvidenceError("There are no {what} yet, so there is no share to give.", what=what)
    if np.any(seen[:, 0] < 0) or np.any(seen[:, 0] > seen[:, 1]):
        raise ValueError(f"more {what} were counted than there are")
    count, of, parts = seen[:, 0].sum(), seen[:, 1].sum(), len(seen)
    share, half = count / of, (1.0 - CONFIDENCE) / 2.0
    if count in {0.0, of} or parts < 2:
        worth = float(parts)
    elif of == parts:
        worth = of
    else:
        mean = float((seen[:, 1] ** 2).sum() / of)
        worth = of / (1.0 + (mean - 1.0) * _correlation(seen[:, 0], seen[:, 1]))
        worth *= float(t.ppf(half, of - 1) / t.ppf(half, parts - 1)) ** 2
    hits = share * worth
    lower = 0.0 if count == 0 else float(beta.ppf(half, hits, worth - hits + 1.0))
    upper = 1.0 if count == of else float(beta.ppf(1.0 - half, hits + 1.0, worth - hits))
    return Rate(int(count), int(of), min(lower, share), max(upper, share))


def jackknife_interval(
    tables: NDArray[np.float64], statistic: Callable[[NDArray[np.float64]], float]
) -> tuple[float, float]:
    """95 % interval of a statistic of the sum of ``tables``, leaving out one part at a time.

    Args:
        tables: ``(parts, ...)``, what each part adds; at least two parts.
        statistic: of such a sum; NaN where it has none.

    Raises:
        EvidenceError: if without one of the parts there is no such statistic.
    """
    from scipy.stats import t

    parts, total = len(tables), tables.sum(axis=0)
    value = statistic(total)
    without = np.array([statistic(total - table) for table in tables])
    if not np.isfinite(without).all():
        raise EvidenceError(
            "Agreement beyond chance rests on a single part here, so it has no interval. "
            "Include more parts of the other kind."
        )
    pseudo = parts * value - (parts - 1) * without
    half = float(t.ppf(0.5 + CONFIDENCE / 2.0, parts - 1)) * float(pseudo.std(ddof=1)) / parts**0.5
    return value - half, value + half


def _correlation(counts: NDArray[np.float64], sizes: NDArray[np.float64]) -> float:
    """How much looks at one part resemble each other, in [0, 1]: the ANOVA estimate."""
    parts, looks = len(sizes), sizes.sum()
    shares, mean = counts / sizes, counts.sum() / looks
    between = float((sizes * (shares - mean) ** 2).sum()) / (parts - 1)
    within = float((counts * (1.0 - shares)).sum()) / (looks - parts)
    size = float(looks - (sizes**2).sum() / looks) / (parts - 1)
    spread = between + (size - 1.0) * within
    return min(1.0, max(0.0, (between - within) / spread)) if spread > 0 else 1.0
