"""When shifts, days and weeks of a plant begin and end, by the clock on its wall, also over a change of clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from filo_core.errors import RecipeError

_DAYS_AROUND = 9
"""A week, and a day on both sides of it."""


class ReportKind(StrEnum):
    """What a report is about."""

    SHIFT = "shift"
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class ReportTime:
    """One shift, day or week."""

    kind: ReportKind
    name: str
    """Of the shift; empty for the others."""
    day: date
    """On which it begins, by the clock on the wall."""
    since: datetime
    """Included, UTC."""
    until: datetime
    """Not included, UTC."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift of the day."""

    name: str
    start: time


@dataclass(frozen=True, slots=True)
class Timetable:
    """The shifts of a plant, in the order of the day, and its time zone.

    A day begins with its first shift, at midnight without one; a week with Monday's.
    """

    shifts: tuple[Shift, ...]
    zone: ZoneInfo | None = None
    """None for that of this machine."""

    @classmethod
    def parse(cls, words: Sequence[str], zone: str = "") -> Timetable:
        """From words such as ``Early=06:00``, and the name of a time zone such as ``Europe/Berlin``.

        Raises:
            RecipeError: if one is none, or two begin at once or have one name.
        """
        found = []
        for word in words:
            name, _, start = word.rpartition("=")
            try:
                begins = time.fromisoformat(start.strip())
            except ValueError as error:
                raise RecipeError(
                    "{word!r} is no shift. Write NAME=HH:MM, such as Early=06:00.", word=word[:80]
                ) from error
            if not name.strip() or begins.tzinfo is not None or begins.second or begins.microsecond:
                raise RecipeError("{word!r} is no shift. Write NAME=HH:MM, such as Early=06:00.", word=word[:80])
            found.append(Shift(name.strip(), begins))
        if len({one.start for one in found}) < len(found) or len({one.name for one in found}) < len(found):
            raise RecipeError("Two shifts begin at once, or have the same name. Change one.")
        try:
            where = ZoneInfo(zone) if zone else None
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise RecipeError(
                "{zone!r} is no time zone. Write one like Europe/Berlin, or leave it empty.", zone=zone[:80]
            ) from error
        return cls(tuple(sorted(found, key=lambda one: one.start)), where)

    def at(self, kind: ReportKind, moment: datetime) -> ReportTime | None:
        """The one that ``moment`` lies in; None of shifts where there are none."""
        return next((one for one in self._around(kind, moment) if one.since <= moment < one.until), None)

    def of_day(self, kind: ReportKind, day: date, shift: str = "") -> ReportTime | None:
        """The one that begins on ``day``, or the week that has it; a shift by its name. None where there is none."""
        for one in self._around(kind, self._moment(day, time(12))):
            is_that = one.day <= day < one.day + timedelta(days=7) if kind is ReportKind.WEEK else one.day == day
            if is_that and (kind is not ReportKind.SHIFT or one.name.casefold() == shift.casefold()):
                return one
        return None

    def ended(self, kind: ReportKind, after: datetime, now: datetime) -> list[ReportTime]:
        """Those whose end lies after ``after`` and not after ``now``, oldest first."""
        found: dict[datetime, ReportTime] = {}
        moment = after
        while moment <= now + timedelta(days=1):
            found |= {one.until: one for one in self._around(kind, moment)}
            moment += timedelta(days=_DAYS_AROUND)
        found |= {one.until: one for one in self._around(kind, now)}
        return [found[end] for end in sorted(found) if after < end <= now]

    def local(self, moment: datetime) -> datetime:
        """A moment by the clock on the wall."""
        return moment.astimezone(self.zone)

    def _around(self, kind: ReportKind, moment: datetime) -> list[ReportTime]:
        """All that begin within about a week of a moment, oldest first."""
        middle = self.local(moment).date()
        days = [middle + timedelta(days=number) for number in range(-_DAYS_AROUND, _DAYS_AROUND + 1)]
        first = self.shifts[0].start if self.shifts else time(0)
        starts: list[tuple[str, date, datetime]] = []
        for day in days:
            if kind is ReportKind.SHIFT:
                starts += [(shift.name, day, self._moment(day, shift.start)) for shift in self.shifts]
            elif kind is ReportKind.DAY or day.weekday() == 0:
                starts.append(("", day, self._moment(day, first)))
        return [
            ReportTime(kind, name, day, since, after)
            for (name, day, since), (_, _, after) in pairwise(starts)
            if since < after
        ]

    def _moment(self, day: date, at: time) -> datetime:
        """When the clock on the wall shows this, in UTC; a time that is skipped is as long after the change."""
        naive = datetime.combine(day, at)
        local = naive.replace(tzinfo=self.zone) if self.zone is not None else naive.astimezone()
        return local.astimezone(UTC)
