"""Exact recount of stored verdicts under other limits, fast enough to follow a slider over a million scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from filo_core.statistics.rates import Rate, counted_rate
from filo_core.types import Limits, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class VerdictCounts:
    """How many images get each verdict."""

    ok: int = 0
    review: int = 0
    ng: int = 0

    @property
    def total(self) -> int:
        """Images counted."""
        return self.ok + self.review + self.ng


@dataclass(frozen=True, slots=True)
class Recount:
    """Verdicts of the whole history under other limits, and of the part of it that a person has decided."""

    limits: Limits
    all: VerdictCounts
    known_good: VerdictCounts
    """Images whose newest review says OK."""
    known_bad: VerdictCounts
    """Images whose newest review says NG."""

    @property
    def false_rejects(self) -> int:
        """Known good images that these limits refuse."""
        return self.known_good.ng

    @property
    def false_accepts(self) -> int:
        """Known bad images that these limits pass."""
        return self.known_bad.ok

    def false_reject_rate(self) -> Rate:
        """Share of the known good images that these limits refuse.

        Raises:
            EvidenceError: if no image has been reviewed as good.
        """
        return counted_rate(self.false_rejects, self.known_good.total, "images reviewed as good")

    def false_accept_rate(self) -> Rate:
        """Share of the known bad images that these limits pass.

        Raises:
            EvidenceError: if no image has been reviewed as bad.
        """
        return counted_rate(self.false_accepts, self.known_bad.total, "images reviewed as bad")

    def review_load(self) -> Rate:
        """Share of the images that a person has to look at, as an expectation for images to come.

        Raises:
            EvidenceError: if the history is empty.
        """
        return counted_rate(self.all.review, self.all.total, "inspected images")


@dataclass(frozen=True, slots=True)
class ScoreHistogram:
    """Counts of image scores: ``counts[i]`` lie in ``(edges[i], edges[i + 1]]``, the first bin includes its edge."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    """Of all images."""
    good: tuple[int, ...]
    """Of those among them that a person decided to be good."""
    bad: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreHistory:
    """Stored image scores, ready to be counted under any limits. Build it once with :meth:`of`, ask often.

    Images without a score (NOT_INSPECTED) have no place in it: no limit changes their verdict.
    """

    _all: NDArray[np.float64]
    _known_good: NDArray[np.float64]
    _known_bad: NDArray[np.float64]

    @classmethod
    def of(cls, scores: ArrayLike, known_good: ArrayLike = (), known_bad: ArrayLike = ()) -> ScoreHistory:
        """A history of image scores in any order.

        Args:
            scores: of all inspected images. Doubles as they were stored: a rounded score may change sides.
            known_good: of those among them whose newest review says OK.
            known_bad: of those whose newest review says NG.

        Raises:
            ValueError: if a score is not a finite number.
        """
        return cls(_sorted(scores), _sorted(known_good), _sorted(known_bad))

    def __len__(self) -> int:
        return len(self._all)

    @property
    def highest(self) -> float:
        """The highest score; only of a history that is not empty."""
        return float(self._all[-1])

    def recount(self, limits: Limits) -> Recount:
        """Exactly the verdicts that :meth:`Limits.verdict` gives score by score. Takes microseconds."""
        return Recount(
            limits,
            _counts(self._all, limits),
            _counts(self._known_good, limits),
            _counts(self._known_bad, limits),
        )

    def histogram(self, edges: Sequence[float]) -> ScoreHistogram:
        """Counts of all scores between rising ``edges``; scores outside of them are not counted.

        A score on an edge belongs to the bin below, as a score on a limit gets the milder verdict.

        Raises:
            ValueError: if there are fewer than two edges, or they do not rise.
        """
        if len(edges) < 2 or not np.all(np.diff(edges) > 0):
            raise ValueError("a histogram needs at least two edges, and they must rise")
        everything, good, bad = (_binned(scores, edges) for scores in (self._all, self._known_good, self._known_bad))
        return ScoreHistogram(tuple(float(edge) for edge in edges), everything, good, bad)


def verdict_counts(verdicts: Iterable[Verdict]) -> VerdictCounts:
    """Counts of verdicts as they were given; NOT_INSPECTED is left out."""
    given = list(verdicts)
    return VerdictCounts(given.count(Verdict.OK), given.count(Verdict.REVIEW), given.count(Verdict.NG))


def _binned(ordered: NDArray[np.float64], edges: Sequence[float]) -> tuple[int, ...]:
    below = np.searchsorted(ordered, np.asarray(edges, np.float64), side="right")
    below[0] = np.searchsorted(ordered, edges[0], side="left")
    return tuple(int(count) for count in np.diff(below))


def _sorted(scores: ArrayLike) -> NDArray[np.float64]:
    ordered = np.sort(np.asarray(scores, np.float64).ravel())
    # NaN sorts last and infinities outermost, so the ends tell.
    if len(ordered) and not (np.isfinite(ordered[0]) and np.isfinite(ordered[-1])):
        raise ValueError("every score must be a finite number")
    ordered.flags.writeable = False
    return ordered


def _counts(ordered: NDArray[np.float64], limits: Limits) -> VerdictCounts:
    ok, up_to_ng = (int(count) for count in np.searchsorted(ordered, (limits.ok, limits.ng), side="right"))
    return VerdictCounts(ok, up_to_ng - ok, len(ordered) - up_to_ng)
