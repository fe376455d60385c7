"""What the attacks on the line are made against: lines with a camera, a PLC, a caller of the HTTP trigger."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pymodbus.client import ModbusTcpClient

from filo_core.line.plc.register_map import Coil, Holding, Input, Status
from filo_core.line.sinks.base import Message, Readiness, Seal, SinkError
from filo_core.line.sources.base import Frame, SourceState
from filo_core.line.triggers.http import HttpTrigger
from filo_core.line.triggers.token import new_token
from tools.brightness import Brightness
from tools.line_rig import line_in
from tools.stream_rig import free_port
from workflows.line.doors import Doors
from workflows.line.triggers import make_plc
from workflows.settings.output_address import Output

if TYPE_CHECKING:
    from filo_core.method.interfaces import Detector
    from filo_core.types import Prediction
    from workflows.line.run import Line

TOKEN = new_token()
PATIENCE_S = 60.0


class Camera:
    """Shows the same good part for ever; a picture whenever one is wanted."""

    name = "camera"
    problem = ""
    frames = dropped = 0
    state = SourceState.RUNNING
    brightness = 0

    def start(self) -> None:
        """It runs."""

    def stop(self) -> None:
        """It needs none."""

    def newest(self) -> Frame:
        """A picture of now."""
        self.frames += 1
        pixels = np.full((16, 16, 3), self.brightness, np.uint8)
        return Frame(pixels, self.frames, datetime.now(UTC), time.monotonic())

    def wait(self, _timeout: float) -> bool:
        """There is one."""
        return True


class Gated(Brightness):
    """Judges only once it is let."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def predict(self, pixels: Any) -> Prediction:
        """As brightness does, later."""
        self.go_on.wait(PATIENCE_S)
        return super().predict(pixels)


def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, but not for ever."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("what the attack waits for did not come")
        time.sleep(0.01)


class Plc:
    """A client of the Modbus server."""

    def __init__(self, port: int, stack: ExitStack) -> None:
        self.client = ModbusTcpClient("127.0.0.1", port=port, timeout=5, retries=0)
        stack.callback(self.client.close)
        if not self.client.connect():
            raise ConnectionError("the server took no connection")

    def read(self) -> dict[Input, int]:
        """The input registers."""
        return dict(zip(Input, self.client.read_input_registers(0, count=len(Input)).registers, strict=True))

    def trigger(self, job: int) -> None:
        """As a PLC asks that looks at nothing before."""
        self.client.write_register(Holding.JOB_LOW, job)
        self.client.write_coil(Coil.TRIGGER, True)
        self.client.write_coil(Coil.TRIGGER, False)

    @property
    def status(self) -> Status:
        """The status word."""
        return Status(self.read()[Input.STATUS])


@contextmanager
def asked_by_plc(home: Path, detector: Detector | None = None) -> Iterator[tuple[Line, int, ExitStack]]:
    """A line that a PLC asks, its port, and what ends with it."""
    port = free_port()
    with line_in(home, source=Camera(), detector=detector or Brightness()) as line, ExitStack() as stack:
        part = make_plc(Output(address=f"modbus:127.0.0.1:{port}"), line, Doors())
        part.start()
        stack.callback(part.stop)
        yield line, port, stack


@contextmanager
def asked_by_http(home: Path, deadline_s: float = 2.0) -> Iterator[tuple[Line, HttpTrigger]]:
    """A line that is asked by HTTP."""
    with line_in(home, source=Camera(), detector=Brightness()) as line:
        server = HttpTrigger(line.announcer, token=TOKEN, deadline_s=deadline_s)
        server.start()
        try:
            yield line, server
        finally:
            server.stop()


def post(server: HttpTrigger, name: str, address: str = "127.0.0.1", **headers: str) -> tuple[int, dict[str, Any]]:
    """Status and answer of a trigger; a header that is empty is left out."""
    usual = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    named = {header.replace("_", "-"): value for header, value in headers.items()}
    sent = {header: value for header, value in (usual | named).items() if value}
    asking = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S, source_address=(address, 0))
    with closing(asking):
        asking.request("POST", "/trigger", json.dumps({"id": name}), sent)
        answer = asking.getresponse()
        return answer.status, json.loads(answer.read())


def is_open(connection: socket.socket) -> bool:
    """Whether the other side still holds a connection over which nothing is sent."""
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


class Away:
    """A receiver that takes nothing, so that every message waits."""

    name = "receiver"

    def deliver(self, message: Message) -> None:  # noqa: ARG002
        """It is away."""
        raise SinkError("The receiver is away. Check its plug.")

    def tell(self, readiness: Readiness) -> None:
        """Nobody hears it."""

    def tell_alarm(self, seal: Seal) -> None:
        """Nobody hears it."""

    def check(self) -> None:
        """Nobody asks."""

    def keep_alive(self) -> None:
        """There is no connection."""

    def close(self) -> None:
        """There is nothing to close."""
