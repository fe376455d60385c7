"""HTTP: ``POST /trigger`` with an id is answered with the verdict.

Loopback only unless told otherwise; body, time and number of connections are bounded. The routes:

* ``POST /trigger`` with ``{"id": "..."}``: 200 and the result. The same id again gets the same result.
* ``GET /state``: ready, busy, heartbeat, problem.
"""

from __future__ import annotations

import hmac
import json
import re
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from filo_core.errors import SourceError
from filo_core.line.triggers.base import Trigger, TriggerKind
from filo_core.loops import Loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from filo_core.line.triggers.base import StationState

MOST_BYTES = 4096
_MOST_CONNECTIONS = 16
_IDLE_S = 5.0
_TRIGGER_ID = re.compile(r"[A-Za-z0-9._:-]{1,80}")


class HttpTrigger:
    """A small server with a thread a connection.

    Args:
        station: answers the triggers.
        host: loopback unless the network is to reach it; then give a token.
        port: 0 takes a free one, see ``port``.
        token: asked for as ``Authorization: Bearer``; none is asked for when empty.
        longest_s: longest life of a connection.

    Raises:
        SourceError: if the port is taken, or the network is to reach it without a token.
    """

    def __init__(
        self, station: StationState, host: str = "127.0.0.1", port: int = 0, token: str = "", longest_s: float = 30.0
    ) -> None:
        if not token and host not in {"127.0.0.1", "::1", "localhost"}:
            raise SourceError(f"The HTTP trigger on {host} could be reached by anybody. Set FILO_LINE_TOKEN first.")
        handler = type("_Handler", (_Handler,), {"station": station, "token": token})
        try:
            self._server = _Server((host, port), handler, longest_s)
        except OSError as error:
            raise SourceError(f"Port {port} of {host} cannot be used ({error.strerror}). Choose another.") from error
        self._loop = Loop("filo-http", self._serve, "answers HTTP")

    @property
    def problem(self) -> str:
        """Why it does not answer now, as a sentence; empty when all is well."""
        return self._loop.problem

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to listen."""
        self._loop.start()

    def stop(self) -> None:
        """Close the port and every connection."""
        self._loop.ask_to_stop()
        if self._loop.is_running:
            self._server.shutdown()
            self._loop.join()
        self._server.server_close()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: Callable[..., _Handler], longest_s: float) -> None:
        self.longest_s = longest_s
        self._free = threading.Semaphore(_MOST_CONNECTIONS)
        self._connections: set[socket.socket] = set()
        # Last: it closes again what it could not open.
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        self._connections.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        # A client that sends a byte now and then would hold its place for ever.
        limit = threading.Timer(self.longest_s, _hang_up, (request,))
        limit.daemon = True
        limit.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            limit.cancel()
            limit.join()
            self._connections.discard(request)
            self._free.release()

    def server_close(self) -> None:
        for connection in list(self._connections):
            _hang_up(connection)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no event."""


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It is gone already.
        return


class _Handler(BaseHTTPRequestHandler):
    station: StationState
    token: str
    timeout = _IDLE_S
    server_version = "FiLo"
    sys_version = ""

    def do_GET(self) -> None:
        if not self._may_enter():
            return
        if self.path != "/state":
            self._say(HTTPStatus.NOT_FOUND, {"error": "There is nothing here. Ask for /state, or post to /trigger."})
            return
        station = self.station
        state = {"ready": not station.problem, "busy": station.is_busy, "heartbeat": station.heartbeat}
        self._say(HTTPStatus.OK, state | {"problem": station.problem})

    def do_POST(self) -> None:
        if not self._may_enter():
            return
        if self.path != "/trigger":
            self._say(HTTPStatus.NOT_FOUND, {"error": "There is nothing here. Post to /trigger."})
            return
        trigger_id = self._read_id()
        if trigger_id is None:
            return
        result = self.station.ask(Trigger(f"http-{trigger_id}", TriggerKind.HTTP)).wait(self._longest_wait())
        if result is None:
            self._say(HTTPStatus.GATEWAY_TIMEOUT, {"error": "The line did not answer.", "reads_as": "NG"})
        else:
            self._say(HTTPStatus.OK, json.loads(result.to_json()))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the name is http.server's
        """What clients send is not worth a line on the operator's screen."""

    def _longest_wait(self) -> float:
        assert isinstance(self.server, _Server)
        # The answer has to be out before the connection is cut.
        return 0.8 * self.server.longest_s

    def _may_enter(self) -> bool:
        given = self.headers.get("Authorization", "")
        if not self.token or hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            return True
        self._say(HTTPStatus.UNAUTHORIZED, {"error": "The token is missing or wrong."})
        return False

    def _read_id(self) -> str | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or not length.isascii():
            self._say(HTTPStatus.LENGTH_REQUIRED, {"error": "Say how long the body is."})
            return None
        if len(length) > 6 or int(length) > MOST_BYTES:
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"At most {MOST_BYTES} bytes are read."})
            return None
        try:
            content = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            content = None
        trigger_id = content.get("id") if isinstance(content, dict) else None
        if not isinstance(trigger_id, str) or not _TRIGGER_ID.fullmatch(trigger_id):
            sentence = 'Send {"id": "..."} with 1 to 80 letters, digits, dots, colons, dashes or underlines.'
            self._say(HTTPStatus.BAD_REQUEST, {"error": sentence})
            return None
        return trigger_id

    def _say(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True
