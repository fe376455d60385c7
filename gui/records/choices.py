"""What the filter bar says, as the filter that the record understands. No Qt widget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from filo_core.types import InspectionFilter, Verdict
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

    @property
    def restrict(self) -> bool:
        """False when every inspection is shown."""
        anything = self.product or self.verdicts or self.anomaly_type or self.undecided or self.station
        return bool(anything) or self.period is not Period.ANY

    def to_filter(self, today: date) -> InspectionFilter:
        """The filter in UTC, ``today`` being the local date."""
        since, until = self._moments(today)
        return InspectionFilter(
            product=self.product,
            verdicts=self.verdicts,
            anomaly_type=self.anomaly_type,
            undecided=self.undecided,
            station=self.station,
            since=since,
            until=until,
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
