"""The newest time beside the time before: a week, a day, a shift or an hour, by how long the record reaches back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from filo_core.errors import EvidenceError
from filo_core.sentence import Sentence
from filo_core.statistics.comparing import Change, Trend, change_of
from filo_core.statistics.rates import percent

if TYPE_CHECKING:
    from filo_core.types import InspectionFilter
    from storage.repositories.aggregates import AggregateRepository

LENGTHS = (timedelta(days=7), timedelta(days=1), timedelta(hours=8), timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class PeriodChange:
    """What changed between two times that lie behind each other and are as long."""

    change: Change
    length: timedelta
    until: datetime
    """End of the newer time: of the wish, or just after the newest inspection."""


def read_change(
    aggregates: AggregateRepository, wanted: InspectionFilter, span: tuple[datetime, datetime] | None
) -> PeriodChange | str:
    """The share of NG now and before; where there is nothing to compare, the sentence that says so.

    Where a beginning and an end are wanted, these are the newer time, and as long before them the older one. Else it is
    the longest of :data:`LENGTHS` that the record reaches beyond.

    Args:
        aggregates: of the record.
        wanted: which inspections.
        span: moments of the first and the last of them; None without any.
    """
    if span is None:
        return Sentence("Nothing was inspected in this time, so there is nothing to compare.")
    until = wanted.until or span[1] + timedelta(microseconds=1)
    if wanted.since is not None:
        length = until - wanted.since
    else:
        length = next((one for one in LENGTHS if span[1] - span[0] > one), LENGTHS[-1])
    bounds = (until - 2 * length, until - length, until)
    before, now = aggregates.by_period(replace(wanted, since=None, until=None), bounds)
    try:
        change = change_of((now.refused, now.inspected), (before.refused, before.inspected))
    except EvidenceError:
        when = length_words(length)
        return Sentence(
            "Nothing was inspected in the {when} before the newest {when}, so there is nothing to compare.", when=when
        )
    return PeriodChange(change, length, until)


def change_sentence(found: PeriodChange) -> str:
    """Shares with their counts, what they say, and how sure that is."""
    change, when = found.change, length_words(found.length)
    end = found.until.astimezone().strftime("%Y-%m-%d %H:%M")
    lower, upper = (f"{100.0 * end:+.3g}" for end in (change.lower, change.upper))
    shares = Sentence(
        "NG {value} ({count} of {of}) in the {when} to {end}, {value_2} ({count_2} of {of_2}) in the {when} before",
        value=percent(change.now.value),
        count=change.now.count,
        of=change.now.of,
        when=when,
        end=end,
        value_2=percent(change.before.value),
        count_2=change.before.count,
        of_2=change.before.of,
    )
    sure = (
        ""
        if change.trend is Trend.TOO_FEW and change.p >= 1.0
        else Sentence(", Fisher's exact test p = {p:.2g}", p=change.p)
    )
    return Sentence(
        "{shares}: {value} (difference {lower} to {upper} points with 95 %{sure}).",
        shares=shares,
        value=change.trend.value,
        lower=lower,
        upper=upper,
        sure=sure,
    )


def length_words(length: timedelta) -> str:
    """How long, in days or hours."""
    hours = round(length.total_seconds() / 3600.0)
    if hours >= 24:
        days = round(hours / 24.0)
        return Sentence("{days} days", days=days) if days > 1 else "24 hours"
    return Sentence("{hours} hours", hours=hours) if hours > 1 else "hour"
