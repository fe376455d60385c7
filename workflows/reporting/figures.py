"""What the record says about a product, a station or a period: yield, types, control chart, scores, agreement.

Where the evidence is too thin for a figure, its sentence stands in its place: such fields hold a ``str``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from filo_core.calibration.agreement import AgreementStudy, Judgement, agreement_study
from filo_core.capability import SYSTEM
from filo_core.errors import EvidenceError
from filo_core.events import RunCounts
from filo_core.statistics.charts import Pareto, PChart, Subgroup, control_chart, first_pass_yield, pareto
from filo_core.statistics.costs import weights_of
from filo_core.statistics.rates import Rate
from filo_core.statistics.recount import ScoreHistory
from filo_core.statistics.signals import Signals, signals_of
from filo_core.types import InspectionFilter, Limits, Verdict
from workflows.reporting.period_change import PeriodChange, read_change
from workflows.reporting.periods import Grouping, bounds_of, grouping_of, label_of

if TYPE_CHECKING:
    from filo_core.calibration.guard import Guard
    from storage.repositories.aggregates import Counted
    from storage.repositories.figures import GivenVerdict, JudgedInspection, ScoredInspection
    from storage.storage import Storage
    from workflows.products.catalogue import Catalogue

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Image scores that may be counted again under other limits."""

    history: ScoreHistory
    limits: Limits | None
    """Of the recipe in force; None where several products are looked at, whose limits differ."""
    other_model: int
    """Inspections left out because another model gave their score: it is not comparable."""


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Everything the statistics say about the inspections that were wanted."""

    wanted: InspectionFilter
    counts: RunCounts
    """As they count: what a person decided, else what the system said. This is what NG means on the whole page."""
    untrained: int
    """Inspections by untrained weights."""
    first_pass: Rate | str
    """Parts whose first verdict was OK, each content counted once."""
    pareto: Pareto | str
    """Types of the images that count as NG, by what they cost; the newest review's type replaces the regions'."""
    chart: PChart | str
    """Share of NG among the judged images; a review's verdict replaces the system's."""
    signals: Signals | None
    """Run rules and EWMA over the chart; None without one."""
    change: PeriodChange | str
    """Share of NG in the newest time beside that of the time before."""
    grouping: Grouping
    scores: Scores
    agreement: AgreementStudy | str
    """Of all that was reviewed, known parts too: the system, those who reviewed, and those who reviewed blind; the
    golden set is the truth where it is known."""
    known: int = 0
    """Inspections of known parts, which every other figure leaves out."""
    guard: Guard | None = None
    """The promise of the version in force beside good parts of other days; None without one."""


class FigureReader:
    """Reads figures from a record. Safe to use from several threads; takes its time, so not on the window's."""

    def __init__(self, storage: Storage, catalogue: Catalogue) -> None:
        self._storage = storage
        self._catalogue = catalogue

    def stations(self) -> tuple[str, ...]:
        """Every station that inspected something."""
        with self._storage.reading() as transaction:
            return transaction.figures.stations()

    def read(self, wanted: InspectionFilter, grouping: Grouping = Grouping.AUTO) -> Figures:
        """The figures of the wanted inspections.

        Raises:
            ProductError: if a product is wanted that there is none of.
            StorageError: if the record cannot be read.
        """
        every, wanted = wanted, replace(wanted, line_only=True)
        with self._storage.reading() as transaction:
            aggregates, figures = transaction.aggregates, transaction.figures
            left_out = transaction.known.count(every)
            counts = RunCounts.of(aggregates.final_counts(wanted))
            untrained = aggregates.untrained(wanted)
            first_ok, contents = aggregates.first_verdicts(wanted)
            types = aggregates.type_counts(wanted)
            span = aggregates.span(wanted)
            grouping = grouping_of(span) if grouping is Grouping.AUTO else grouping
            bounds = bounds_of(span, grouping) if span is not None else []
            periods = aggregates.by_period(wanted, bounds) if bounds else ()
            change = read_change(aggregates, wanted, span)
            scored = figures.scored(wanted)
            reviewed = figures.judged(every, reviewed_only=True)
            reviews = (*figures.reviewed(every), *figures.blind(every))
            known = figures.known()
            costs = transaction.costs.of(wanted.product) if wanted.product else {}
        chart = _or_sentence(lambda: control_chart(_subgroups(bounds, periods, grouping)))
        listed = self._catalogue.draft(wanted.product).anomaly_types if wanted.product and counts.done else ()
        weights = weights_of(listed, costs)
        version = self._catalogue.recipe(wanted.product) if wanted.product and counts.done else None
        limits, model_hash = (version.recipe.limits, version.recipe.model_hash) if version else (None, "")
        return Figures(
            wanted=every,
            counts=counts,
            untrained=untrained,
            first_pass=_or_sentence(lambda: first_pass_yield(first_ok, contents)),
            pareto=_or_sentence(lambda: pareto(Counter(types), *weights)),
            chart=chart,
            signals=None if isinstance(chart, str) else signals_of(chart),
            change=change,
            grouping=grouping,
            scores=_scores(scored, limits, model_hash),
            agreement=_or_sentence(lambda: agreement_study(_judgements(reviewed, reviews), _truth(reviewed, known))),
            known=left_out,
            guard=self._guard(wanted.product),
        )

    def _guard(self, product: str) -> Guard | None:
        if not product or self._catalogue.draft(product).signed_version is None:
            return None
        return self._catalogue.signed_guard(product)


def _subgroups(bounds: Sequence[datetime], periods: Sequence[Counted], grouping: Grouping) -> tuple[Subgroup, ...]:
    """The periods in which anything was judged, in the order of time."""
    return tuple(
        Subgroup(label_of(start, grouping), period.inspected, period.refused)
        for start, period in zip(bounds, periods, strict=False)
        if period.inspected
    )


def first_pass_of(rows: Sequence[JudgedInspection]) -> Rate:
    """Share of the contents whose first verdict was OK.

    Raises:
        EvidenceError: without a row.
    """
    first: dict[tuple[int, str], Verdict] = {}
    for row in rows:
        # What could not be read has no content to be known by: each counts.
        first.setdefault((row.product_id, row.image_hash or f"#{row.inspection_id}"), row.verdict)
    return first_pass_yield(sum(verdict is Verdict.OK for verdict in first.values()), len(first))


def _scores(scored: Sequence[ScoredInspection], limits: Limits | None, model_hash: str) -> Scores:
    by: defaultdict[Verdict | None, list[float]] = defaultdict(list)
    other_model = 0
    for row in scored:
        if model_hash and row.model_hash != model_hash:
            other_model += 1
            continue
        by[row.review_verdict].append(row.image_score)
    everything = [score for scores in by.values() for score in scores]
    return Scores(ScoreHistory.of(everything, by[Verdict.OK], by[Verdict.NG]), limits, other_model)


def _judgements(rows: Sequence[JudgedInspection], reviews: Sequence[GivenVerdict]) -> list[Judgement]:
    reviewed = {review.inspection_id for review in reviews}
    system = [Judgement(str(row.inspection_id), SYSTEM, row.verdict) for row in rows if row.inspection_id in reviewed]
    return system + [Judgement(str(review.inspection_id), review.reviewer, review.verdict) for review in reviews]


def _truth(rows: Sequence[JudgedInspection], known: Mapping[tuple[int, str], Verdict]) -> dict[str, Verdict]:
    """What the golden sets know about inspected images, so that every appraiser can be held against it."""
    return {
        str(row.inspection_id): known[row.product_id, row.image_hash]
        for row in rows
        if (row.product_id, row.image_hash) in known
    }


def _or_sentence(figure: Callable[[], T]) -> T | str:
    try:
        return figure()
    except EvidenceError as error:
        return str(error)
