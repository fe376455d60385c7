"""From a first to a last day of the clock on the wall: the last one is included, in the window and in every command.

A day is as long as its clock says: one with a change of clocks has 23 or 25 hours.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from filo_core.errors import FiloError


class DayError(FiloError):
    """What was typed is no day and no moment, or no range of them."""


def start_of(day: date) -> datetime:
    """The first moment of a local day, in UTC."""
    return datetime.combine(day, time()).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The first moment that does not belong to a local day any more, in UTC."""
    return start_of(day + timedelta(days=1))


def typed_range(first: str, last: str) -> tuple[datetime | None, datetime | None]:
    """Since when, itself included, and up to when, itself not; None for what was left empty.

    Args:
        first: a day, whose start is meant, or a moment.
        last: a day, whose end is meant, or a moment.

    Raises:
        DayError: if one of them is neither, or nothing lies between them.
    """
    since, until = _moment(first, is_last=False), _moment(last, is_last=True)
    if since and until and since >= until:
        raise DayError("Nothing lies between {first} and {last}. Give the earlier day first.", first=first, last=last)
    return since, until


def _moment(typed: str, *, is_last: bool) -> datetime | None:
    if not typed:
        return None
    try:
        day = _day(typed)
        if day is None:
            return datetime.fromisoformat(typed).astimezone(UTC)
        return end_of(day) if is_last else start_of(day)
    except (ValueError, OverflowError, OSError) as error:
        # The latter two for days at the very ends of the calendar.
        raise DayError(
            "{typed!r} is no day. Write it like 2026-03-01, or 2026-03-01T14:00.", typed=typed[:40]
        ) from error


def _day(typed: str) -> date | None:
    """The day, None where a time of day was typed as well."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
