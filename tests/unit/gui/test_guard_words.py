"""What the window says of a promise, of sessions that break it, and of known parts that were inspected."""

from __future__ import annotations

import pytest

from filo_core.calibration.guard import Guard, Source
from filo_core.calibration.session_guard import session_rate
from filo_core.sessions import ToldBy
from filo_core.types import KnownAs, Limits, Verdict
from gui.guard_words import exceeded_line, promise_line, sessions_line
from gui.known_words import known_sentence

LIMITS = Limits(0.3, 0.6, 0.4)
DAY = Source("2026-11-27", 8, ToldBy.FILE)


def guard(*scores: float, refused_as: Verdict = Verdict.NG) -> Guard:
    shown = (session_rate("night", scores, LIMITS, 0.11, refused_as),) if scores else ()
    return Guard(0.11, refused_as, (DAY,), shown)


def test_a_promise_says_what_it_is_about_and_which_day_it_is_of() -> None:
    assert promise_line(guard()).startswith("Promised: at most 11 % of good parts NG. All its good parts are of one")
    assert "of good parts refused" in promise_line(guard(refused_as=Verdict.REVIEW))
    unknown = Guard(0.11, Verdict.NG, (Source("", 8),))
    assert "The days of its good parts are not known" in promise_line(unknown)
    assert "of 2 sessions (2026-11-27, night)" in promise_line(Guard(0.11, Verdict.NG, (DAY, Source("night", 4))))
    assert promise_line(None) == promise_line(Guard(None, Verdict.NG, ())) == ""


def test_a_session_has_its_count_and_interval_and_live_carries_those_that_break_the_promise() -> None:
    kept, broken = guard(0.1, 0.2, 0.2), guard(0.7, 0.7, 0.7, 0.1)
    assert sessions_line(kept).startswith("night: 0 of 3 good parts NG (0 % to 70.8 %, 95 %).")
    assert "Expect up to 70.8 % on such days." in sessions_line(kept)
    assert exceeded_line(kept) == ""
    assert exceeded_line(broken).startswith("night: 3 of 4 good parts NG")
    assert "more than promised (exact test, p = 0.005)" in exceeded_line(broken)
    assert exceeded_line(None) == sessions_line(None) == sessions_line(guard()) == ""


@pytest.mark.parametrize("known_as", KnownAs)
def test_a_known_part_is_called_what_it_is(known_as: KnownAs) -> None:
    assert known_sentence(known_as).endswith("It is left out of all statistics.")
    assert known_sentence(None) == ""
