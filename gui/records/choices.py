"""What the filter bar says, as the filter that the record understands. No Qt widget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from filo_core.types import InspectionFilter, PageOrder, Verdict
from workflows.reporting.day_ranges import end_of, start_of

DOUBTFUL = frozenset({Verdict.REVIEW, Verdict.NG, Verdict.NOT_INSPECTED})


class Period(StrEnum):
    """When it was inspected, in days of the clock on the wall."""

    ANY = "any"
    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "week"
    MONTH = "month"
    BETWEEN = "between"


class Queue(StrEnum):
    """Which part of the inspections is worked through, by what counts now."""

    ALL = "all"
    TO_DECIDE = "to decide"
    """Refused or doubted by the system, and decided by nobody."""
    OK = "ok"
    NG = "ng"
    REVIEW = "review"
    NOT_INSPECTED = "not inspected"
    DECIDED = "decided"

    def takes(self, system: Verdict, decided: Verdict | None) -> bool:
        """Whether an inspection with this verdict and this decision belongs to it."""
        match self:
            case Queue.ALL:
                return True
            case Queue.TO_DECIDE:
                return decided is None and system in DOUBTFUL
            case Queue.DECIDED:
                return decided is not None
            case _:
                return (decided or system) is _FINAL[self]


_FINAL = {
    Queue.OK: Verdict.OK,
    Queue.NG: Verdict.NG,
    Queue.REVIEW: Verdict.REVIEW,
    Queue.NOT_INSPECTED: Verdict.NOT_INSPECTED,
}


@dataclass(frozen=True, slots=True)
class Choices:
    """The state of the filter bar. It starts with what somebody has to look at."""

    product: str = ""
    verdicts: frozenset[Verdict] = DOUBTFUL
    anomaly_type: str = ""
    undecided: bool = False
    station: str = ""
    period: Period = Period.ANY
    first_day: date | None = None
    last_day: date | None = None
    """Both only for ``BETWEEN``; the last day is included."""
    queue: Queue = Queue.ALL
    """Narrows what the other fields leave."""
    name: str = ""
    """A part of the image's name."""
    order: PageOrder = PageOrder.NEWEST
    job: str = ""
    """What was inspected in jobs of this name since :attr:`job_since`."""
    job_since: datetime | None = None

    @property
    def restrict(self) -> bool:
        """False when every inspection is shown."""
        anything = self.product or self.verdicts or self.anomaly_type or self.undecided or self.station
        anything = anything or self.name or self.job
        return bool(anything) or self.queue is not Queue.ALL or self.period is not Period.ANY

    def to_filter(self, today: date) -> InspectionFilter:
        """The filter in UTC, ``today`` being the local date."""
        wanted, queue = self.without_queue(today), self.queue
        match queue:
            case Queue.ALL:
                return wanted
            case Queue.TO_DECIDE:
                return replace(wanted, verdicts=DOUBTFUL, undecided=True)
            case Queue.DECIDED:
                return replace(wanted, decided=True)
            case _:
                return replace(wanted, final=frozenset({_FINAL[queue]}))

    def without_queue(self, today: date) -> InspectionFilter:
        """What all queues together hold."""
        since, until = self._moments(today)
        return InspectionFilter(
            product=self.product,
            verdicts=self.verdicts,
            anomaly_type=self.anomaly_type,
            undecided=self.undecided,
            station=self.station,
            since=since,
            until=until,
            name=self.name,
            job=self.job,
            job_since=self.job_since,
        )

    def _moments(self, today: date) -> tuple[datetime | None, datetime | None]:
        match self.period:
            case Period.ANY:
                return None, None
            case Period.TODAY:
                return start_of(today), None
            case Period.YESTERDAY:
                return start_of(today - timedelta(days=1)), start_of(today)
            case Period.WEEK:
                return start_of(today - timedelta(days=6)), None
            case Period.MONTH:
                return start_of(today - timedelta(days=29)), None
            case Period.BETWEEN:
                first, last = sorted(day or today for day in (self.first_day, self.last_day))
                return start_of(first), end_of(last)
