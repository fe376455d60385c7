from __future__ import annotations

import pytest

from filo_core.line.ledger import Unkept
from filo_core.line.results import LineResult, not_inspected
from tests.unit.filo_core.line.station_parts import MemoryLedger


def missed(name: str) -> LineResult:
    return not_inspected(name, "Cap", "h", "The disk is full.", 1.0)


def test_what_could_not_be_kept_is_kept_in_order_once_there_is_room() -> None:
    ledger = MemoryLedger()
    ledger.fails = {"open"}
    unkept = Unkept(ledger)
    for name in ("a", "b"):
        unkept.add(None, missed(name), 600.0, in_record=False)
    assert not unkept.keep()
    ledger.fails = set()
    assert unkept.keep()
    assert [result.trigger_id for result in ledger.closed.values()] == ["a", "b"]
    assert [inspection.name for inspection in ledger.kept] == ["a", "b"]
    assert len(unkept) == 0


def test_a_trigger_that_was_answered_meanwhile_keeps_that_answer() -> None:
    ledger = MemoryLedger()
    number, _ = ledger.open("a", 600.0)
    ledger.close(number, missed("a"))
    unkept = Unkept(ledger)
    unkept.add(None, missed("a"), 600.0, in_record=False)
    unkept.keep()
    assert (len(ledger.closed), ledger.kept, len(unkept)) == (1, [], 0)


def test_a_half_kept_answer_is_not_written_into_the_record_twice() -> None:
    ledger = MemoryLedger()
    unkept = Unkept(ledger)
    ledger.fails = {"close"}
    unkept.add(None, missed("a"), 600.0, in_record=False)
    unkept.keep()
    ledger.fails = set()
    unkept.keep()
    assert (len(ledger.kept), len(ledger.closed)) == (1, 1)


def test_an_answer_that_can_never_be_kept_does_not_hold_up_the_others(caplog: pytest.LogCaptureFixture) -> None:
    ledger = MemoryLedger()
    unkept = Unkept(ledger)
    ledger.error, ledger.fails = KeyError("odd"), {"open"}
    unkept.add(None, missed("a"), 600.0, in_record=False)
    unkept.keep()
    assert len(unkept) == 0
    assert "the answer to a cannot be kept" in caplog.text


def test_no_more_answers_wait_than_memory_is_meant_for(caplog: pytest.LogCaptureFixture) -> None:
    unkept = Unkept(MemoryLedger(), most=3)
    for number in range(5):
        unkept.add(number, missed(f"part-{number}"), 600.0, in_record=True)
    assert len(unkept) == 3
    assert "part-0" in caplog.text
