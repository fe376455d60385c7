from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from filo_core.types import UNKNOWN_TYPE, Limits, Position
from gui import wording
from gui.languages import Languages, locale_of
from gui.widgets.plot import Plot


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "1 s"), (0.2, "1 s"), (42.4, "42 s"), (89, "89 s"), (95, "2 min"), (3000, "50 min"), (7500, "2 h 5 min")],
)
def test_durations_are_rounded_to_what_is_worth_saying(seconds: float, text: str) -> None:
    assert wording.duration(seconds) == text


def test_unknown_numbers_are_dashes() -> None:
    assert wording.milliseconds(None) == wording.rate(None) == wording.score(None) == "–"


def test_numbers_carry_their_units() -> None:
    assert wording.milliseconds(31.6) == "32 ms"
    assert wording.milliseconds(2345) == "2.3 s"
    assert wording.rate(3.14) == "3.1 images/s"
    assert wording.rate(48.2) == "48 images/s"
    assert wording.score(0.12345) == "0.123"


@pytest.fixture
def german() -> None:
    QLocale.setDefault(locale_of("de"))


@pytest.mark.usefixtures("german")
def test_numbers_and_dates_are_written_as_the_language_of_the_window_does() -> None:
    at = datetime(2026, 3, 9, 7, 5, 4, tzinfo=UTC)
    assert wording.number(1234567.891, 2) == "1.234.567,89"
    assert wording.score(0.12345) == "0,123"
    assert wording.percentage(0.0567) == "5,7 %"
    assert wording.milliseconds(2345) == "2,3 s"
    assert (wording.day(at), wording.clock(at)) == ("09.03.2026", "07:05")
    assert wording.clock(at, seconds=True) == "07:05:04"


def test_every_language_writes_years_of_four_digits_and_seconds_where_they_matter() -> None:
    at = datetime(2026, 3, 9, 17, 5, 4, tzinfo=UTC)
    for language, date in (("en", "2026"), ("de", "09.03.2026"), ("zh_CN", "2026/3/9")):
        QLocale.setDefault(locale_of(language))
        assert date in wording.day(at)
        assert ":05:04" in wording.clock(at, seconds=True)
        assert wording.date_and_time(at).startswith(wording.day(at.astimezone()))


@pytest.mark.usefixtures("german")
def test_axes_of_plots_write_numbers_as_the_window_does() -> None:
    plot = Plot("scores")
    assert plot.left.tickStrings([0.0, 0.5, 1.0], 1.0, 0.5) == ["0,0", "0,5", "1,0"]
    assert plot.bottom.tickStrings([1000.0, 2000.0], 1.0, 1000.0) == ["1.000", "2.000"]
    plot.deleteLater()


LIMITS = Limits(ok=0.2, ng=0.4, region=0.3)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.38, "1.9 × limit"), (0.2, "1.0 × limit"), (0.04, "0.2 × limit"), (2.4, "12 × limit"),
        (0.2004, "1.002 × limit"), (0.1998, "0.999 × limit"), (0.0, "0.0 × limit"), (None, "–"),
    ],
)  # fmt: skip
def test_a_score_is_told_as_a_multiple_of_the_limit_and_never_as_1_where_it_is_not(
    value: float | None, text: str
) -> None:
    assert wording.times_limit(value, LIMITS) == text


def test_a_score_is_told_as_it_is_where_it_can_be_no_multiple() -> None:
    assert wording.times_limit(0.25, Limits(ok=0.0, ng=0.4, region=0.3)) == "0.250"
    assert wording.times_limit(0.25, None) == "0.250"


def test_the_numbers_behind_it_are_told_whoever_points_at_it() -> None:
    assert wording.raw_score(0.38, LIMITS) == "score 0.380, OK up to 0.200, NG above 0.400"


@pytest.mark.parametrize(("code", "place", "name"), [("de", "unten rechts", "unbekannt"), ("zh_CN", "右下", "未知")])
def test_places_and_what_is_no_type_are_said_in_the_language_of_the_window(
    qapp: QApplication, code: str, place: str, name: str
) -> None:
    languages = Languages(qapp)
    languages.use(code)
    try:
        assert (wording.position_name(Position.BOTTOM_RIGHT), wording.called(UNKNOWN_TYPE, 0.0)) == (place, name)
        assert wording.called("Kratzer", 0.0) == "Kratzer"
    finally:
        languages.use("en")
