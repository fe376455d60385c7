from __future__ import annotations

import pytest

from gui.folder.pace import Pace


def test_the_rate_is_unknown_until_an_image_was_judged() -> None:
    pace = Pace()
    pace.start(100.0)
    assert pace.images_per_second is None
    assert pace.seconds_left(50) is None


def test_rate_and_time_left_follow_the_images() -> None:
    pace = Pace()
    pace.start(100.0)
    for second in (100.5, 101.0, 101.5, 102.0):
        pace.judged(second)
    assert pace.images_per_second == pytest.approx(2.0)
    assert pace.seconds_left(30) == pytest.approx(15.0)


def test_a_pause_does_not_slow_the_rate() -> None:
    pace = Pace()
    pace.start(0.0)
    pace.judged(1.0)
    pace.pause(1.5)
    pace.pause(2.0)
    pace.resume(61.5)
    pace.judged(62.0)
    assert pace.images_per_second == pytest.approx(1.0)


def test_resuming_without_a_pause_changes_nothing() -> None:
    pace = Pace()
    pace.start(0.0)
    pace.resume(5.0)
    pace.judged(10.0)
    assert pace.images_per_second == pytest.approx(0.1)


def test_the_rate_is_that_of_the_last_images_only() -> None:
    pace = Pace()
    pace.start(0.0)
    for number in range(1, 11):
        pace.judged(10.0 * number)
    for number in range(1, 101):
        pace.judged(100.0 + 0.1 * number)
    assert pace.images_per_second == pytest.approx(10.0)
