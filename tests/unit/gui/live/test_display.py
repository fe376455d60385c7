from __future__ import annotations

from dataclasses import dataclass

from filo_core.types import Verdict
from gui.live.display import STRIP_LENGTH, Display, Hold


@dataclass(frozen=True)
class Result:
    verdict: Verdict
    number: int = 0


OK, NG, REVIEW = Result(Verdict.OK), Result(Verdict.NG), Result(Verdict.REVIEW)


def test_the_newest_verdict_is_shown_while_nothing_is_held() -> None:
    display: Display[Result] = Display()
    assert display.take(OK)
    assert display.take(REVIEW)
    assert display.shown is REVIEW
    assert display.hold is Hold.NONE


def test_an_ng_stays_on_screen_until_it_is_acknowledged() -> None:
    display: Display[Result] = Display()
    display.take(NG)
    assert not display.take(OK)
    assert not display.take(REVIEW)
    assert display.shown is NG
    display.release()
    assert display.shown is REVIEW
    assert display.hold is Hold.NONE


def test_further_ng_are_counted_while_one_is_held_and_the_next_one_is_held_again() -> None:
    display: Display[Result] = Display()
    for result in (NG, NG, OK, NG):
        display.take(result)
    assert display.ng_meanwhile == 2
    display.release()
    assert display.ng_meanwhile == 0
    display.take(NG)
    assert display.hold is Hold.NG


def test_with_freezing_off_an_ng_passes_like_any_other() -> None:
    display: Display[Result] = Display(freeze_on_ng=False)
    display.take(NG)
    assert display.take(OK)
    assert display.shown is OK


def test_switching_freezing_off_lets_go_of_a_held_ng() -> None:
    display: Display[Result] = Display()
    display.take(NG)
    display.take(OK)
    display.set_freeze_on_ng(False)
    assert display.hold is Hold.NONE
    assert display.shown is OK


def test_the_strip_keeps_the_last_twelve_in_their_small_form() -> None:
    display: Display[Result] = Display()
    for number in range(20):
        display.take(Result(Verdict.OK, number), Result(Verdict.OK, -number))
    assert [result.number for result in display.strip] == [-number for number in range(8, 20)]
    assert len(display.strip) == STRIP_LENGTH
    assert display.shown == Result(Verdict.OK, 19)


def test_looking_back_holds_until_released() -> None:
    display: Display[Result] = Display()
    display.take(OK)
    display.take(REVIEW)
    display.look_at(0)
    assert not display.take(REVIEW)
    assert display.shown is OK
    display.release()
    assert display.shown is REVIEW


def test_an_ng_is_not_missed_by_somebody_who_looks_back() -> None:
    display: Display[Result] = Display()
    display.take(OK)
    display.look_at(0)
    assert display.take(NG)
    assert display.shown is NG
    assert display.hold is Hold.NG


def test_an_ng_to_be_acknowledged_is_not_pushed_aside_by_looking_back() -> None:
    display: Display[Result] = Display()
    display.take(OK)
    display.take(NG)
    display.look_at(0)
    assert display.shown is NG
    assert display.hold is Hold.NG


def test_looking_at_what_is_not_there_changes_nothing() -> None:
    display: Display[Result] = Display()
    display.look_at(3)
    assert display.shown is None
    assert display.hold is Hold.NONE


def test_a_new_start_forgets_everything() -> None:
    display: Display[Result] = Display()
    display.take(NG)
    display.clear()
    assert display.shown is None
    assert display.hold is Hold.NONE
    assert not display.strip
