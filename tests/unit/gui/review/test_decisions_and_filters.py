from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from filo_core.types import (
    UNKNOWN_TYPE,
    Box,
    InspectionFilter,
    InspectionRecord,
    Limits,
    Origin,
    Position,
    Region,
    Review,
    ReviewDecision,
    Verdict,
)
from gui.records.choices import DOUBTFUL, Choices, Period
from gui.review.decisions import (
    can_retype,
    confirmed_verdict,
    overruled_verdict,
    reasons_for,
    review_sentence,
    short_moment,
    type_choices,
    types_of,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def region(anomaly_type: str) -> Region:
    return Region(Box(0, 0, 4, 4), 16, 0.5, anomaly_type, 0.9, Position.CENTER)


def record(verdict: Verdict, *types: str, review: Review | None = None) -> InspectionRecord:
    return InspectionRecord(
        inspection_id=1,
        product="nut",
        recipe_version=1,
        recipe_hash="r",
        name="a.png",
        image_hash="h",
        map_hash="m",
        width=8,
        height=8,
        verdict=verdict,
        reason="",
        image_score=0.4,
        limits=Limits(0.3, 0.6, 0.3),
        trained=True,
        origin=Origin.FOLDER,
        inspected_at=NOON,
        seconds=0.1,
        regions=tuple(region(name) for name in types),
        review=review,
    )


def decided(verdict: Verdict, anomaly_type: str = "") -> Review:
    return Review(ReviewDecision.OVERRULE, verdict, "anna", NOON, "dust", anomaly_type)


@pytest.mark.parametrize(
    ("verdict", "review", "confirmed", "overruled", "retypes"),
    [
        (Verdict.OK, None, Verdict.OK, Verdict.NG, False),
        (Verdict.REVIEW, None, Verdict.NG, Verdict.OK, True),
        (Verdict.NG, None, Verdict.NG, Verdict.OK, True),
        (Verdict.NOT_INSPECTED, None, Verdict.NG, Verdict.OK, True),
        (Verdict.NG, decided(Verdict.OK), Verdict.NG, Verdict.OK, False),
        (Verdict.OK, decided(Verdict.NG), Verdict.OK, Verdict.NG, True),
    ],
)
def test_agreeing_and_disagreeing_answer_the_system_also_after_somebody_decided(
    verdict: Verdict, review: Review | None, confirmed: Verdict, overruled: Verdict, retypes: bool
) -> None:
    given = record(verdict, review=review)
    assert confirmed_verdict(given) is confirmed
    assert overruled_verdict(given) is overruled
    assert can_retype(given) is retypes


def test_what_a_person_called_it_stands_before_what_the_regions_were_called() -> None:
    assert types_of(record(Verdict.NG, "dent", "scratch", "dent")) == "dent 90 %, scratch 90 %"
    assert types_of(record(Verdict.NG, "dent", review=decided(Verdict.NG, "rust"))) == "rust"
    assert types_of(record(Verdict.NG, "dent", review=decided(Verdict.NG))) == "dent 90 %"
    assert types_of(record(Verdict.OK)) == ""
    assert types_of(record(Verdict.NG)) == "unknown"


def test_types_to_choose_begin_with_those_seen_and_end_with_unknown() -> None:
    given = record(Verdict.NG, UNKNOWN_TYPE, "dent")
    assert type_choices(("scratch", "dent"), given) == ("dent", "scratch", UNKNOWN_TYPE)


def test_prepared_reasons_keep_their_places_and_used_ones_follow() -> None:
    plain = reasons_for(Verdict.OK)
    assert reasons_for(Verdict.OK, ("my own", plain[1])) == (*plain, "my own")
    assert reasons_for(Verdict.NG)[0] == "A defect was missed"


def test_a_decision_is_told_in_one_line() -> None:
    line = review_sentence(decided(Verdict.NG, "rust"))
    assert line.endswith("anna: overruled, NG, rust, “dust”")


def test_today_is_told_by_the_clock_and_other_days_by_the_date() -> None:
    zone = timezone(timedelta(hours=8))
    now = datetime(2026, 3, 2, 1, 0, tzinfo=zone)
    assert short_moment(datetime(2026, 3, 1, 16, 30, tzinfo=UTC), now) == "00:30:00"
    assert short_moment(datetime(2026, 3, 1, 15, 30, tzinfo=UTC), now) == "01/03/2026"


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    if not hasattr(time, "tzset"):
        pytest.skip("the time zone of a process cannot be set on this system")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("choices", "since", "until"),
    [
        (Choices(period=Period.ANY), None, None),
        (Choices(period=Period.TODAY), "2026-03-29T23:00:00", None),
        (Choices(period=Period.YESTERDAY), "2026-03-28T23:00:00", "2026-03-29T22:00:00"),
        (Choices(period=Period.WEEK), "2026-03-23T23:00:00", None),
        (Choices(period=Period.MONTH), "2026-02-28T23:00:00", None),
        (
            Choices(period=Period.BETWEEN, first_day=date(2026, 3, 10), last_day=date(2026, 3, 2)),
            "2026-03-01T23:00:00",
            "2026-03-10T23:00:00",
        ),
        (Choices(period=Period.BETWEEN), "2026-03-29T22:00:00", "2026-03-30T22:00:00"),
    ],
)
@pytest.mark.usefixtures("berlin")
def test_days_are_those_of_the_clock_on_the_wall_also_when_it_changes(
    choices: Choices, since: str | None, until: str | None
) -> None:
    # Clocks in Berlin went forward on 29 March 2026.
    today = date(2026, 3, 30)
    if choices.period is Period.TODAY:
        since = "2026-03-29T22:00:00"
    wanted = choices.to_filter(today)
    assert (wanted.since and wanted.since.replace(tzinfo=None).isoformat()) == since
    assert (wanted.until and wanted.until.replace(tzinfo=None).isoformat()) == until


def test_the_bar_starts_with_what_somebody_has_to_look_at() -> None:
    assert Choices().to_filter(date(2026, 1, 1)) == InspectionFilter(verdicts=DOUBTFUL)
    assert Choices().restrict
    assert not Choices(verdicts=frozenset()).restrict
    assert Choices(verdicts=frozenset(), period=Period.TODAY).restrict
