from datetime import datetime, timedelta

import pytest

from cli.days import period
from filo_core.errors import FiloError


def test_a_day_reaches_to_its_end_wherever_it_is_asked_for() -> None:
    since, until = period("2026-03-01", "2026-03-02")
    assert (since, until) == (datetime(2026, 3, 1).astimezone(), datetime(2026, 3, 3).astimezone())
    assert since is not None
    assert since.tzinfo is not None


@pytest.mark.parametrize("moment", ["2026-03-01 14", "2026-03-01T14:00", "20260301T1400"])
def test_a_moment_is_not_taken_for_its_whole_day(moment: str) -> None:
    assert period("", moment) == (None, datetime(2026, 3, 1, 14).astimezone())


def test_a_zone_that_is_named_is_kept() -> None:
    _, until = period("", "2026-03-01T14:00+05:00")
    assert until is not None
    assert until.utcoffset() == timedelta(hours=5)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "9999-12-31", "0000-01-01"])
def test_what_is_no_day_is_a_sentence_with_an_example(text: str) -> None:
    with pytest.raises(FiloError, match="is no day"):
        period("", text)


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(FiloError, match="Nothing lies between"):
        period("2026-03-02", "2026-03-01")
