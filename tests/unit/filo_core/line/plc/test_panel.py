"""PLCs that write whatever they like, whenever: no PASS stands for a job that nobody judged."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from filo_core.errors import SourceError
from filo_core.identity import NOBODY, Identity, SeenBefore
from filo_core.line.plc.access import is_within, networks_of
from filo_core.line.plc.handshake import Handshake
from filo_core.line.plc.panel import Panel
from filo_core.line.plc.register_map import Coil, Holding, Input, LineError, Status, text_of, text_words
from filo_core.line.results import LineResult
from filo_core.line.triggers.base import Ticket, Trigger
from filo_core.types import Verdict

HERE = "127.0.0.1"


class Station:
    """A station whose verdicts come by hand."""

    problem = ""
    heartbeat = 1

    def __init__(self) -> None:
        self.tickets: list[Ticket] = []

    def ask(self, trigger: Trigger) -> Ticket:
        self.tickets.append(Ticket(trigger))
        return self.tickets[-1]

    def answer(self, verdict: Verdict) -> None:
        ticket = self.tickets.pop(0)
        asked = ticket.trigger
        ticket.answer(LineResult(asked.trigger_id, "nut", "h", verdict, datetime.now(UTC), identity=asked.identity))


def stand() -> tuple[Station, Handshake, Panel]:
    station = Station()
    handshake = Handshake(station, (), station)
    return station, handshake, Panel(handshake, handshake.ask)


def words(handshake: Handshake) -> dict[Input, int]:
    return dict(zip(Input, handshake.words()[: len(Input)], strict=True))


def ask(panel: Panel, job: int) -> None:
    panel.write_holding(Holding.JOB_LOW, [job])
    panel.write_coils(Coil.TRIGGER, [True])
    panel.write_coils(Coil.TRIGGER, [False])


def acknowledge(panel: Panel) -> None:
    panel.write_coils(Coil.ACKNOWLEDGE, [True])
    panel.write_coils(Coil.ACKNOWLEDGE, [False])


def number(handshake: Handshake) -> int:
    read = words(handshake)
    return read[Input.NUMBER_HIGH] << 16 | read[Input.NUMBER_LOW]


def test_a_refused_trigger_takes_the_result_of_the_part_before_away() -> None:
    station, handshake, panel = stand()
    ask(panel, 1)
    station.answer(Verdict.OK)
    assert words(handshake)[Input.PASS] == 1
    # The PLC was started again between result and acknowledgement, and counts from 1.
    ask(panel, 1)
    read = words(handshake)
    assert (read[Input.PASS], Status(read[Input.STATUS])) == (0, Status.READY | Status.ERROR)
    assert (read[Input.VERDICT], read[Input.JOB_LOW]) == (0, 0)
    assert (read[Input.MISSED], read[Input.REFUSED]) == (1, 1)


def test_what_was_under_way_when_a_trigger_was_refused_is_never_shown() -> None:
    station, handshake, panel = stand()
    ask(panel, 1)
    ask(panel, 1)
    acknowledge(panel)
    station.answer(Verdict.OK)
    read = words(handshake)
    assert (read[Input.PASS], read[Input.RESULTS]) == (0, 1)
    assert Status(read[Input.STATUS]) == Status.READY
    assert (read[Input.MISSED], read[Input.REFUSED]) == (1, 1)


def test_missed_and_refused_ones_are_counted_apart() -> None:
    station, handshake, panel = stand()
    ask(panel, 1)
    for _ in range(3):
        ask(panel, 2)
    station.answer(Verdict.OK)
    acknowledge(panel)
    assert (words(handshake)[Input.MISSED], words(handshake)[Input.REFUSED]) == (1, 3)
    ask(panel, 3)
    station.answer(Verdict.OK)
    assert words(handshake)[Input.PASS] == 1
    assert (words(handshake)[Input.MISSED], words(handshake)[Input.REFUSED]) == (1, 3)


def test_an_error_that_is_not_acknowledged_lets_no_trigger_through() -> None:
    station, handshake, panel = stand()
    ask(panel, 1)
    ask(panel, 2)
    station.answer(Verdict.OK)
    ask(panel, 3)
    assert station.tickets == []
    acknowledge(panel)
    ask(panel, 3)
    station.answer(Verdict.OK)
    assert (words(handshake)[Input.PASS], words(handshake)[Input.JOB_LOW]) == (1, 3)


def test_every_acquisition_has_a_number_of_the_devices_own_from_its_trigger_to_its_result() -> None:
    station, handshake, panel = stand()
    seen = []
    for _ in range(3):
        assert number(handshake) == 0
        ask(panel, 5)
        under_way = number(handshake)
        station.answer(Verdict.OK)
        assert number(handshake) == under_way
        seen.append(under_way)
        acknowledge(panel)
    assert 0 not in seen
    assert len(set(seen)) == 3


def test_a_trigger_that_cannot_be_asked_is_no_part_under_way_for_ever() -> None:
    class Broken(Station):
        def ask(self, trigger: Trigger) -> Ticket:
            raise RuntimeError("no station")

    handshake = Handshake(Broken(), (), Broken())
    ask(Panel(handshake, handshake.ask), 1)
    read = words(handshake)
    assert (read[Input.ERROR], read[Input.VERDICT]) == (LineError.NOT_READY, 0)
    assert Status.BUSY not in Status(read[Input.STATUS])
    handshake.acknowledge()
    assert handshake.begin(2) is not None


def test_the_first_client_that_writes_may_go_on_until_it_leaves() -> None:
    _, _, panel = stand()
    assert panel.may_write("plc", HERE)
    assert not panel.may_write("other", HERE)
    panel.leave("other")
    assert panel.may_write("plc", HERE)
    panel.leave("plc")
    assert panel.may_write("other", HERE)


def test_only_clients_of_the_list_may_write_and_still_one_at_a_time() -> None:
    handshake = stand()[1]
    panel = Panel(handshake, handshake.ask, networks_of(["10.0.0.7", " 10.0.3.0/24", "::1"]))
    assert not panel.may_write("a", HERE)
    assert not panel.may_write("a", "")
    assert panel.may_write("b", "10.0.3.9")
    assert not panel.may_write("c", "10.0.0.7")
    panel.leave("b")
    assert panel.may_write("c", "::ffff:10.0.0.7")


def test_a_list_with_something_else_on_it_is_refused_in_a_sentence() -> None:
    with pytest.raises(SourceError, match=r"press-3.*Write addresses such as"):
        networks_of(["press-3"])
    assert not is_within("press-3", [ipaddress.ip_network("0.0.0.0/0")])


def test_coils_of_a_client_that_left_fall_so_that_the_next_trigger_is_an_edge() -> None:
    station, handshake, panel = stand()
    assert panel.may_write("plc", HERE)
    panel.write_holding(Holding.JOB_LOW, [1])
    panel.write_coils(Coil.TRIGGER, [True])
    station.answer(Verdict.OK)
    panel.leave("plc")
    assert panel.coils == 0
    assert panel.may_write("the same, started again", HERE)
    panel.write_coils(Coil.TRIGGER, [True])
    assert words(handshake)[Input.PASS] == 0
    assert words(handshake)[Input.ERROR] == LineError.TRIGGER_WHILE_BUSY


@pytest.mark.parametrize("is_answered", [False, True])
def test_a_job_that_is_named_anew_takes_away_what_was_asked_under_another_be_the_coil_raised_all_the_time(
    is_answered: bool,
) -> None:
    station, handshake, panel = stand()
    panel.write_holding(Holding.JOB_HIGH, [1, 7])
    panel.write_coils(Coil.TRIGGER, [True])
    if is_answered:
        station.answer(Verdict.OK)
    # Written again as it stands, by a PLC that writes all it has in every cycle, it changes nothing.
    panel.write_holding(Holding.JOB_HIGH, [1, 7])
    assert words(handshake)[Input.PASS] == int(is_answered)
    panel.write_holding(Holding.JOB_HIGH, [0, 1])
    panel.write_coils(Coil.TRIGGER, [True])
    if not is_answered:
        station.answer(Verdict.OK)
    assert (words(handshake)[Input.PASS], words(handshake)[Input.MISSED]) == (0, int(not is_answered))
    panel.write_coils(Coil.TRIGGER, [False])
    acknowledge(panel)
    ask(panel, 1)
    station.answer(Verdict.OK)
    assert (words(handshake)[Input.PASS], words(handshake)[Input.JOB_LOW]) == (1, 1)


CLIENTS = ("plc", "plc after its restart", "other")


class PlcsAtWill(RuleBasedStateMachine):
    """PLCs start again at any moment with or without closing, others write between, acknowledgements come in floods.

    The only PASS that may be read is that of the last trigger anybody raised, and only if that one was judged OK.
    """

    def __init__(self) -> None:
        super().__init__()
        self.station, self.handshake, self.panel = stand()
        self.last: tuple[str, int] | None = None
        """Trigger id and job of the last coil that rose, None where it was refused."""
        self.judged: dict[str, Verdict] = {}
        self.raised = self.taken = 0

    def write(self, client: str, first: int, values: list[bool]) -> None:
        if not self.panel.may_write(client, HERE):
            return
        first_written = self.panel.coils
        asked = len(self.station.tickets)
        self.panel.write_coils(first, values)
        index = Coil.TRIGGER - first
        if 0 <= index < len(values) and values[index] and not first_written & 1 << Coil.TRIGGER:
            self.raised += 1
            is_taken = len(self.station.tickets) > asked
            self.taken += is_taken
            job = self.panel.job
            self.last = (self.station.tickets[-1].trigger.trigger_id, job) if is_taken else None

    @rule(client=st.sampled_from(CLIENTS), job=st.integers(0, 2))
    def sets_its_job(self, client: str, job: int) -> None:
        if self.panel.may_write(client, HERE):
            self.panel.write_holding(Holding.JOB_LOW, [job])

    @rule(client=st.sampled_from(CLIENTS), trigger=st.booleans())
    def writes_the_trigger(self, client: str, trigger: bool) -> None:
        self.write(client, Coil.TRIGGER, [trigger])

    @rule(client=st.sampled_from(CLIENTS), values=st.lists(st.booleans(), min_size=2, max_size=2))
    def writes_both_coils(self, client: str, values: list[bool]) -> None:
        self.write(client, Coil.TRIGGER, values)

    @rule(client=st.sampled_from(CLIENTS), times=st.integers(1, 5))
    def floods_with_acknowledgements(self, client: str, times: int) -> None:
        for _ in range(times):
            self.write(client, Coil.ACKNOWLEDGE, [True])
            self.write(client, Coil.ACKNOWLEDGE, [False])

    @rule(client=st.sampled_from(CLIENTS))
    def closes_its_connection(self, client: str) -> None:
        self.panel.leave(client)

    @rule(client=st.sampled_from(CLIENTS))
    def starts_again_and_triggers_at_once(self, client: str) -> None:
        self.panel.leave(client)
        if self.panel.may_write(client, HERE):
            self.panel.write_holding(Holding.JOB_LOW, [1])
        self.write(client, Coil.TRIGGER, [True])

    @rule(client=st.sampled_from(CLIENTS), job=st.integers(0, 2))
    def starts_again_without_closing_its_coil_as_it_was(self, client: str, job: int) -> None:
        self.sets_its_job(client, job)
        self.write(client, Coil.TRIGGER, [True])

    @precondition(lambda self: self.station.tickets)
    @rule(verdict=st.sampled_from((Verdict.OK, Verdict.OK, *Verdict)))
    def the_line_answers(self, verdict: Verdict) -> None:
        self.judged[self.station.tickets[0].trigger.trigger_id] = verdict
        self.station.answer(verdict)

    @invariant()
    def a_pass_is_that_of_the_last_trigger(self) -> None:
        read = words(self.handshake)
        both = Status.VALID | Status.PASS
        assert bool(read[Input.PASS]) is (both in Status(read[Input.STATUS]))
        if read[Input.PASS]:
            assert self.last is not None
            name, job = self.last
            assert self.judged.get(name) is Verdict.OK
            assert read[Input.JOB_LOW] == job == self.panel.job

    @invariant()
    def an_error_and_a_result_never_stand_together(self) -> None:
        read = words(self.handshake)
        assert not (read[Input.ERROR] and read[Input.VERDICT])

    @invariant()
    def every_trigger_is_taken_or_refused_and_every_answer_counted(self) -> None:
        read = words(self.handshake)
        assert read[Input.REFUSED] == self.raised - self.taken
        assert read[Input.RESULTS] == len(self.judged)
        assert read[Input.MISSED] <= self.taken


PlcsAtWill.TestCase.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
TestPlcsAtWill = PlcsAtWill.TestCase


def name_part(panel: Panel, serial: str, first: int = Holding.SERIAL) -> None:
    panel.write_holding(first, text_words(serial, 20))


def serial_shown(handshake: Handshake) -> str:
    return text_of(handshake.words()[Input.SERIAL :])


def test_a_part_is_named_by_registers_and_its_result_says_which_it_was() -> None:
    station, handshake, panel = stand()
    name_part(panel, "SN-Ä 1")
    name_part(panel, "L7", Holding.LOT)
    name_part(panel, "0815", Holding.ORDER)
    ask(panel, 1)
    assert station.tickets[0].trigger.identity == Identity("SN-Ä 1", "L7", "0815")
    assert serial_shown(handshake) == ""
    station.answer(Verdict.OK)
    assert serial_shown(handshake) == "SN-Ä 1"
    acknowledge(panel)
    assert serial_shown(handshake) == ""


def test_a_name_is_used_up_by_its_trigger_and_never_given_to_the_next_part() -> None:
    station, _, panel = stand()
    name_part(panel, "SN-1")
    ask(panel, 1)
    station.answer(Verdict.OK)
    acknowledge(panel)
    ask(panel, 2)
    assert station.tickets[0].trigger.identity == NOBODY


@pytest.mark.parametrize("written", [[0xFF41, 0x4200], [0x0741, 0], [0xE280, 0xAE41, 0]])
def test_a_name_that_cannot_be_read_costs_the_trigger_and_is_not_left_empty(written: list[int]) -> None:
    station, handshake, panel = stand()
    panel.write_holding(Holding.SERIAL, written)
    ask(panel, 1)
    assert station.tickets == []
    read = words(handshake)
    assert (read[Input.ERROR], read[Input.REFUSED], read[Input.PASS]) == (LineError.WRONG_IDENTITY, 1, 0)
    acknowledge(panel)
    ask(panel, 1)
    assert station.tickets == [], "asked again it is no part without a name"
    assert words(handshake)[Input.ERROR] == LineError.WRONG_IDENTITY
    acknowledge(panel)
    panel.write_holding(Holding.SERIAL, [0x4142, 0])
    ask(panel, 1)
    (ticket,) = station.tickets
    assert ticket.trigger.identity.serial == "AB"


def test_an_unreadable_name_that_is_cleared_is_none() -> None:
    station, _, panel = stand()
    panel.write_holding(Holding.LOT, [0xFF41, 0x4200])
    ask(panel, 1)
    acknowledge(panel)
    panel.write_holding(Holding.LOT, [0, 0])
    ask(panel, 1)
    (ticket,) = station.tickets
    assert ticket.trigger.identity == NOBODY


def test_a_long_text_is_cut_between_two_letters() -> None:
    assert text_of(text_words("ab\u00fc", 2)) == "ab\u00fc"
    assert text_of(text_words("abc\u00fc", 2)) == "abc"
    assert text_words("", 3) == [0, 0, 0]


def test_how_often_a_serial_was_seen_is_a_register() -> None:
    station, handshake, panel = stand()
    ask(panel, 1)
    ticket = station.tickets.pop()
    seen = SeenBefore(3, "NG", datetime.now(UTC), 1)
    ticket.answer(LineResult(ticket.trigger.trigger_id, "nut", "h", Verdict.OK, datetime.now(UTC), seen_before=seen))
    assert words(handshake)[Input.SEEN_BEFORE] == 3
