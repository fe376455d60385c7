"""Attacks on the line: a result that is not this part's, a trigger from who may not ask."""

from __future__ import annotations

import socket
import struct
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from filo_core.errors import FiloError
from filo_core.line.plc.register_map import Coil, Holding, Input, Status
from filo_core.line.supervised import SupervisedDetector
from filo_core.line.triggers.http import HttpTrigger
from tools.audit_attacks.frame import Attack, Finding
from tools.audit_attacks.slow_model import SLOW, make_slow
from tools.audit_attacks.stands import (
    PATIENCE_S,
    TOKEN,
    Camera,
    Gated,
    Plc,
    asked_by_http,
    asked_by_plc,
    is_open,
    post,
    until,
)
from tools.brightness import Brightness
from tools.line_rig import line_in
from tools.stream_rig import free_port
from workflows.line.doors import Doors
from workflows.line.triggers import make_plc
from workflows.settings.output_address import Output

_READ_ALL = struct.pack(">HHHBBHH", 2, 0, 6, 1, 4, 0, len(Input))
_RAISE_TRIGGER = struct.pack(">HHHBBHH", 1, 0, 6, 1, 5, Coil.TRIGGER, 0xFF00)


def restarted_plc(home: Path) -> Finding:
    """A PLC that counts its jobs anew triggers before it acknowledges."""
    with asked_by_plc(home) as (line, port, stack):
        plc = Plc(port, stack)
        plc.trigger(1)
        until(lambda: Status.VALID in plc.status)
        plc.trigger(1)
        read, judged = plc.read(), line.station.counters.answers
    held = not read[Input.PASS] and not read[Input.VERDICT] and judged == 1
    return Finding(
        "PLC restarted between result and acknowledgement", held, f"pass {read[Input.PASS]}, error {read[Input.ERROR]}"
    )


def restarted_while_busy(home: Path) -> Finding:
    """A PLC that counts its jobs anew triggers while its first part is judged."""
    gate = Gated()
    with asked_by_plc(home, gate) as (line, port, stack):
        plc = Plc(port, stack)
        plc.trigger(1)
        until(lambda: line.station.is_busy)
        plc.trigger(1)
        plc.client.write_coil(Coil.ACKNOWLEDGE, True)
        gate.go_on.set()
        until(lambda: Status.BUSY not in plc.status)
        read = plc.read()
    return Finding(
        "PLC restarted while its part was under way",
        not read[Input.PASS] and read[Input.RESULTS] == 1,
        f"pass {read[Input.PASS]}, missed {read[Input.MISSED]}, refused {read[Input.REFUSED]}",
    )


def died_with_coil_raised(home: Path) -> Finding:
    """A PLC dies with its coil raised, and raises it again over a new connection."""
    with asked_by_plc(home) as (_, port, stack):
        first = Plc(port, stack)
        first.client.write_coil(Coil.TRIGGER, True)
        until(lambda: Status.VALID in first.status)
        first.client.close()
        again = Plc(port, stack)
        until(lambda: not again.client.write_coil(Coil.TRIGGER, True).isError())
        read = again.read()
    return Finding("PLC died with its coil raised", not read[Input.PASS], f"pass {read[Input.PASS]} after its trigger")


def restarted_with_coil_raised(home: Path) -> Finding:
    """A PLC whose connection stays is started again with its coil raised, and counts its jobs anew."""
    with asked_by_plc(home) as (_, port, stack):
        plc = Plc(port, stack)
        for job in (7, 1):
            plc.client.write_register(Holding.JOB_LOW, job)
            plc.client.write_coil(Coil.TRIGGER, True)
            until(lambda job=job: Status.VALID in plc.status or job == 1)
        read = plc.read()
    return Finding("PLC started again with its coil raised", not read[Input.PASS], f"pass {read[Input.PASS]}")


def second_client(home: Path) -> Finding:
    """Another client acknowledges, triggers and names jobs."""
    with asked_by_plc(home) as (line, port, stack):
        plc, other = Plc(port, stack), Plc(port, stack)
        plc.trigger(1)
        until(lambda: Status.VALID in plc.status)
        tried = [
            other.client.write_coils(Coil.TRIGGER, [True, True]),
            other.client.write_registers(Holding.JOB_HIGH, [0, 9]),
            other.client.mask_write_register(address=Holding.JOB_LOW, and_mask=0, or_mask=9),
        ]
        stands = Status.VALID in plc.status and line.station.counters.triggers == 1
    refused = sum(answer.isError() for answer in tried)
    return Finding("Second client writes to the PLC's registers", stands and refused == 3, f"{refused} of 3 refused")


def two_requests_at_once(home: Path) -> Finding:
    """A trigger is overtaken by the request that follows it at once."""
    gate = Gated()
    with asked_by_plc(home, gate) as (_, port, stack):
        stack.callback(gate.go_on.set)
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S))
        connection.sendall(_RAISE_TRIGGER + _READ_ALL)
        got = b""
        while len(got) < 12 + 9 + 2 * len(Input):
            got += connection.recv(300)
        status = Status(struct.unpack(">H", got[21 + 2 * Input.STATUS :][:2])[0])
    return Finding("Trigger and read in one packet", Status.BUSY in status, f"read after the trigger: {status!r}")


def modbus_flood(home: Path) -> Finding:
    """Connections without end to the Modbus server."""
    with asked_by_plc(home) as (_, port, stack):
        plc = Plc(port, stack)
        plc.client.write_coil(Coil.ACKNOWLEDGE, True)
        flood = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5)) for _ in range(60)]
        until(lambda: sum(map(is_open, flood)) <= 15)
        is_served = bool(plc.read()[Input.STATUS])
        left = sum(map(is_open, flood))
    return Finding("60 connections to the Modbus server", is_served and left <= 15, f"{left} left open, the PLC served")


def listening_everywhere(home: Path) -> Finding:
    """A Modbus server for the whole network by a slip."""
    opened = []
    with line_in(home, source=Camera(), detector=Brightness()) as line:
        for host in ("0.0.0.0", "0", "::"):  # noqa: S104 what is refused
            with suppress(FiloError):
                make_plc(Output(address=f"modbus:{host}:{free_port()}"), line, Doors())
                opened.append(host)
    return Finding("Modbus on every network without a word", not opened, f"opened on: {', '.join(opened) or 'none'}")


def old_repetition(home: Path) -> Finding:
    """An id is sent again for the next part."""
    with asked_by_http(home, deadline_s=0.1) as (_, server):
        first = post(server, "7")[1]
        time.sleep(0.2)
        again = post(server, "7")[1]
    held = first["reads_as"] == "OK" and again["repeated"] and again["reads_as"] == "NG"
    return Finding("HTTP id used again for another part", held, f"reads as {again['reads_as']}, {again['age_s']} s old")


def id_of_another(home: Path) -> Finding:
    """A second controller counts from 1 as well."""
    with asked_by_http(home, deadline_s=60.0) as (_, server):
        post(server, "1")
        status, answer = post(server, "1", "127.0.0.2")
    return Finding("HTTP id of another caller", answer.get("reads_as") == "NG", f"{status}, reads as NG")


def id_of_before_the_start(home: Path) -> Finding:
    """An id is sent again after the line was started anew."""
    with asked_by_http(home, deadline_s=60.0) as (_, server):
        post(server, "1")
    with asked_by_http(home, deadline_s=60.0) as (_, server):
        answer = post(server, "1")[1]
    return Finding("HTTP id of before the start", answer["reads_as"] == "NG", f"repeated: {answer['repeated']}")


def web_page(home: Path) -> Finding:
    """A page in a browser on the station triggers."""
    tries = (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Authorization": ""},
    )
    with asked_by_http(home) as (line, server):
        statuses = [post(server, "1", **headers)[0] for headers in tries]
        triggered = line.station.counters.triggers
    held = not triggered and all(status in {400, 401, 403, 415} for status in statuses)
    return Finding("Web page in a browser on the station", held, f"answered with {', '.join(map(str, statuses))}")


def weak_token(home: Path) -> Finding:
    """No token, or one that can be guessed."""
    opened = []
    with line_in(home, source=Camera(), detector=Brightness()) as line:
        for token in ("", "geheim", "a" * 64, "1234567890"):
            with suppress(FiloError):
                HttpTrigger(line.announcer, token=token).stop()
                opened.append(token)
    return Finding("HTTP without a token of 128 bits", not opened, f"opened with {len(opened)} of 4")


def guessed_token(home: Path) -> Finding:
    """Tokens are guessed one after the other."""
    begun = time.monotonic()
    with asked_by_http(home) as (_, server):
        statuses = {post(server, "1", Authorization=f"Bearer {number}")[0] for number in range(4)}
        seconds = time.monotonic() - begun
        right = post(server, "1")[0]
    held = statuses == {401} and seconds > 2.0 and right == 200
    return Finding("HTTP token guessed", held, f"4 guesses took {seconds:.1f} s; the right one still let in")


def half_open_requests(home: Path) -> Finding:
    """Requests that are never finished hold every place."""
    slowest = 0.0
    with asked_by_http(home) as (_, server), ExitStack() as stack:
        for number in range(5):
            for _ in range(16):
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=5))
                connection.sendall(b"POST /trigger HTTP/1.1\r\nHost: ")
            begun = time.monotonic()
            status = post(server, f"part-{number}")[0]
            slowest = max(slowest, time.monotonic() - begun)
            if status != 200:
                return Finding("Half-open requests starve a controller", held=False, how=f"answered with {status}")
    return Finding(
        "Half-open requests starve a controller", slowest < 2.0, f"80 of them; slowest answer {slowest:.2f} s"
    )


def slow_picture(home: Path) -> Finding:
    """A picture that takes longer than the deadline."""
    camera = Camera()
    camera.brightness = SLOW
    detector = SupervisedDetector(make_slow, "cpu")
    try:
        detector.wait_ready()
        process = detector.pid
        with line_in(home, source=camera, detector=detector, deadline_s=1.0) as line:
            server = HttpTrigger(line.announcer, token=TOKEN)
            server.start()
            try:
                late = post(server, "slow")[1]
                camera.brightness = 0
                names = map(str, range(1_000_000))
                until(lambda: post(server, next(names))[1]["reads_as"] == "OK")
            finally:
                server.stop()
        held = late["reads_as"] == "NG" and (detector.pid, detector.restarts) == (process, 0)
        return Finding(
            "Picture that takes longer than the deadline", held, f"model restarted {detector.restarts} times"
        )
    finally:
        detector.close()


ATTACKS: tuple[Attack, ...] = (
    restarted_plc,
    restarted_while_busy,
    died_with_coil_raised,
    restarted_with_coil_raised,
    second_client,
    two_requests_at_once,
    modbus_flood,
    listening_everywhere,
    old_repetition,
    id_of_another,
    id_of_before_the_start,
    web_page,
    weak_token,
    guessed_token,
    half_open_requests,
    slow_picture,
)
