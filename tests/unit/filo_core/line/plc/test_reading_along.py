"""A PLC that only reads: whatever others ask for, and whenever, no PASS stands for a part it was not given for."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from filo_core.line.announcer import Announcer
from filo_core.line.plc.handshake import PUBLISHED_S, Handshake
from filo_core.line.plc.register_map import VERDICT_CODES, Input, LineError, Status
from filo_core.line.results import LineResult
from filo_core.line.triggers.base import Ticket, Trigger, TriggerKind
from filo_core.types import Verdict

DEADLINE_S = 2.0
JUDGED = tuple(Verdict)


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Station:
    """A station whose verdicts come by hand; a known id gets its answer again, as at the real one."""

    def __init__(self) -> None:
        self.problem = ""
        self.heartbeat = 1
        self.is_busy = False
        self.tell: Callable[[LineResult], None] = lambda _: None
        self.tickets: list[Ticket] = []
        self.answered: dict[str, LineResult] = {}

    def ask(self, trigger: Trigger) -> Ticket:
        ticket = Ticket(trigger)
        if trigger.trigger_id in self.answered:
            ticket.answer(self.answered[trigger.trigger_id])
        else:
            self.tickets.append(ticket)
        return ticket

    def answer(self, ticket: Ticket, verdict: Verdict) -> None:
        self.tickets.remove(ticket)
        name = ticket.trigger.trigger_id
        result = LineResult(name, "nut", "h", verdict, datetime.now(UTC), score=0.25)
        self.answered[name] = result
        ticket.answer(result)
        self.tell(result)


@dataclass
class Stand:
    """A station, those who read along, and their clock."""

    clock: HandClock = field(default_factory=HandClock)
    station: Station = field(default_factory=Station)

    def __post_init__(self) -> None:
        self.announcer = Announcer(self.station, DEADLINE_S, self.clock)
        self.station.tell = self.announcer.tell
        self.plc = self.reader(asks=True)
        self._numbers = itertools.count(1)

    def reader(self, *, asks: bool) -> Handshake:
        made = Handshake(self.announcer, ("dent",), self.announcer if asks else None, self.clock)
        self.announcer.readers.append(made)
        return made

    def ask(self, kind: TriggerKind = TriggerKind.KEY, name: str = "") -> Ticket:
        name = name or f"{kind.value}-{next(self._numbers)}"
        return self.announcer.ask(Trigger(name, kind, asked_monotonic=self.clock.now))

    def give(self, verdict: Verdict, kind: TriggerKind = TriggerKind.KEY) -> None:
        """A part that something else asks for gets its verdict."""
        self.station.answer(self.ask(kind), verdict)

    def begin(self, job: int) -> bool:
        trigger = self.plc.begin(job)
        if trigger is not None:
            self.plc.ask(trigger, job)
        return trigger is not None


@pytest.fixture
def stand() -> Stand:
    return Stand()


def words(plc: Handshake) -> dict[Input, int]:
    return dict(zip(Input, plc.words()[: len(Input)], strict=True))


def passes(plc: Handshake) -> bool:
    read = words(plc)
    both = Status.VALID | Status.PASS
    assert bool(read[Input.PASS]) is (both in Status(read[Input.STATUS]))
    return bool(read[Input.PASS])


@pytest.mark.parametrize("verdict", JUDGED)
@pytest.mark.parametrize("kind", [kind for kind in TriggerKind if kind is not TriggerKind.MODBUS])
def test_a_verdict_that_others_asked_for_is_read_under_job_zero(
    stand: Stand, kind: TriggerKind, verdict: Verdict
) -> None:
    stand.give(verdict, kind)
    read = words(stand.plc)
    assert Status(read[Input.STATUS]) & ~Status.PASS == Status.READY | Status.VALID
    assert (read[Input.VERDICT], read[Input.JOB_HIGH], read[Input.JOB_LOW]) == (VERDICT_CODES[verdict], 0, 0)
    assert read[Input.RESULTS] == 1
    assert passes(stand.plc) is (verdict is Verdict.OK)


def test_what_one_plc_asked_for_the_other_reads_along(stand: Stand) -> None:
    other = stand.reader(asks=False)
    assert stand.begin(7)
    stand.station.answer(stand.station.tickets[0], Verdict.OK)
    assert (words(stand.plc)[Input.JOB_LOW], words(other)[Input.JOB_LOW]) == (7, 0)
    assert passes(stand.plc)
    assert passes(other)
    stand.plc.acknowledge()
    assert not passes(stand.plc)
    assert (words(stand.plc)[Input.RESULTS], words(other)[Input.RESULTS]) == (1, 1)


def test_a_published_result_stands_for_two_seconds_and_no_longer(stand: Stand) -> None:
    stand.give(Verdict.OK)
    stand.clock.now += PUBLISHED_S - 0.01
    assert passes(stand.plc)
    stand.clock.now += 0.01
    read = words(stand.plc)
    assert Status(read[Input.STATUS]) == Status.READY
    assert not any(read[word] for word in tuple(Input)[Input.VERDICT : Input.ERROR])


def test_the_next_part_takes_the_result_away_but_the_next_frame_does_not(stand: Stand) -> None:
    stand.give(Verdict.OK, TriggerKind.CONTINUOUS)
    frame = stand.ask(TriggerKind.CONTINUOUS)
    assert passes(stand.plc)
    stand.station.answer(frame, Verdict.NG)
    assert words(stand.plc)[Input.VERDICT] == VERDICT_CODES[Verdict.NG]
    stand.give(Verdict.OK)
    stand.ask()
    assert words(stand.plc)[Input.VERDICT] == 0


def test_a_line_that_is_not_ready_takes_the_result_away_for_good(stand: Stand) -> None:
    stand.give(Verdict.OK)
    stand.station.problem = "The camera is gone."
    assert not passes(stand.plc)
    stand.station.problem = ""
    assert not passes(stand.plc)
    assert words(stand.plc)[Input.ERROR] == LineError.NONE


def test_an_older_part_that_is_answered_last_is_counted_and_not_shown(stand: Stand) -> None:
    older, younger = stand.ask(), stand.ask()
    stand.station.answer(younger, Verdict.NOT_INSPECTED)
    assert words(stand.plc)[Input.VERDICT] == 0
    stand.station.answer(older, Verdict.OK)
    assert not passes(stand.plc)
    assert words(stand.plc)[Input.RESULTS] == 2


def test_an_ok_after_its_deadline_is_not_shown_and_a_late_not_inspected_is(stand: Stand) -> None:
    for verdict, shown in ((Verdict.OK, 0), (Verdict.NOT_INSPECTED, VERDICT_CODES[Verdict.NOT_INSPECTED])):
        late = stand.ask()
        stand.clock.now += DEADLINE_S + 0.1
        stand.station.answer(late, verdict)
        assert words(stand.plc)[Input.VERDICT] == shown


def test_an_answer_given_again_is_not_published_again(stand: Stand) -> None:
    stand.station.answer(stand.ask(TriggerKind.HTTP, "http-1"), Verdict.OK)
    stand.clock.now += PUBLISHED_S
    stand.ask(TriggerKind.HTTP, "http-1")
    assert not passes(stand.plc)
    assert words(stand.plc)[Input.RESULTS] == 1
    stand.give(Verdict.OK)
    assert passes(stand.plc)


def test_nothing_of_others_comes_between_a_plcs_trigger_and_its_acknowledgement(stand: Stand) -> None:
    stand.give(Verdict.OK)
    assert stand.begin(5)
    assert not passes(stand.plc)
    own = stand.station.tickets[0]
    stand.give(Verdict.OK)
    assert not passes(stand.plc)
    stand.station.answer(own, Verdict.NG)
    stand.give(Verdict.OK)
    assert (words(stand.plc)[Input.VERDICT], words(stand.plc)[Input.JOB_LOW]) == (VERDICT_CODES[Verdict.NG], 5)
    stand.plc.acknowledge()
    assert words(stand.plc)[Input.VERDICT] == 0
    stand.give(Verdict.OK)
    assert passes(stand.plc)


def test_a_plc_that_asks_where_it_only_reads_is_refused_and_reads_no_verdict_until_it_acknowledges(
    stand: Stand,
) -> None:
    plc = stand.reader(asks=False)
    stand.give(Verdict.OK)
    assert plc.begin(0) is None
    stand.give(Verdict.OK)
    assert not passes(plc)
    assert words(plc)[Input.ERROR] == LineError.TAKES_NO_TRIGGER
    plc.acknowledge()
    stand.give(Verdict.OK)
    assert passes(plc)
    assert words(plc)[Input.ERROR] == LineError.NONE


@dataclass(frozen=True, order=True)
class Answer:
    """What a part got, and when."""

    number: int
    kind: TriggerKind
    verdict: Verdict
    in_time: bool
    at: float


class ManyAsk(RuleBasedStateMachine):
    """Keys, frames, posts and a PLC ask in any order, are answered in any order, and time passes.

    What may pass is kept here in the simplest way: by what has happened, not by how the registers come about.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stand = Stand()
        self.other = self.stand.reader(asks=False)
        self.asked: dict[str, int] = {}
        self.answers: list[Answer] = []
        self.job: int | None = None
        """Of the PLC's last trigger, if it was taken, to its acknowledgement."""
        self.own: Verdict | None = None
        """Its verdict."""
        self.busy = self.refused = False
        self.answered_before_the_loss = 0

    def note(self, ticket: Ticket) -> None:
        self.asked[ticket.trigger.trigger_id] = len(self.asked) + 1

    # Few at a time: what is of interest happens when none is under way any more.
    @precondition(lambda self: len(self.stand.station.tickets) < 3)
    @rule(kind=st.sampled_from([TriggerKind.KEY, TriggerKind.CONTINUOUS, TriggerKind.HTTP]))
    def ask(self, kind: TriggerKind) -> None:
        self.note(self.stand.ask(kind))

    @precondition(lambda self: self.stand.station.answered)
    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.stand.station.answered)))
        self.stand.ask(TriggerKind.HTTP, name)

    @precondition(lambda self: len(self.stand.station.tickets) < 3)
    @rule(job=st.integers(1, 3))
    def plc_triggers(self, job: int) -> None:
        taken = self.stand.begin(job)
        assert taken is not (self.busy or self.refused or self.job is not None)
        # Refused, the PLC speaks of another part than the one whose result stands there, or is still to come.
        self.job, self.own, self.refused = (job, None, False) if taken else (None, None, True)
        if taken:
            self.busy = True
            self.note(self.stand.station.tickets[-1])

    @precondition(lambda self: self.stand.station.tickets)
    @rule(data=st.data(), verdict=st.sampled_from((Verdict.OK, *JUDGED)))
    def answer(self, data: st.DataObject, verdict: Verdict) -> None:
        station, now = self.stand.station, self.stand.clock.now
        ticket = data.draw(st.sampled_from(station.tickets))
        trigger = ticket.trigger
        if trigger.kind is TriggerKind.MODBUS:
            self.busy = False
            self.own = verdict if self.job is not None else None
        in_time = now - trigger.asked_monotonic <= DEADLINE_S
        self.answers.append(Answer(self.asked[trigger.trigger_id], trigger.kind, verdict, in_time, now))
        station.answer(ticket, verdict)

    @rule()
    def acknowledge(self) -> None:
        self.stand.plc.acknowledge()
        self.refused = False
        if self.own is not None:
            self.job = self.own = None

    @rule(seconds=st.sampled_from([0.1, 0.9, 1.9]))
    def time_passes(self, seconds: float) -> None:
        self.stand.clock.now += seconds

    @rule()
    def camera_is_lost_and_found(self) -> None:
        self.stand.station.problem = "The camera is gone."
        assert words(self.other)[Input.VERDICT] == 0
        if self.own is None:
            assert words(self.stand.plc)[Input.VERDICT] == 0
        self.answered_before_the_loss = len(self.answers)
        self.stand.station.problem = ""

    @property
    def newest(self) -> Answer | None:
        """Of the youngest part that was answered, while it says something of what lies there."""
        others = [ticket for ticket in self.stand.station.tickets if ticket.trigger.kind is not TriggerKind.CONTINUOUS]
        found = max(self.answers, default=None)
        if others or found is None or found not in self.answers[self.answered_before_the_loss :]:
            return None
        return found if found.in_time and self.stand.clock.now - found.at < PUBLISHED_S else None

    @invariant()
    def the_asking_plc_sees_its_own_result_and_nothing_else_meanwhile(self) -> None:
        read = words(self.stand.plc)
        status = Status(read[Input.STATUS])
        assert (Status.BUSY in status) is self.busy
        if self.refused:
            assert not status & (Status.VALID | Status.PASS)
        if self.job is None:
            assert read[Input.JOB_LOW] == 0
            return
        assert (Status.VALID in status) is (self.own is not None)
        assert read[Input.VERDICT] == (VERDICT_CODES[self.own] if self.own is not None else 0)
        assert read[Input.JOB_LOW] == (self.job if self.own is not None else 0)

    @invariant()
    def a_pass_of_others_is_that_of_the_newest_part_and_young(self) -> None:
        if passes(self.other):
            assert self.newest is not None
            assert self.newest.verdict is Verdict.OK
        if self.job is None and passes(self.stand.plc):
            assert self.newest is not None
            assert (self.newest.verdict, self.newest.kind is TriggerKind.MODBUS) == (Verdict.OK, False)

    @invariant()
    def every_answer_is_counted_once(self) -> None:
        assert words(self.other)[Input.RESULTS] == len(self.answers)


ManyAsk.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestManyAsk = ManyAsk.TestCase
