"""Hostile bytes to the Modbus server, the HTTP trigger and the image decoder of a line: no crash, no hang."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pymodbus.client import ModbusTcpClient

from filo_core.errors import UnreadableImageError
from filo_core.imaging import decode_image
from filo_core.line.plc.handshake import Handshake
from filo_core.line.plc.register_map import Input
from filo_core.line.plc.server import ModbusServer
from filo_core.line.triggers.http import HttpTrigger
from filo_core.line.triggers.token import new_token
from tools.brightness import Brightness
from tools.hostile_bytes import http_bytes, image_bytes, modbus_bytes
from tools.line_rig import line_in
from tools.soak_line.findings import ROOT, Findings, Unit
from tools.stream_rig import free_port

MODBUS, HTTP, IMAGES = KINDS = ("Modbus server", "HTTP trigger", "image decoder")
INPUTS_A_UNIT = 250
_LONGEST_UNIT_S = 600.0
_ANSWER_S = 10.0
_DEADLINE_S = 0.3
_REPLY_S = 0.02
"""So long a reply to hostile bytes is waited for; there may be none."""

_TOKEN = new_token()

Try = Callable[[bytes], None]


def units(home: Path, done: list[Unit], wanted: int) -> Iterator[Unit]:
    """Each in a process of its own, which may crash or hang, with a seed of its own."""
    for number in range(wanted):
        for kind in KINDS:
            if sum(unit["kind"] == kind for unit in done) > number:
                continue
            yield {"kind": kind, "seed": number} | _run(home / f"{KINDS.index(kind)}-{number}", kind, number)


def _run(home: Path, kind: str, number: int) -> Unit:
    command = [sys.executable, "-m", "tools.soak_line.fuzz", str(home), kind, str(number), str(INPUTS_A_UNIT)]
    try:
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_LONGEST_UNIT_S, check=False)
    except subprocess.TimeoutExpired:
        return {"inputs": 0, "slowest_s": _LONGEST_UNIT_S, "fault": "hung"}
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or [""])[-1]
        return {"inputs": 0, "slowest_s": 0.0, "fault": f"ended with {ended.returncode}: {last}"}
    unit: Unit = json.loads(ended.stdout.splitlines()[-1])
    return unit


def measure(home: Path, kind: str, number: int, inputs: int) -> Unit:
    """Try so many inputs, the same for the same number; an input that is not taken well ends it with an error."""
    strategies: dict[str, st.SearchStrategy[bytes]] = {
        MODBUS: modbus_bytes(),
        HTTP: http_bytes(_TOKEN),
        IMAGES: image_bytes(),
    }
    tried, slowest = 0, 0.0
    with _target(home, kind) as try_one:

        @seed(number)
        @settings(
            max_examples=inputs,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=HealthCheck,
        )
        @given(strategies[kind])
        def try_all(sent: bytes) -> None:
            nonlocal tried, slowest
            begun = time.monotonic()
            try_one(sent)
            tried, slowest = tried + 1, max(slowest, time.monotonic() - begun)

        try_all()
    return {"inputs": tried, "slowest_s": slowest, "fault": ""}


@contextmanager
def _target(home: Path, kind: str) -> Iterator[Try]:
    """What is tried, on a real line where it belongs to one; every trigger must have its answer in the end."""
    if kind == IMAGES:
        # What Pillow has to say of damaged files.
        warnings.simplefilter("ignore")
        yield _try_image
        return
    home.mkdir(parents=True, exist_ok=True)
    with line_in(home, detector=Brightness(), deadline_s=_DEADLINE_S) as line:
        if kind == HTTP:
            server = HttpTrigger(line.station, token=_TOKEN, longest_s=2.0)
            line_part, try_one = server, partial(_try_http, server.port)
        else:
            port = free_port()
            handshake = Handshake(line.announcer, (), line.announcer)
            line.announcer.readers.append(handshake)
            line_part, try_one = ModbusServer(handshake, port=port), partial(_try_modbus, port)
        line_part.start()
        try:
            yield try_one
        finally:
            line_part.stop()
        until = time.monotonic() + _ANSWER_S
        while line.station.is_busy and time.monotonic() < until:
            time.sleep(0.01)
        counters = line.station.counters
        assert counters.triggers == counters.answers, f"{counters.triggers} triggers, {counters.answers} answers"


def _try_image(sent: bytes) -> None:
    try:
        image = decode_image(sent, "part", max_pixels=1_000_000)
    except UnreadableImageError as error:
        if not error.reason:
            raise AssertionError("a refusal says why") from error
    else:
        assert image.pixels.shape[2] == 3, "a picture is RGB"


def _try_modbus(port: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_S) as connection:
        connection.settimeout(_REPLY_S)
        with contextlib.suppress(TimeoutError, ConnectionError):
            connection.sendall(sent)
            connection.recv(300)
    client = ModbusTcpClient("127.0.0.1", port=port, timeout=_ANSWER_S)
    assert client.connect(), "the next one is let in"
    answer = client.read_input_registers(0, count=len(Input))
    client.close()
    assert not answer.isError(), "the next one is answered"


def _try_http(port: int, sent: bytes) -> None:
    connection = socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_S)
    with connection, contextlib.suppress(ConnectionError):
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    asking = HTTPConnection("127.0.0.1", port, timeout=_ANSWER_S)
    asking.request("GET", "/state", headers={"Authorization": f"Bearer {_TOKEN}"})
    assert asking.getresponse().status == 200, "the next one is answered"
    asking.close()


def findings(done: list[Unit]) -> Findings:
    """The table of what was tried."""
    found = Findings("Hostile bytes", ("to the", "inputs", "runs", "crashes, hangs, wrong answers", "slowest input"))
    for kind in KINDS:
        of_kind = [unit for unit in done if unit["kind"] == kind]
        if not of_kind:
            continue
        faults = [unit for unit in of_kind if unit["fault"]]
        slowest = max(unit["slowest_s"] for unit in of_kind)
        inputs = sum(unit["inputs"] for unit in of_kind)
        found.rows.append((kind, f"{inputs:,}", len(of_kind), len(faults), f"{slowest:.2f} s"))
        for unit in faults:
            found.faults.append(f"{kind}, seed {unit['seed']}: {unit['fault']}")
    found.note = (
        "Drawn by hypothesis, a seed a run: anything, whole frames and requests with anything in them, damaged and cut "
        "pictures of seven formats. After each input the next request must be answered; servers stand on a real line, "
        "whose triggers must all have an answer in the end."
    )
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
