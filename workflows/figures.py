"""What the record says about a product, a station or a period: yield, types, control chart, scores, agreement.

Where the evidence is too thin for a figure, its sentence stands in its place: such fields hold a ``str``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from filo_core.calibration.agreement import SYSTEM, AgreementStudy, Judgement, agreement_study
from filo_core.errors import EvidenceError
from filo_core.events import RunCounts
from filo_core.statistics.charts import Pareto, PChart, Subgroup, control_chart, first_pass_yield, pareto
from filo_core.statistics.rates import Rate
from filo_core.statistics.recount import ScoreHistory
from filo_core.types import UNKNOWN_TYPE, InspectionFilter, Limits, Verdict

if TYPE_CHECKING:
    from storage.repositories.figures import JudgedRow, ReviewedRow
    from storage.storage import Storage
    from workflows.catalogue import Catalogue

T = TypeVar("T")

SHIFT_HOURS = 8
FIRST_SHIFT_HOUR = 6
"""Shifts begin at 6, 14 and 22 o'clock."""
_HOURS_UP_TO = timedelta(days=2)
_SHIFTS_UP_TO = timedelta(days=10)


class Grouping(StrEnum):
    """What makes a subgroup of the control chart."""

    AUTO = "auto"
    """Hours for up to two days, shifts for up to ten, else days."""
    HOUR = "hour"
    SHIFT = "shift"
    DAY = "day"


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
    untrained: int
    """Inspections by untrained weights."""
    first_pass: Rate | str
    """Parts whose first verdict was OK, each content counted once."""
    pareto: Pareto | str
    """Types of the images that count as NG; the newest review's type replaces the regions'."""
    chart: PChart | str
    """Share of NG among the judged images; a review's verdict replaces the system's."""
    grouping: Grouping
    scores: Scores
    agreement: AgreementStudy | str
    """The system, those who reviewed, and those who reviewed blind; the golden set is the truth where it is known."""


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
        with self._storage.reading() as transaction:
            rows = transaction.figures.judged(wanted)
            types = transaction.figures.types_found(wanted)
            reviews = (*transaction.figures.reviewed(wanted), *transaction.figures.blind(wanted))
            known = transaction.figures.known()
        version = self._catalogue.recipe(wanted.product) if wanted.product and rows else None
        limits, model_hash = (version.recipe.limits, version.recipe.model_hash) if version else (None, "")
        grouping = grouping_of(rows) if grouping is Grouping.AUTO else grouping
        return Figures(
            wanted=wanted,
            counts=_counts(rows),
            untrained=sum(not row.trained and row.image_score is not None for row in rows),
            first_pass=_or_sentence(lambda: first_pass_of(rows)),
            pareto=_or_sentence(lambda: pareto(_type_counts(rows, types))),
            chart=_or_sentence(lambda: control_chart(subgroups(rows, grouping))),
            grouping=grouping,
            scores=_scores(rows, limits, model_hash),
            agreement=_or_sentence(lambda: agreement_study(_judgements(rows, reviews), _truth(rows, known))),
        )


def grouping_of(rows: Sequence[JudgedRow]) -> Grouping:
    """Hours, shifts or days, by how long the inspections span."""
    if not rows:
        return Grouping.DAY
    moments = [row.inspected_at for row in rows]
    span = max(moments) - min(moments)
    return Grouping.HOUR if span <= _HOURS_UP_TO else Grouping.SHIFT if span <= _SHIFTS_UP_TO else Grouping.DAY


def subgroups(rows: Sequence[JudgedRow], grouping: Grouping) -> tuple[Subgroup, ...]:
    """Judged and refused images by hour, shift or day of the clock on the wall, in the order of time."""
    inspected: Counter[datetime] = Counter()
    refused: Counter[datetime] = Counter()
    for row in rows:
        if row.final_verdict is not Verdict.NOT_INSPECTED:
            start = _start(row.inspected_at.astimezone(), grouping)
            inspected[start] += 1
            refused[start] += row.final_verdict is Verdict.NG
    return tuple(Subgroup(_label(start, grouping), inspected[start], refused[start]) for start in sorted(inspected))


def shift_of(moment: datetime) -> str:
    """Shift of the day that a moment lies in, by the clock on the wall: ``"06–14"``."""
    start = _start(moment.astimezone(), Grouping.SHIFT)
    return f"{start:%H}–{(start.hour + SHIFT_HOURS) % 24:02}"


def _start(moment: datetime, grouping: Grouping) -> datetime:
    if grouping is Grouping.DAY:
        return moment.replace(hour=0, minute=0, second=0, microsecond=0)
    start = moment.replace(minute=0, second=0, microsecond=0)
    if grouping is Grouping.SHIFT:
        start -= timedelta(hours=(start.hour - FIRST_SHIFT_HOUR) % SHIFT_HOURS)
    return start


def _label(start: datetime, grouping: Grouping) -> str:
    match grouping:
        case Grouping.HOUR:
            return start.strftime("%m-%d %H:00")
        case Grouping.SHIFT:
            return f"{start:%m-%d %H}–{(start.hour + SHIFT_HOURS) % 24:02}"
        case _:
            return start.strftime("%Y-%m-%d")


def _counts(rows: Sequence[JudgedRow]) -> RunCounts:
    found = Counter(row.verdict for row in rows)
    return RunCounts(found[Verdict.OK], found[Verdict.REVIEW], found[Verdict.NG], found[Verdict.NOT_INSPECTED])


def first_pass_of(rows: Sequence[JudgedRow]) -> Rate:
    """Share of the contents whose first verdict was OK.

    Raises:
        EvidenceError: without a row.
    """
    first: dict[tuple[int, str], Verdict] = {}
    for row in rows:
        # What could not be read has no content to be known by: each counts.
        first.setdefault((row.product_id, row.image_hash or f"#{row.inspection_id}"), row.verdict)
    return first_pass_yield(sum(verdict is Verdict.OK for verdict in first.values()), len(first))


def _type_counts(rows: Sequence[JudgedRow], types: dict[int, frozenset[str]]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for row in rows:
        if row.final_verdict is Verdict.NG:
            reviewed = frozenset({row.review_type}) if row.review_type else None
            counted.update(reviewed or types.get(row.inspection_id) or {UNKNOWN_TYPE})
    return counted


def _scores(rows: Sequence[JudgedRow], limits: Limits | None, model_hash: str) -> Scores:
    by: defaultdict[Verdict | None, list[float]] = defaultdict(list)
    other_model = 0
    for row in rows:
        if row.image_score is None:
            continue
        if model_hash and row.model_hash != model_hash:
            other_model += 1
            continue
        by[row.review_verdict].append(row.image_score)
    everything = [score for scores in by.values() for score in scores]
    return Scores(ScoreHistory.of(everything, by[Verdict.OK], by[Verdict.NG]), limits, other_model)


def _judgements(rows: Sequence[JudgedRow], reviews: Sequence[ReviewedRow]) -> list[Judgement]:
    reviewed = {review.inspection_id for review in reviews}
    system = [Judgement(str(row.inspection_id), SYSTEM, row.verdict) for row in rows if row.inspection_id in reviewed]
    return system + [Judgement(str(review.inspection_id), review.reviewer, review.verdict) for review in reviews]


def _truth(rows: Sequence[JudgedRow], known: Mapping[tuple[int, str], Verdict]) -> dict[str, Verdict]:
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
