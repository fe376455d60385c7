"""Counts over the whole record, made by the database: a million inspections never leave it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise

from sqlalchemy import ColumnElement, String, Subquery, case, cast, exists, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from filo_core.types import (
    UNKNOWN_TYPE,
    InspectionFilter,
    Review,
    Verdict,
    retyped_regions,
    standing_review,
)
from storage.columns import UtcDateTime
from storage.models import InspectionRow, RegionRow, ReviewRow
from storage.naming_models import NamedRegionRow
from storage.repositories.filters import conditions
from storage.repositories.reviews import review_of
from storage.repositories.standing_reviews import is_newest, is_undecided

_OK, _NG, _NOT_INSPECTED = Verdict.OK.value, Verdict.NG.value, Verdict.NOT_INSPECTED.value
MOST_REGIONS = 32
"""Regions of one inspection."""
_PERIODS_AT_ONCE = 200
"""Periods of one statement: SQLite joins no more than 500 selects."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Judged and refused inspections of one period; a review's verdict replaces the system's."""

    inspected: int
    refused: int


class AggregateRepository:
    """Reads only."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_period(self, wanted: InspectionFilter, bounds: Sequence[datetime]) -> tuple[Counted, ...]:
        """Counts of each period between two of ``bounds``, which rise; the last bound ends the last period.

        The periods are looked up one by one in an index, which answers alone, but asked for together: a server under
        load takes longer over a hundred questions than over their answers.
        """
        inspected, refused = [0] * (len(bounds) - 1), [0] * (len(bounds) - 1)
        periods = list(enumerate(pairwise(bounds)))
        for start in range(0, len(periods), _PERIODS_AT_ONCE):
            period = _as_table(periods[start : start + _PERIODS_AT_ONCE])
            within = (InspectionRow.inspected_at >= period.c.since, InspectionRow.inspected_at < period.c.until)
            counts = (
                select(
                    period.c.number,
                    func.count().filter(InspectionRow.verdict != _NOT_INSPECTED),
                    func.count().filter(InspectionRow.verdict == _NG),
                )
                .where(*within, *conditions(wanted))
                .group_by(period.c.number)
            )
            for number, judged, ng in self._session.execute(counts):
                inspected[number], refused[number] = judged, ng
        differing = (
            select(InspectionRow.inspected_at, InspectionRow.verdict, ReviewRow.verdict)
            .join(ReviewRow, ReviewRow.inspection_id == InspectionRow.id)
            .where(*conditions(wanted), ReviewRow.verdict != InspectionRow.verdict, is_newest())
            .where(
                ReviewRow.verdict != "",
                InspectionRow.inspected_at >= bounds[0],
                InspectionRow.inspected_at < bounds[-1],
            )
        )
        for at, system, decided in self._session.execute(differing):
            number = bisect_right(bounds, at) - 1
            inspected[number] += system == _NOT_INSPECTED
            refused[number] += (decided == _NG) - (system == _NG)
        return tuple(Counted(*pair) for pair in zip(inspected, refused, strict=True))

    def final_counts(self, wanted: InspectionFilter) -> dict[Verdict, int]:
        """How many of the wanted inspections count as each verdict: what was decided, else what the system said."""
        system = select(InspectionRow.verdict, func.count()).where(*conditions(wanted)).group_by(InspectionRow.verdict)
        found = Counter({Verdict(verdict): number for verdict, number in self._session.execute(system)})
        differing = (
            select(InspectionRow.verdict, ReviewRow.verdict, func.count())
            .join(ReviewRow, ReviewRow.inspection_id == InspectionRow.id)
            .where(*conditions(wanted), ReviewRow.verdict != InspectionRow.verdict, ReviewRow.verdict != "")
            .where(is_newest())
            .group_by(InspectionRow.verdict, ReviewRow.verdict)
        )
        for verdict, decided, number in self._session.execute(differing):
            found[Verdict(verdict)] -= number
            found[Verdict(decided)] += number
        return dict(found)

    def span(self, wanted: InspectionFilter) -> tuple[datetime, datetime] | None:
        """When the first and the last of the wanted inspections were; None without any."""
        ends = [
            self._session.scalar(select(InspectionRow.inspected_at).where(*conditions(wanted)).order_by(order).limit(1))
            for order in (InspectionRow.inspected_at.asc(), InspectionRow.inspected_at.desc())
        ]
        return (ends[0], ends[1]) if ends[0] is not None and ends[1] is not None else None

    def first_verdicts(self, wanted: InspectionFilter) -> tuple[int, int]:
        """How many contents were OK when they were first judged, and how many contents there are.

        What could not be read has no content to be known by: each counts.
        """
        content = func.coalesce(func.nullif(InspectionRow.image_hash, ""), cast(InspectionRow.id, String))
        first = (
            select(func.min(InspectionRow.id).label("id"))
            .where(*conditions(wanted))
            .group_by(InspectionRow.product_id, content)
            .subquery()
        )
        counted = select(func.sum(case((InspectionRow.verdict == _OK, 1), else_=0)), func.count())
        ok, contents = self._session.execute(counted.join(first, first.c.id == InspectionRow.id)).one()
        return ok or 0, contents

    def untrained(self, wanted: InspectionFilter) -> int:
        """Inspections that untrained weights gave a score."""
        query = select(func.count()).select_from(InspectionRow).where(*conditions(wanted))
        return (
            self._session.scalar(query.where(InspectionRow.trained.is_(False), InspectionRow.image_score.is_not(None)))
            or 0
        )

    def type_counts(self, wanted: InspectionFilter) -> dict[str, int]:
        """Inspections that count as NG, by anomaly type: the newest review's, else each that a region carries.

        Where people named single regions, each of those names counts once.
        """
        found: Counter[str] = Counter()
        region = func.coalesce(RegionRow.anomaly_type, UNKNOWN_TYPE)
        counted = select(region, func.count(func.distinct(InspectionRow.id))).select_from(InspectionRow)
        # Two halves, each of which starts from the few rows that it is about and not from all that are OK.
        decided = (
            select(ReviewRow.anomaly_type, func.count())
            .join(InspectionRow, InspectionRow.id == ReviewRow.inspection_id)
            .where(*conditions(wanted), ReviewRow.verdict == _NG, ReviewRow.anomaly_type != "", is_newest())
            .where(~_names_a_region())
            .group_by(ReviewRow.anomaly_type)
        )
        confirmed = (
            counted.join(ReviewRow, ReviewRow.inspection_id == InspectionRow.id)
            .outerjoin(RegionRow, RegionRow.inspection_id == InspectionRow.id)
            .where(*conditions(wanted), ReviewRow.verdict == _NG, ReviewRow.anomaly_type == "", is_newest())
            .where(~_names_a_region())
            .group_by(region)
        )
        undecided = (
            counted.outerjoin(RegionRow, RegionRow.inspection_id == InspectionRow.id)
            .where(*conditions(wanted), InspectionRow.verdict == _NG)
            .where(is_undecided())
            .group_by(region)
        )
        for query in (decided, confirmed, undecided):
            for name, count in self._session.execute(query):
                found[name] += count
        found.update(self._of_regions(wanted))
        return dict(found)

    def _of_regions(self, wanted: InspectionFilter) -> Counter[str]:
        """Types that people gave to single regions of inspections that count as NG; each once an inspection."""
        query = (
            select(ReviewRow, NamedRegionRow.ordinal)
            .join(InspectionRow, InspectionRow.id == ReviewRow.inspection_id)
            .outerjoin(NamedRegionRow, NamedRegionRow.review_id == ReviewRow.id)
            .where(*conditions(wanted), _names_a_region())
            .order_by(ReviewRow.inspection_id, ReviewRow.id, NamedRegionRow.ordinal)
        )
        said: defaultdict[int, list[Review]] = defaultdict(list)
        for row, together in groupby(self._session.execute(query).all(), key=lambda pair: pair[0]):
            said[row.inspection_id].append(review_of(row, tuple(at for _, at in together if at is not None)))
        found: Counter[str] = Counter()
        for reviews in said.values():
            standing = standing_review(reviews)
            if standing is not None and standing.verdict is Verdict.NG:
                found.update({name for name in retyped_regions(MOST_REGIONS, reviews) if name} or {UNKNOWN_TYPE})
        return found


def _names_a_region() -> ColumnElement[bool]:
    """That any decision on the inspection of a :class:`ReviewRow` is for single regions."""
    # Aliases of their own: a statement around it may be about both tables as well.
    other, named = aliased(ReviewRow), aliased(NamedRegionRow)
    return exists().where(other.inspection_id == ReviewRow.inspection_id, named.review_id == other.id)


def _as_table(periods: Sequence[tuple[int, tuple[datetime, datetime]]]) -> Subquery:
    """Numbered periods as a table to join with."""
    rows = (
        select(
            literal(number).label("number"),
            literal(since, UtcDateTime).label("since"),
            literal(until, UtcDateTime).label("until"),
        )
        for number, (since, until) in periods
    )
    return union_all(*rows).subquery()
