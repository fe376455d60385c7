"""Each rule fires once and clears once, on a clock moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from filo_core.alarms.engine import AlarmChange, AlarmKey, AlarmReading, Lasting, changes
from filo_core.alarms.rules import FALLING, RULED, AlarmKind, AlarmRule, Rules

START = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)
NUT = AlarmKey(AlarmKind.NG_RATE, "nut")
RULE = AlarmRule(AlarmKind.NG_RATE, limit=20.0, clears_at=10.0, cooldown=timedelta(minutes=10))


class ByHand:
    """Keeps what a chain keeps, on a clock that only a test moves."""

    def __init__(self, rules: Rules) -> None:
        self.rules, self.now = rules, START
        self.standing: set[AlarmKey] = set()
        self.cleared: dict[AlarmKey, datetime] = {}

    def read(self, key: AlarmKey, value: float, minutes: float = 1.0) -> list[bool]:
        """What changes by a value, True for raised."""
        self.now += timedelta(minutes=minutes)
        return self._take(changes(self.rules, [AlarmReading(key, value, "why")], self.standing, self.cleared, self.now))

    def _take(self, found: tuple[AlarmChange, ...]) -> list[bool]:
        for change in found:
            assert change.at == self.now
            if change.is_raised:
                assert change.sentence == "why"
                self.standing.add(change.key)
            else:
                self.standing.discard(change.key)
                self.cleared[change.key] = change.at
        return [change.is_raised for change in found]


@pytest.mark.parametrize("kind", RULED)
def test_every_rule_fires_once_and_clears_once(kind: AlarmKind) -> None:
    bad, well = (1.0, 30.0) if kind in FALLING else (30.0, 1.0)
    hand = ByHand({kind: AlarmRule(kind, 10.0, 15.0 if kind in FALLING else 5.0, timedelta(minutes=10))})
    key = AlarmKey(kind, "it")
    said = [hand.read(key, value) for value in (well, bad, bad, bad, well, well, well)]
    assert said == [[], [True], [], [], [False], [], []]


def test_a_value_at_the_limit_raises_and_one_between_the_two_changes_nothing() -> None:
    hand = ByHand({NUT.kind: RULE})
    values = (19.9, 20.0, 19.0, 21.0, 10.1, 10.0)
    assert [hand.read(NUT, value) for value in values] == [[], [True], [], [], [], [False]]


def test_after_it_has_cleared_it_is_silent_for_the_cooldown_and_then_raised_if_it_is_still_bad() -> None:
    hand = ByHand({NUT.kind: RULE})
    assert [hand.read(NUT, value) for value in (25.0, 5.0)] == [[True], [False]]
    assert hand.read(NUT, 25.0, minutes=9.9) == []
    assert hand.read(NUT, 25.0, minutes=0.1) == [True]


def test_a_clock_that_was_put_back_silences_nothing() -> None:
    hand = ByHand({NUT.kind: RULE})
    assert [hand.read(NUT, value) for value in (25.0, 5.0)] == [[True], [False]]
    assert hand.read(NUT, 25.0, minutes=-600.0) == [True]


def test_products_are_told_apart_and_what_is_not_read_does_not_change() -> None:
    hand = ByHand({NUT.kind: RULE})
    bolt = AlarmKey(AlarmKind.NG_RATE, "bolt")
    assert hand.read(NUT, 30.0) == [True]
    assert hand.read(bolt, 0.0) == []
    assert hand.standing == {NUT}
    assert hand.read(bolt, 30.0) == [True]


def test_an_alarm_whose_rule_is_turned_off_clears_and_is_not_raised() -> None:
    hand = ByHand({NUT.kind: RULE})
    assert hand.read(NUT, 30.0) == [True]
    hand.rules = {}
    assert hand.read(NUT, 30.0) == [False]
    assert hand.read(NUT, 30.0) == []


def test_a_rule_that_would_clear_where_it_is_raised_is_none() -> None:
    with pytest.raises(ValueError, match="would clear at 20"):
        AlarmRule(AlarmKind.NG_RATE, 20.0, 20.0)
    with pytest.raises(ValueError, match="would clear at 1"):
        AlarmRule(AlarmKind.DISK, 2.0, 1.0)
    with pytest.raises(ValueError, match="no rule"):
        AlarmRule(AlarmKind.TAMPERING, 1.0, 0.0)


def test_how_long_something_lasts_begins_anew_after_a_break() -> None:
    lasting, key = Lasting(), AlarmKey(AlarmKind.CAMERA_LOST, "Live")

    def after(seconds: float, is_wrong: bool) -> float:
        return lasting.seconds(key, START + timedelta(seconds=seconds), is_wrong=is_wrong)

    assert [after(0, True), after(4, True), after(5, False), after(6, True), after(9, True)] == [0, 4, 0, 0, 3]
    assert after(-50, True) == 0
