from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from pymodbus.client import ModbusTcpClient

from filo_core.errors import SourceError
from filo_core.line.plc.handshake import Handshake
from filo_core.line.plc.register_map import UNKNOWN_CODE, Coil, Holding, Input, LineError, Status, result_words
from filo_core.line.plc.server import ModbusServer
from filo_core.line.results import LineResult, not_inspected
from filo_core.line.triggers.base import Ticket, Trigger
from filo_core.types import UNKNOWN_TYPE, Verdict
from tools.hostile_bytes import modbus_bytes
from tools.stream_rig import free_port

WaitUntil = Callable[[Callable[[], object]], None]
TYPES = ("scratch", "dent")


class Line:
    """A station whose verdicts a test gives by hand."""

    def __init__(self) -> None:
        self.problem = ""
        self.heartbeat = 70_000
        self.is_busy = False
        self.tickets: list[Ticket] = []

    def ask(self, trigger: Trigger) -> Ticket:
        self.tickets.append(Ticket(trigger))
        return self.tickets[-1]

    def say(self, verdict: Verdict, anomaly_type: str = "", position: str = "") -> None:
        name = self.tickets[-1].trigger.trigger_id
        count = int(bool(anomaly_type))
        result = LineResult(name, "nut", "h", verdict, datetime.now(UTC), anomaly_type, position, count, 0.75)
        self.tickets[-1].answer(result)


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def port(line: Line) -> Iterator[int]:
    found = free_port()
    server = ModbusServer(Handshake(line, TYPES, line), port=found)
    server.start()
    yield found
    server.stop()


@pytest.fixture
def plc(port: int) -> Iterator[ModbusTcpClient]:
    client = ModbusTcpClient("127.0.0.1", port=port, timeout=5)
    assert client.connect()
    yield client
    client.close()


def read(plc: ModbusTcpClient) -> dict[Input, int]:
    answer = plc.read_input_registers(0, count=len(Input))
    assert not answer.isError()
    return dict(zip(Input, answer.registers, strict=True))


def pulse(plc: ModbusTcpClient, coil: Coil) -> None:
    assert not plc.write_coil(coil, True).isError()
    assert not plc.write_coil(coil, False).isError()


def trigger(plc: ModbusTcpClient, job: int) -> None:
    assert not plc.write_registers(Holding.JOB_HIGH, [job >> 16, job & 0xFFFF]).isError()
    pulse(plc, Coil.TRIGGER)


def status(plc: ModbusTcpClient) -> Status:
    return Status(read(plc)[Input.STATUS])


def test_before_any_result_everything_reads_as_ng(plc: ModbusTcpClient) -> None:
    words = read(plc)
    assert (words[Input.PASS], words[Input.VERDICT]) == (0, 0)
    assert Status(words[Input.STATUS]) == Status.READY


def test_the_whole_handshake_from_trigger_to_acknowledgement(
    plc: ModbusTcpClient, line: Line, wait_until: WaitUntil
) -> None:
    trigger(plc, 100_007)
    assert status(plc) == Status.READY | Status.BUSY
    wait_until(lambda: line.tickets)
    line.say(Verdict.NG, "dent", "top left")
    wait_until(lambda: Status.VALID in status(plc))
    words = read(plc)
    assert words[Input.JOB_HIGH] << 16 | words[Input.JOB_LOW] == 100_007
    assert (words[Input.VERDICT], words[Input.PASS], words[Input.COUNT]) == (3, 0, 1)
    assert (words[Input.TYPE], words[Input.POSITION], words[Input.SCORE]) == (2, 1, 7500)
    pulse(plc, Coil.ACKNOWLEDGE)
    words = read(plc)
    assert Status(words[Input.STATUS]) == Status.READY
    assert (words[Input.VERDICT], words[Input.JOB_LOW], words[Input.RESULTS]) == (0, 0, 1)


def test_only_ok_sets_the_pass_bit_in_the_word_and_the_discrete_inputs(
    plc: ModbusTcpClient, line: Line, wait_until: WaitUntil
) -> None:
    for job, verdict in enumerate(Verdict, start=1):
        trigger(plc, job)
        wait_until(lambda job=job: len(line.tickets) == job)
        line.say(verdict)
        wait_until(lambda: Status.VALID in status(plc))
        passes = verdict is Verdict.OK
        assert (Status.PASS in status(plc)) is passes
        bits = plc.read_discrete_inputs(0, count=5).bits[:5]
        assert bits == [True, False, True, passes, False]
        pulse(plc, Coil.ACKNOWLEDGE)


def test_a_trigger_before_the_acknowledgement_is_refused_and_said(
    plc: ModbusTcpClient, line: Line, wait_until: WaitUntil
) -> None:
    trigger(plc, 1)
    wait_until(lambda: line.tickets)
    line.say(Verdict.OK)
    wait_until(lambda: Status.VALID in status(plc))
    trigger(plc, 2)
    assert read(plc)[Input.ERROR] == LineError.TRIGGER_WHILE_BUSY
    assert Status.ERROR in status(plc)
    assert len(line.tickets) == 1
    pulse(plc, Coil.ACKNOWLEDGE)
    trigger(plc, 2)
    wait_until(lambda: len(line.tickets) == 2)


def test_a_coil_held_on_is_one_trigger(plc: ModbusTcpClient, line: Line, wait_until: WaitUntil) -> None:
    for _ in range(3):
        assert not plc.write_coil(Coil.TRIGGER, True).isError()
    wait_until(lambda: line.tickets)
    assert read(plc)[Input.ERROR] == LineError.NONE
    assert len(line.tickets) == 1
    line.say(Verdict.OK)


def test_every_trigger_is_a_part_of_its_own_whatever_its_job_id(line: Line) -> None:
    handshake = Handshake(line, TYPES, line)
    names = []
    for job in (5, 5, 6, 5, 0, 0):
        begun = handshake.begin(job)
        assert begun is not None
        names.append(begun.trigger_id)
        handshake.ask(begun, job)
        line.say(Verdict.OK)
        handshake.acknowledge()
    assert len(set(names)) == len(names)


def test_the_heartbeat_goes_round_and_a_problem_takes_readiness_away(plc: ModbusTcpClient, line: Line) -> None:
    assert read(plc)[Input.HEARTBEAT] == 70_000 & 0xFFFF
    line.problem = "The camera is gone."
    assert status(plc) == Status.ERROR
    assert read(plc)[Input.ERROR] == LineError.NOT_READY


def test_results_cannot_be_written_by_a_client(plc: ModbusTcpClient) -> None:
    assert plc.write_register(Input.PASS, 1).isError()


def test_words_of_a_missing_answer_never_pass() -> None:
    words = result_words(not_inspected("a", "nut", "h", "no camera", 1.0), 1, TYPES)
    assert (words[Input.PASS], words[Input.VERDICT], words[Input.SCORE]) == (0, 4, 0)
    strange = LineResult("a", "nut", "h", Verdict.NG, datetime.now(UTC), UNKNOWN_TYPE, "", 1, 5.0)
    assert result_words(strange, 1, TYPES)[Input.TYPE] == UNKNOWN_CODE
    assert result_words(strange, 1, TYPES)[Input.SCORE] == 10_000


def test_a_port_that_is_taken_is_said_in_a_sentence(port: int, line: Line) -> None:
    with pytest.raises(SourceError, match=f"Port {port}"):
        ModbusServer(Handshake(line, TYPES, line), port=port).start()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(modbus_bytes())
def test_whatever_bytes_come_the_server_answers_the_next_one(port: int, line: Line, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.settimeout(0.02)
        connection.sendall(sent)
        with contextlib.suppress(TimeoutError, ConnectionError):
            connection.recv(300)
    if line.tickets and line.tickets[-1].result is None:
        line.say(Verdict.OK)
    client = ModbusTcpClient("127.0.0.1", port=port, timeout=5)
    assert client.connect()
    words = read(client)
    client.close()
    assert words[Input.HEARTBEAT] == 70_000 & 0xFFFF
