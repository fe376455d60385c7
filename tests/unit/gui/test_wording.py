from __future__ import annotations

import pytest

from gui import wording


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
