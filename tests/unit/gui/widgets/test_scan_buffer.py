"""A scanner's keys are told from a person's by their pace and by their end."""

from __future__ import annotations

from gui.widgets.scan_buffer import GAP_S, ScanBuffer


def typed(code: str, gap_s: float) -> str:
    buffer, at = ScanBuffer(), 0.0
    for letter in code:
        at += gap_s
        buffer.add(letter, at)
    return buffer.end(at + gap_s)


def test_fast_keys_that_end_in_enter_are_a_code() -> None:
    assert typed("SN-4711", 0.004) == "SN-4711"


def test_a_persons_keys_and_two_that_a_hand_hits_at_once_are_none() -> None:
    assert typed("SN-4711", 2 * GAP_S) == ""
    assert typed("ab", 0.004) == ""
    assert typed("", 0.004) == ""


def test_an_enter_that_comes_later_ends_no_code() -> None:
    buffer = ScanBuffer()
    for number, letter in enumerate("SN-4711"):
        buffer.add(letter, 0.004 * number)
    assert buffer.end(1.0) == ""
    assert buffer.is_empty
