"""Shifts, days and weeks of a plant end by the clock on its wall, also over a change of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from filo_core.errors import RecipeError
from filo_core.statistics.report_times import ReportKind, Timetable

WORDS = ("Night=22:00", "Early=06:00", "Late=14:00")
BERLIN = Timetable.parse(WORDS, "Europe/Berlin")


def utc(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_a_moment_lies_in_the_shift_that_began_last_also_after_midnight() -> None:
    night = BERLIN.at(ReportKind.SHIFT, utc(2026, 3, 5, 2))
    assert night is not None
    assert (night.name, night.day) == ("Night", date(2026, 3, 4))
    assert (night.since, night.until) == (utc(2026, 3, 4, 21), utc(2026, 3, 5, 5))
    edge = BERLIN.at(ReportKind.SHIFT, utc(2026, 3, 5, 5))
    assert edge is not None
    assert edge.name == "Early", "a shift has its first moment, and not its last"


def test_a_night_with_a_change_of_clocks_has_seven_hours_or_nine() -> None:
    spring = BERLIN.of_day(ReportKind.SHIFT, date(2026, 3, 28), "night")
    autumn = BERLIN.of_day(ReportKind.SHIFT, date(2026, 10, 24), "NIGHT")
    assert spring is not None
    assert autumn is not None
    assert spring.until - spring.since == timedelta(hours=7)
    assert autumn.until - autumn.since == timedelta(hours=9)


def test_no_moment_of_a_year_is_in_no_shift_or_in_two() -> None:
    ends = BERLIN.ended(ReportKind.SHIFT, utc(2026, 1, 1), utc(2027, 1, 1))
    assert all(before.until == after.since for before, after in pairwise(ends))
    assert len(ends) == 3 * 365


def test_a_shift_that_begins_in_the_hour_that_is_skipped_or_comes_twice_is_there_once() -> None:
    odd = Timetable.parse(("A=02:30", "B=14:30"), "Europe/Berlin")
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        one = odd.of_day(ReportKind.SHIFT, day, "A")
        assert one is not None
        assert one.since < one.until
        assert odd.at(ReportKind.SHIFT, one.since) == one


def test_a_day_begins_with_its_first_shift_and_a_week_with_mondays() -> None:
    day = BERLIN.of_day(ReportKind.DAY, date(2026, 3, 4))
    week = BERLIN.of_day(ReportKind.WEEK, date(2026, 3, 4))
    assert day is not None
    assert week is not None
    assert (day.since, day.until) == (utc(2026, 3, 4, 5), utc(2026, 3, 5, 5))
    assert (week.day, week.since, week.until) == (date(2026, 3, 2), utc(2026, 3, 2, 5), utc(2026, 3, 9, 5))
    midnight = Timetable.parse((), "UTC").of_day(ReportKind.DAY, date(2026, 3, 4))
    assert midnight is not None
    assert midnight.since == utc(2026, 3, 4)


def test_what_ended_is_told_once_from_the_oldest_on() -> None:
    ended = BERLIN.ended(ReportKind.SHIFT, utc(2026, 3, 4, 5), utc(2026, 3, 5, 5))
    assert [(one.name, one.until) for one in ended] == [
        ("Early", utc(2026, 3, 4, 13)),
        ("Late", utc(2026, 3, 4, 21)),
        ("Night", utc(2026, 3, 5, 5)),
    ]
    assert BERLIN.ended(ReportKind.SHIFT, utc(2026, 3, 5, 5), utc(2026, 3, 5, 12, 59)) == []
    assert Timetable.parse((), "UTC").ended(ReportKind.SHIFT, utc(2026, 3, 1), utc(2026, 3, 9)) == []
    weeks = BERLIN.ended(ReportKind.WEEK, utc(2026, 3, 1), utc(2026, 3, 20))
    assert [one.day for one in weeks] == [date(2026, 2, 23), date(2026, 3, 2), date(2026, 3, 9)]


@pytest.mark.parametrize(
    ("words", "zone", "said"),
    [
        (("Early",), "", "is no shift"),
        (("Early=6 o'clock",), "", "is no shift"),
        (("=06:00",), "", "is no shift"),
        (("Early=06:00:30",), "", "is no shift"),
        (("Early=06:00", "Late=06:00"), "", "begin at once"),
        (("Early=06:00", "Early=14:00"), "", "have the same name"),
        ((), "Europe/Atlantis", "is no time zone"),
        ((), "../etc/passwd", "is no time zone"),
    ],
)
def test_words_that_are_no_timetable_are_told(words: tuple[str, ...], zone: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        Timetable.parse(words, zone)
