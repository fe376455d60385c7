from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from gui.records.choices import Choices, Period
from workflows.reporting.day_ranges import DayError, end_of, start_of, typed_range


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A clock on the wall that is changed twice a year."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_the_last_day_is_included() -> None:
    since, until = typed_range("2026-03-01", "2026-03-02")
    assert since == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert until == datetime(2026, 3, 2, 23, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 5, 1), 24)])
def test_a_day_is_as_long_as_its_clock_says(day: date, hours: int) -> None:
    assert end_of(day) - start_of(day) == timedelta(hours=hours)


@pytest.mark.parametrize("typed", ["2026-03-01T14:00", "2026-03-01 14:00", "2026-03-01 14"])
def test_a_moment_is_itself_as_first_and_as_last(typed: str) -> None:
    moment = datetime(2026, 3, 1, 13, tzinfo=UTC)
    assert (typed_range(typed, ""), typed_range("", typed)) == ((moment, None), (None, moment))


def test_a_moment_keeps_the_zone_that_was_typed_with_it() -> None:
    assert typed_range("", "2026-03-01T14:00+09:00") == (None, datetime(2026, 3, 1, 5, tzinfo=UTC))


@pytest.mark.parametrize("typed", ["yesterday", "2026-02-30", "9999-12-31", "01.03.2026"])
def test_what_is_no_day_is_said_with_how_to_write_one(typed: str) -> None:
    with pytest.raises(DayError, match=r"is no day. Write it like 2026-03-01"):
        typed_range("", typed)


def test_the_window_means_the_same_days_as_the_commands() -> None:
    first, last = date(2026, 3, 28), date(2026, 3, 29)
    chosen = Choices(period=Period.BETWEEN, first_day=first, last_day=last).to_filter(date(2026, 4, 1))
    assert (chosen.since, chosen.until) == typed_range("2026-03-28", "2026-03-29")


@pytest.mark.parametrize("last", ["2026-03-01", "2026-03-02T00:00", "2026-02-01"])
def test_a_range_in_which_nothing_lies_is_refused(last: str) -> None:
    with pytest.raises(DayError, match=f"Nothing lies between 2026-03-02 and {last}"):
        typed_range("2026-03-02", last)
