from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from pymodbus.client import ModbusTcpClient
from pymodbus.constants import ExcCodes

from filo_core.errors import SourceError
from filo_core.line.plc.access import Bounds, ModbusAccess, networks_of
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
def connect(port: int) -> Iterator[Callable[[], ModbusTcpClient]]:
    """Connect one more client; all are closed at the end."""
    clients: list[ModbusTcpClient] = []

    def made() -> ModbusTcpClient:
        clients.append(ModbusTcpClient("127.0.0.1", port=port, timeout=5, retries=0))
        assert clients[-1].connect()
        return clients[-1]

    yield made
    for client in clients:
        client.close()


@pytest.fixture
def plc(connect: Callable[[], ModbusTcpClient]) -> ModbusTcpClient:
    return connect()


@contextlib.contextmanager
def serving(line: Line, access: ModbusAccess) -> Iterator[int]:
    """A server with other rules than the usual ones; its port."""
    found = free_port()
    server = ModbusServer(Handshake(line, TYPES, line), port=found, access=access)
    server.start()
    try:
        yield found
    finally:
        server.stop()


def is_open(connection: socket.socket) -> bool:
    """Whether the server still holds a connection over which nothing is sent."""
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


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
    assert status(plc) == Status.READY | Status.ERROR
    assert read(plc)[Input.PASS] == 0
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
    before = read(plc)
    # What can be written at all is another table: the command, and what names the next part.
    plc.write_register(Input.PASS, 1)
    assert read(plc)[Input.PASS] == before[Input.PASS]
    assert plc.write_register(500, 1).isError()


def test_words_of_a_missing_answer_never_pass() -> None:
    words = result_words(not_inspected("a", "nut", "h", "no camera", 1.0), 1, TYPES)
    assert (words[Input.PASS], words[Input.VERDICT], words[Input.SCORE]) == (0, 4, 0)
    strange = LineResult("a", "nut", "h", Verdict.NG, datetime.now(UTC), UNKNOWN_TYPE, "", 1, 5.0)
    assert result_words(strange, 1, TYPES)[Input.TYPE] == UNKNOWN_CODE
    assert result_words(strange, 1, TYPES)[Input.SCORE] == 10_000


def test_a_port_that_is_taken_is_said_in_a_sentence(port: int, line: Line) -> None:
    with pytest.raises(SourceError, match=f"Port {port}"):
        ModbusServer(Handshake(line, TYPES, line), port=port).start()


def test_a_second_client_reads_and_neither_triggers_nor_acknowledges_nor_names_a_job(
    plc: ModbusTcpClient, connect: Callable[[], ModbusTcpClient], line: Line, wait_until: WaitUntil
) -> None:
    trigger(plc, 7)
    wait_until(lambda: line.tickets)
    line.say(Verdict.OK)
    wait_until(lambda: Status.VALID in status(plc))
    other = connect()
    assert read(other)[Input.JOB_LOW] == 7
    refused = [
        other.write_coil(Coil.ACKNOWLEDGE, True),
        other.write_coils(Coil.TRIGGER, [True, True]),
        other.write_register(Holding.JOB_LOW, 9),
        other.write_registers(Holding.JOB_HIGH, [1, 9]),
        other.mask_write_register(address=Holding.JOB_LOW, and_mask=0, or_mask=9),
        other.readwrite_registers(read_address=0, read_count=1, write_address=0, values=[9]),
    ]
    assert [answer.exception_code for answer in refused] == [ExcCodes.DEVICE_BUSY] * len(refused)
    assert read(plc)[Input.PASS] == 1
    assert plc.read_holding_registers(0, count=2).registers == [0, 7]
    assert len(line.tickets) == 1


def test_once_the_first_client_has_left_the_next_may_write_and_its_coil_is_an_edge(
    plc: ModbusTcpClient, connect: Callable[[], ModbusTcpClient], line: Line, wait_until: WaitUntil
) -> None:
    assert not plc.write_coil(Coil.TRIGGER, True).isError()
    wait_until(lambda: line.tickets)
    line.say(Verdict.OK)
    plc.close()
    other = connect()
    wait_until(lambda: not other.write_coil(Coil.TRIGGER, True).isError())
    assert other.read_coils(0, count=2).bits[:2] == [True, False]
    assert (read(other)[Input.PASS], read(other)[Input.ERROR]) == (0, LineError.TRIGGER_WHILE_BUSY)


def test_a_client_that_is_not_on_the_list_only_reads(line: Line) -> None:
    with serving(line, ModbusAccess(writers=networks_of(["10.0.0.7"]))) as found:
        client = ModbusTcpClient("127.0.0.1", port=found, timeout=5)
        assert client.connect()
        assert read(client)[Input.HEARTBEAT] == 70_000 & 0xFFFF
        assert client.write_coil(Coil.TRIGGER, True).exception_code == ExcCodes.ILLEGAL_FUNCTION
        client.close()
    assert line.tickets == []


def test_two_requests_that_come_at_once_are_both_answered_the_trigger_first(port: int, line: Line) -> None:
    raise_coil = struct.pack(">HHHBBHH", 1, 0, 6, 1, 5, Coil.TRIGGER, 0xFF00)
    read_all = struct.pack(">HHHBBHH", 2, 0, 6, 1, 4, 0, len(Input))
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        # Cut in the middle of the second one, whose beginning must not be lost either.
        connection.sendall(raise_coil + read_all[:5])
        first = connection.recv(12)
        connection.sendall(read_all[5:])
        second = connection.recv(300)
    assert (first[:2], second[:2]) == (b"\0\1", b"\0\2")
    registers = struct.unpack(f">{len(Input)}H", second[9:])
    assert Status.BUSY in Status(registers[Input.STATUS])


def test_connections_are_bounded_and_those_that_were_first_are_served_on(line: Line, wait_until: WaitUntil) -> None:
    with serving(line, ModbusAccess(bounds=Bounds(most=6, most_of_one=4))) as found, contextlib.ExitStack() as closing:
        plc = ModbusTcpClient("127.0.0.1", port=found, timeout=5)
        closing.callback(plc.close)
        assert plc.connect()
        assert not plc.write_coil(Coil.ACKNOWLEDGE, True).isError()
        flood = [closing.enter_context(socket.create_connection(("127.0.0.1", found), timeout=5)) for _ in range(9)]
        wait_until(lambda: sum(is_open(connection) for connection in flood) == 3)
        assert read(plc)[Input.HEARTBEAT] == 70_000 & 0xFFFF
        # Another address has room of its own.
        other = socket.create_connection(("127.0.0.1", found), timeout=5, source_address=("127.0.0.2", 0))
        closing.enter_context(other)
        other.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 1, 4, 0, 1))
        assert other.recv(300)


def test_a_connection_without_requests_is_closed_be_it_fed_half_a_request_at_times(
    line: Line, wait_until: WaitUntil
) -> None:
    with (
        serving(line, ModbusAccess(bounds=Bounds(idle_s=0.3))) as found,
        socket.create_connection(("127.0.0.1", found), timeout=5) as idle,
        socket.create_connection(("127.0.0.1", found), timeout=5) as slow,
    ):
        pieces = iter(struct.pack(">HHHBBHH", 1, 0, 6, 1, 4, 0, 1)[:-1])

        def is_closed() -> bool:
            with contextlib.suppress(ConnectionError, StopIteration):
                slow.sendall(bytes([next(pieces)]))
            return not is_open(idle) and not is_open(slow)

        wait_until(is_closed)


@pytest.mark.parametrize("host", ["0.0.0.0", "", "0", "::", "::0", "0:0:0:0:0:0:0:0"])
def test_every_network_of_the_machine_reaches_it_only_where_that_is_said(line: Line, host: str) -> None:
    handshake = Handshake(line, TYPES, line)
    with pytest.raises(SourceError, match="FILO_MODBUS_EVERYWHERE"):
        ModbusServer(handshake, host)
    ModbusServer(handshake, host, access=ModbusAccess(everywhere=True)).stop()


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
