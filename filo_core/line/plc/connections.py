"""The connections to the Modbus server: which of them may write, how many there are, how long one may be silent."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, cast

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ExceptionResponse
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from filo_core.line.plc.access import Bounds
    from filo_core.line.plc.panel import Panel

_READS = frozenset({1, 2, 3, 4})
_SILENT_S = 2.0
"""A connection silent for so long, which is more than a PLC may be, gives its place to a newcomer."""
_GONE_S = 2
"""So long after the last sign of a client it is asked for one, three times a second apart: a PLC that lost its power
must not hold the right to write."""


class BoundedServer(ModbusTcpServer):
    """A server with bounded connections, of which one at a time may write.

    Args:
        device: see ``ModbusTcpServer``.
        address: host and port.
        panel: says who may write.
        bounds: of the connections.
    """

    def __init__(self, device: Any, address: tuple[str, int], panel: Panel, bounds: Bounds) -> None:
        super().__init__(device, address=address)
        self.panel = panel
        self.bounds = bounds
        self.open: list[Connection] = []
        """In the order of their last request, the longest silent first."""

    def callback_new_connection(self) -> Connection:
        """A handler for a client that connects."""
        return Connection(self)

    def admit(self, newcomer: Connection) -> bool:
        """Whether there is room for one more; a silent connection makes room."""
        of_one = [one for one in self.open if one.address == newcomer.address]
        for others, most in ((of_one, self.bounds.most_of_one), (self.open, self.bounds.most)):
            if len(others) >= most and not self._make_room(others):
                return False
        self.open.append(newcomer)
        return True

    def _make_room(self, connections: list[Connection]) -> bool:
        silent = (one for one in connections if one.silent_s > _SILENT_S and one is not self.panel.holder)
        longest = next(silent, None)
        if longest is not None:
            longest.hang_up()
        return longest is not None


class Connection(ServerRequestHandler):
    """Answers one client.

    pymodbus keeps only the newest request until it is answered, so that of two which come at once the first would be
    lost, be it a trigger. Here each is answered in its turn.
    """

    def __init__(self, owner: BoundedServer) -> None:
        untyped: Any = super()
        untyped.__init__(owner, owner.trace_packet, owner.trace_pdu, owner.trace_connect)
        self._owner = owner
        self._idle: TimerHandle | None = None
        self._last = self.loop.time()
        self._answers: set[asyncio.Task[None]] = set()
        self.address = ""

    @property
    def silent_s(self) -> float:
        """Seconds since its last request."""
        return self.loop.time() - self._last

    def callback_connected(self) -> None:
        """There is a client: let it in, or hang up."""
        super().callback_connected()
        peer = self.transport.get_extra_info("peername")
        self.address = peer[0] if peer else ""
        if not self._owner.admit(self):
            self.hang_up()
            return
        _watch_for_loss(self.transport.get_extra_info("socket"))
        self._stay()

    def callback_disconnected(self, exc: Exception | None) -> None:
        """The client is gone."""
        super().callback_disconnected(exc)
        self._leave()

    def callback_data(self, data: bytes, addr: Any = None) -> int:
        """Take every whole request out of ``data``; how many bytes they were."""
        used = 0
        while used < len(data):
            taken = super().callback_data(data[used:], addr)
            used += taken
            if self.last_pdu is None:
                break
            self._stay()
            answer = self.loop.create_task(self._answer(self.last_pdu))
            self._answers.add(answer)
            answer.add_done_callback(self._answers.discard)
        return used

    def handle_later(self) -> None:
        """Nothing is left for later: :meth:`callback_data` has every request answered in its turn."""

    def send(self, data: bytes, addr: Any = None) -> None:
        """Send an answer; the beginning of the next request, which pymodbus would throw away, stays."""
        begun = self.recv_buffer
        super().send(data, addr)
        self.recv_buffer = begun

    def hang_up(self) -> None:
        """End the connection now."""
        # None once it is closed, whatever pymodbus declares.
        transport = cast("asyncio.Transport | None", self.transport)
        if transport is not None:
            transport.abort()
        self._leave()

    async def _answer(self, request: Any) -> None:
        panel = self._owner.panel
        if request.function_code in _READS or panel.may_write(self, self.address):
            # Never suspended between here and its answer: no other request comes between.
            self.last_pdu = request
            untyped: Any = self
            await untyped.handle_request()
            return
        why = ExcCodes.DEVICE_BUSY if panel.is_listed(self.address) else ExcCodes.ILLEGAL_FUNCTION
        refusal = ExceptionResponse(
            request.function_code, why, device_id=request.dev_id, transaction=request.transaction_id
        )
        self.pdu_send(refusal)

    def _leave(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        if self in self._owner.open:
            self._owner.open.remove(self)
        self._owner.panel.leave(self)

    def _stay(self) -> None:
        self._last = self.loop.time()
        if self in self._owner.open:
            self._owner.open.remove(self)
            self._owner.open.append(self)
        if self._idle is not None:
            self._idle.cancel()
        self._idle = self.loop.call_later(self._owner.bounds.idle_s, self.hang_up)


def _watch_for_loss(connection: Any) -> None:
    """Let the system find out that a client is gone without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    wanted = {"TCP_KEEPIDLE": _GONE_S, "TCP_KEEPINTVL": 1, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 5000}
    for name, value in wanted.items():
        # Not every system knows all of them; idle connections are closed in any case.
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
