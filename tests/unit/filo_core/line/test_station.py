from __future__ import annotations

import ctypes
import hashlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from filo_core.identity import Identity, SeenBefore
from filo_core.line.results import LineResult
from filo_core.line.sources.base import Frame, SourceState
from filo_core.line.station import Station
from filo_core.line.triggers.base import Ticket, Trigger, TriggerKind
from filo_core.types import Inspection, Recipe, Verdict
from tests.unit.filo_core.line.station_parts import GatedDetector, HandFedSource, MemoryLedger

WaitUntil = Callable[[Callable[[], object]], None]


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def source() -> HandFedSource:
    return HandFedSource()


@pytest.fixture
def make(source: HandFedSource, recipe: Recipe, ledger: MemoryLedger) -> Iterator[Callable[..., Station]]:
    stations: list[Station] = []

    def make_station(detector: Any, **options: Any) -> Station:
        stations.append(Station(source, recipe, detector, ledger, **options))
        stations[-1].start()
        return stations[-1]

    yield make_station
    for station in stations:
        station.stop()


def frame(brightness: int) -> Frame:
    return Frame(np.full((4, 6, 3), brightness, np.uint8), 1, datetime.now(UTC), time.monotonic())


def trigger(name: str = "part 1", brightness: int | None = 0, **options: Any) -> Trigger:
    return Trigger(name, TriggerKind.HTTP, None if brightness is None else frame(brightness), **options)


def answer(ticket: Ticket) -> LineResult:
    result = ticket.wait(20)
    assert result is not None
    return result


def test_a_trigger_gets_its_verdict_kept_before_anybody_hears_it(
    make: Callable[..., Station], detector: Any, ledger: MemoryLedger
) -> None:
    kept_then: list[int] = []
    station = make(detector, on_answer=lambda *_: kept_then.append(len(ledger.kept) + len(ledger.closed)))
    assert answer(station.ask(trigger(brightness=0))).verdict is Verdict.OK
    assert answer(station.ask(trigger("part 2", 255))).verdict is Verdict.NG
    assert kept_then == [2, 4]
    assert (station.counters.triggers, station.counters.answers) == (2, 2)


def test_a_repeated_id_gets_the_same_verdict_and_is_not_judged_again(
    make: Callable[..., Station], detector: Any, ledger: MemoryLedger
) -> None:
    station = make(detector)
    asked, again = station.ask(trigger(brightness=255)), station.ask(trigger(brightness=0))
    first, second = answer(asked), answer(station.ask(trigger(brightness=0)))
    assert answer(again) == second == first
    assert not asked.is_repeat
    assert len(detector.seen) == len(ledger.kept) == 1
    assert station.counters.repeated == 2
    assert station.ask(trigger()).is_repeat


def test_an_id_repeated_while_its_part_is_judged_waits_for_the_one_verdict(
    make: Callable[..., Station], detector: Any
) -> None:
    gated = GatedDetector(detector)
    station = make(gated)
    tickets = [station.ask(trigger()) for _ in range(5)]
    gated.go_on.set()
    assert len({id(answer(ticket)) for ticket in tickets}) == 1
    assert len(detector.seen) == 1


def test_an_id_answered_by_an_earlier_start_gets_that_answer(
    make: Callable[..., Station], detector: Any, ledger: MemoryLedger
) -> None:
    earlier = make(detector)
    first = answer(earlier.ask(trigger(brightness=255)))
    earlier.stop()
    later = make(detector)
    asked = later.ask(trigger(brightness=0))
    assert answer(asked) == first
    assert asked.is_repeat
    assert (later.counters.triggers, later.counters.repeated) == (0, 1)


def test_the_same_id_after_its_time_is_asked_of_the_ledger_again(
    make: Callable[..., Station], detector: Any, ledger: MemoryLedger
) -> None:
    station = make(detector)
    answer(station.ask(trigger(brightness=255)))
    ledger.opened.clear()
    ledger.closed.clear()
    assert answer(station.ask(trigger(brightness=0, repeats_within_s=0.0))).verdict is Verdict.OK


@pytest.mark.timed
def test_a_hung_detector_leaves_the_part_not_inspected_within_the_deadline(
    make: Callable[..., Station], detector: Any, ledger: MemoryLedger, wait_until: WaitUntil
) -> None:
    gated = GatedDetector(detector)
    station = make(gated, deadline_s=0.3)
    asked = trigger()
    result = answer(station.ask(asked))
    assert time.monotonic() - asked.asked_monotonic < 0.6
    assert result.verdict is Verdict.NOT_INSPECTED
    assert "No verdict within 0.3 s" in result.reason
    wait_until(lambda: ledger.closed)
    gated.go_on.set()
    assert answer(station.ask(trigger("part 2"))).verdict is Verdict.OK
    # The late verdict of the first part went nowhere.
    assert [inspection.verdict for inspection in ledger.kept] == [Verdict.NOT_INSPECTED, Verdict.OK]


@pytest.mark.timed
def test_the_picture_of_a_part_that_was_late_is_shown_at_once_and_kept_with_its_hash(
    make: Callable[..., Station], detector: Any, ledger: MemoryLedger, wait_until: WaitUntil
) -> None:
    told: list[Inspection | None] = []
    gated = GatedDetector(detector)
    station = make(gated, deadline_s=0.3, on_answer=lambda _, inspection: told.append(inspection))
    assert answer(station.ask(trigger(brightness=77))).verdict is Verdict.NOT_INSPECTED
    wait_until(lambda: ledger.kept)
    shown, kept = told[0], ledger.kept[0]
    assert shown is not None
    assert shown.image is not None
    assert kept.image is not None
    assert int(shown.image.pixels[0, 0, 0]) == int(kept.image.pixels[0, 0, 0]) == 77
    assert kept.verdict is Verdict.NOT_INSPECTED
    assert kept.prediction is None
    assert kept.image_hash == hashlib.sha256(kept.image.encoded).hexdigest()
    gated.go_on.set()


def test_only_a_frame_captured_after_the_trigger_is_judged(
    make: Callable[..., Station], detector: Any, source: HandFedSource
) -> None:
    source.put(255)
    station = make(detector)
    ticket = station.ask(trigger(brightness=None))
    source.put(0)
    assert answer(ticket).verdict is Verdict.OK


def test_a_lost_camera_answers_with_its_own_sentence(
    make: Callable[..., Station], detector: Any, source: HandFedSource
) -> None:
    source.state, source.problem = SourceState.LOST, "Line 3 sends no pictures. Check the plug."
    station = make(detector, deadline_s=0.2)
    result = answer(station.ask(trigger(brightness=None)))
    assert result.verdict is Verdict.NOT_INSPECTED
    assert "Check the plug" in result.reason
    assert station.problem == source.problem


@pytest.mark.parametrize("where", ["open", "keep", "close"])
def test_a_full_disk_makes_it_not_inspected_and_the_line_goes_on_when_there_is_room(
    where: str, make: Callable[..., Station], detector: Any, ledger: MemoryLedger, wait_until: WaitUntil
) -> None:
    station = make(detector)
    ledger.fails = {where}
    result = answer(station.ask(trigger(brightness=0)))
    assert result.verdict is Verdict.NOT_INSPECTED
    assert "full" in result.reason
    ledger.fails = set()
    # The answer that could not be kept is kept as soon as it can be, as it was said.
    wait_until(lambda: ledger.closed)
    assert ledger.closed[0] == result
    if where == "open":
        assert [inspection.verdict for inspection in ledger.kept] == [Verdict.NOT_INSPECTED]
    assert answer(station.ask(trigger("part 2", 0))).verdict is Verdict.OK
    wait_until(lambda: station.problem == "")


def test_a_detector_that_raises_anything_costs_one_part_only(make: Callable[..., Station], detector: Any) -> None:
    class Odd:
        def predict(self, pixels: Any) -> Any:
            if pixels[0, 0, 0] == 99:
                raise KeyError("something odd")
            return detector.predict(pixels)

    station = make(Odd())
    result = answer(station.ask(trigger(brightness=99)))
    assert (result.verdict, "KeyError" in result.reason) == (Verdict.NOT_INSPECTED, True)
    assert answer(station.ask(trigger("part 2", 0))).verdict is Verdict.OK


def test_stopping_answers_what_is_open(make: Callable[..., Station], detector: Any) -> None:
    gated = GatedDetector(detector)
    station = make(gated, deadline_s=5.0)
    tickets = [station.ask(trigger(f"part {number}")) for number in range(3)]
    assert gated.looking.wait(10)
    gated.go_on.set()
    station.stop()
    assert all(ticket.result is not None for ticket in tickets)
    assert station.counters.answers == 3


def test_the_heartbeat_stands_still_when_judging_hangs_far_beyond_the_deadline(
    make: Callable[..., Station], detector: Any, wait_until: WaitUntil
) -> None:
    gated = GatedDetector(detector)
    station = make(gated, deadline_s=0.1)
    wait_until(lambda: station.heartbeat > 2)
    station.ask(trigger())
    assert gated.looking.wait(10)

    def stands_still() -> bool:
        before = station.heartbeat
        time.sleep(0.1)
        return station.heartbeat == before

    wait_until(stands_still)
    gated.go_on.set()
    before = station.heartbeat
    wait_until(lambda: station.heartbeat > before)


def test_more_triggers_than_can_wait_are_refused_at_once_and_each_has_an_answer(
    make: Callable[..., Station], detector: Any
) -> None:
    gated = GatedDetector(detector)
    station = make(gated, deadline_s=10.0)
    tickets = [station.ask(trigger(f"part {number}")) for number in range(300)]
    refused = [ticket for ticket in tickets if ticket.result is not None]
    assert len(refused) >= 40
    assert all("Slow it down" in answer(ticket).reason for ticket in refused)
    gated.go_on.set()
    assert all(answer(ticket) for ticket in tickets)
    assert station.counters.answers == station.counters.triggers == 300


def test_a_trigger_without_a_picture_of_its_own_says_why(make: Callable[..., Station], detector: Any) -> None:
    station = make(detector)
    result = answer(station.ask(trigger(problem="part.png: is empty. Copy it again.")))
    assert (result.verdict, result.reason) == (Verdict.NOT_INSPECTED, "part.png: is empty. Copy it again.")


@pytest.mark.timed
def test_a_locked_database_holds_up_no_answer_beyond_the_deadline_and_gets_it_afterwards(
    make: Callable[..., Station], detector: Any, ledger: MemoryLedger, wait_until: WaitUntil
) -> None:
    station = make(detector, deadline_s=0.3)
    tickets: list[Ticket] = []
    asked = trigger()
    with ledger.lock:
        asking = threading.Thread(target=lambda: tickets.append(station.ask(asked)))
        asking.start()
        wait_until(lambda: station.counters.answers == 1)
        assert time.monotonic() - asked.asked_monotonic < 0.6
    asking.join(20)
    assert answer(tickets[0]).verdict is Verdict.NOT_INSPECTED
    wait_until(lambda: list(ledger.closed.values()) == [tickets[0].result])
    assert answer(station.ask(trigger("part 2"))).verdict is Verdict.OK
    assert detector.seen
    assert station.counters.answers == station.counters.triggers == 2


@pytest.mark.parametrize("where", ["open", "keep", "close"])
def test_whatever_a_ledger_raises_the_trigger_is_answered_and_the_next_one_judged(
    where: str, make: Callable[..., Station], detector: Any, ledger: MemoryLedger
) -> None:
    station = make(detector)
    ledger.error = RuntimeError("the pool has no connection left")
    ledger.fails = {where}
    assert answer(station.ask(trigger())).verdict is Verdict.NOT_INSPECTED
    ledger.fails = set()
    assert answer(station.ask(trigger("part 2"))).verdict is Verdict.OK
    assert not station.is_busy


def test_a_listener_that_fails_keeps_no_answer_back(make: Callable[..., Station], detector: Any) -> None:
    def listen(*_: Any) -> None:
        raise BrokenPipeError

    station = make(detector, on_answer=listen)
    assert [answer(station.ask(trigger(f"part {number}"))).verdict for number in range(2)] == [Verdict.OK] * 2


def test_a_model_that_cannot_judge_is_a_problem_of_the_line(make: Callable[..., Station], detector: Any) -> None:
    problems = ["The model is loading. Parts are judged as soon as it is ready."]
    station = make(detector, model_problem=lambda: problems[0])
    assert station.problem == problems[0]
    problems[0] = ""
    assert station.problem == ""


@pytest.mark.parametrize("name", ["_judging", "_watching", "_keeping"])
def test_a_thread_of_the_station_that_dies_is_a_problem_and_lives_again(
    make: Callable[..., Station], detector: Any, wait_until: WaitUntil, name: str
) -> None:
    station = make(detector)
    loop = getattr(station, name)
    kill(loop._thread)
    # The judging thread sleeps until a part comes, which is answered by the watch or by its next life.
    first = answer(station.ask(trigger("part 1")))
    wait_until(lambda: loop.deaths)
    assert "failed" in station.problem
    wait_until(lambda: loop.is_running)
    assert answer(station.ask(trigger("part 2"))).verdict is Verdict.OK
    assert first.verdict in {Verdict.OK, Verdict.NOT_INSPECTED}
    wait_until(lambda: station.problem == "")


def kill(thread: threading.Thread) -> None:
    """Have a thread raise SystemExit at its next step, as nothing of ours catches."""
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit)) == 1


class _Deadly:
    """Takes the whole thread with it."""

    def predict(self, pixels: Any) -> Any:
        raise SystemExit


def test_a_part_whose_judging_took_the_thread_along_is_answered_in_time_and_the_next_is_judged(
    make: Callable[..., Station], detector: Any
) -> None:
    deadly = GatedDetector(_Deadly())  # type: ignore[arg-type]
    deadly.go_on.set()
    station = make(deadly, deadline_s=0.5)
    assert answer(station.ask(trigger("part 1"))).verdict is Verdict.NOT_INSPECTED
    deadly.detector = detector
    assert answer(station.ask(trigger("part 2"))).verdict is Verdict.OK


def test_a_part_that_a_thread_claimed_and_died_over_is_answered_all_the_same(
    make: Callable[..., Station], detector: Any, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    close, calls = ledger.close, itertools.count(1)

    def die_once(number: int, result: LineResult) -> None:
        if next(calls) == 1:
            raise SystemExit
        close(number, result)

    monkeypatch.setattr(ledger, "close", die_once)
    station = make(detector, deadline_s=0.5)
    assert answer(station.ask(trigger("part 1"))).verdict is Verdict.NOT_INSPECTED
    assert answer(station.ask(trigger("part 2"))).verdict is Verdict.OK


PART = Identity("SN-1", "L7")


def test_a_part_that_its_trigger_names_is_in_record_answer_and_ledger(
    make: Callable[..., Station], detector: Any, ledger: MemoryLedger
) -> None:
    ledger.seen = SeenBefore(1, "NG", datetime.now(UTC), 4)
    result = answer(make(detector).ask(trigger(identity=PART)))
    assert (result.identity, ledger.kept[0].identity, ledger.named) == (PART, PART, [PART])
    assert result.seen_before == ledger.seen


def test_a_part_without_a_verdict_keeps_its_name(
    make: Callable[..., Station], detector: Any, ledger: MemoryLedger
) -> None:
    ledger.seen = SeenBefore(1, "NG", datetime.now(UTC), 4)
    result = answer(make(detector).ask(trigger(identity=PART, problem="No whole picture came. Send it again.")))
    assert (result.verdict, result.identity, ledger.kept[0].identity) == (Verdict.NOT_INSPECTED, PART, PART)
    assert result.seen_before == ledger.seen


def test_a_part_that_could_not_be_kept_is_kept_later_under_its_name(
    make: Callable[..., Station], detector: Any, ledger: MemoryLedger, wait_until: Callable[..., None]
) -> None:
    ledger.fails = {"open", "keep", "close"}
    station = make(detector)
    assert answer(station.ask(trigger(identity=PART))).identity == PART
    ledger.fails = set()
    wait_until(lambda: ledger.kept)
    assert (ledger.kept[0].identity, ledger.named) == (PART, [PART])


def test_a_scan_names_the_part_whose_trigger_brings_no_serial_and_leaves_what_it_does_bring(
    make: Callable[..., Station], detector: Any
) -> None:
    station = make(detector)
    station.scanned.put(Identity("SN-2"))
    assert answer(station.ask(trigger("a", identity=PART))).identity == PART
    assert answer(station.ask(trigger("b", identity=Identity(lot="L7")))).identity == Identity("SN-2", "L7")
    assert not answer(station.ask(trigger("c"))).identity


def test_a_scan_is_not_used_up_by_an_id_that_an_earlier_start_answered(
    make: Callable[..., Station], detector: Any, ledger: MemoryLedger
) -> None:
    earlier = make(detector)
    answer(earlier.ask(trigger("a")))
    earlier.stop()
    later = make(detector)
    later.scanned.put(PART)
    assert not answer(later.ask(trigger("a"))).identity
    assert answer(later.ask(trigger("b"))).identity == PART
