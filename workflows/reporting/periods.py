"""Hours, shifts and days of the clock on the wall: what makes a subgroup of the control chart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

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


_INTO_THE_NEXT = {
    Grouping.HOUR: timedelta(hours=1),
    Grouping.SHIFT: timedelta(hours=10),
    Grouping.DAY: timedelta(hours=26),
}
"""From the start of a period into the next one, whichever way the clocks are changed in between."""


def grouping_of(span: tuple[datetime, datetime] | None) -> Grouping:
    """Hours, shifts or days, by the moments of the first and the last inspection."""
    if span is None:
        return Grouping.DAY
    length = span[1] - span[0]
    return Grouping.HOUR if length <= _HOURS_UP_TO else Grouping.SHIFT if length <= _SHIFTS_UP_TO else Grouping.DAY


def bounds_of(span: tuple[datetime, datetime], grouping: Grouping) -> list[datetime]:
    """Starts of the periods from the one of the first moment to the one after the last, in UTC."""
    bounds = [period_start(span[0], grouping)]
    while bounds[-1] <= span[1]:
        bounds.append(period_start(bounds[-1] + _INTO_THE_NEXT[grouping], grouping))
    return bounds


def period_start(moment: datetime, grouping: Grouping) -> datetime:
    """When the period began that ``moment`` lies in, in UTC."""
    local = moment.astimezone()
    if grouping is Grouping.HOUR:
        return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    hour = 0
    if grouping is Grouping.SHIFT:
        hour = local.hour - (local.hour - FIRST_SHIFT_HOUR) % SHIFT_HOURS
    # Without its zone: on a day with a change of clocks the period may have begun in the other one.
    midnight = datetime(local.year, local.month, local.day)  # noqa: DTZ001
    return (midnight + timedelta(hours=hour)).astimezone().astimezone(UTC)


def label_of(start: datetime, grouping: Grouping) -> str:
    """What stands under a period of the control chart."""
    local = start.astimezone()
    match grouping:
        case Grouping.HOUR:
            return local.strftime("%m-%d %H:00")
        case Grouping.SHIFT:
            return f"{local:%m-%d %H}–{(local.hour + SHIFT_HOURS) % 24:02}"
        case _:
            return local.strftime("%Y-%m-%d")


def shift_of(moment: datetime) -> str:
    """Shift of the day that a moment lies in, by the clock on the wall: ``"06–14"``."""
    start = period_start(moment, Grouping.SHIFT).astimezone()
    return f"{start:%H}–{(start.hour + SHIFT_HOURS) % 24:02}"
