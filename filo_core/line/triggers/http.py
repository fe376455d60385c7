"""HTTP: ``POST /trigger`` with an id is answered with the verdict.

Who asks shows a token, on this machine as well; headers, bodies, time and connections are bounded. The routes:

* ``POST /trigger`` with ``{"id": "...", "serial": "..."}``: 200 and the result. The same id again gets the same
  result, which says that it is repeated; older than the deadline it reads as NG unless ``"repeat": true`` asks for it.
* ``GET /state``: ready, busy, heartbeat, problem.

Every other answer reads as NG.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import uvicorn

from filo_core.errors import SourceError
from filo_core.line.sinks.base import Seal
from filo_core.line.triggers.http_app import Rules, make_app, names_of
from filo_core.line.triggers.http_door import MOST_INSIDE, Doorkeeper, door_class
from filo_core.line.triggers.token import Tokens
from filo_core.loops import Loop

if TYPE_CHECKING:
    from filo_core.line.triggers.base import StationState

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_MOST_HEADER_BYTES = 16_384
_BACKLOG = 64
_HANDSHAKE_S = 3.0
_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the server shows for itself; both in PEM.

    Attributes:
        chain: certificate, with those between it and its authority.
        key: its private key, without a password; None where it stands in ``chain`` as well.
    """

    chain: Path
    key: Path | None = None


class HttpTrigger:
    """A server on a thread with an event loop of its own.

    Args:
        station: answers the triggers.
        host: where it listens; loopback unless the network is to reach it.
        port: 0 takes a free one, see ``port``.
        token: asked for as ``Authorization: Bearer``; several, one a caller, with commas between them.
        longest_s: longest life of a connection.
        deadline_s: longest time from a trigger to its answer.
        hosts: further names under which it may be addressed.
        certificate: of TLS; None listens without.
        seal: goes out with every answer, as it is then.
        own_fields: what the customer calls the fields of their own.

    Raises:
        SourceError: if the port is taken, the token is missing or weak, or the certificate cannot be used.
    """

    def __init__(
        self,
        station: StationState,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = "",
        longest_s: float = 30.0,
        *,
        deadline_s: float = 2.0,
        hosts: Iterable[str] = (),
        certificate: Certificate | None = None,
        seal: Callable[[], Seal] = Seal,
        own_fields: Iterable[str] = (),
    ) -> None:
        tokens = Tokens(token)
        self._tls = None if certificate is None else tls_context(certificate)
        self._socket = listening_socket(host, port)
        self._port = int(self._socket.getsockname()[1])
        self._asking = ThreadPoolExecutor(MOST_INSIDE, "filo-http-ask")
        names = names_of({*_LOOPBACK, host, socket.gethostname(), *_own_addresses(self._socket), *hosts})
        # The answer has to be out before the connection is cut.
        own = tuple(own_fields)
        rules = Rules(station, tokens, names, deadline_s, 0.8 * longest_s, self._asking, seal=seal, own_fields=own)
        self._make_server: Callable[[], _Server] = lambda: _Server(rules, Doorkeeper(longest_s))
        self._server = self._make_server()
        self._serving = Loop("filo-http", self._serve, "answers HTTP")

    @property
    def problem(self) -> str:
        """Why it does not answer now, as a sentence; empty when all is well."""
        return self._serving.problem

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    def start(self) -> None:
        """Begin to listen."""
        self._serving.start()

    def stop(self) -> None:
        """Close the port and every connection."""
        self._serving.ask_to_stop()
        self._server.should_exit = True
        self._serving.join(_STOP_S)
        self._socket.close()
        self._asking.shutdown(cancel_futures=True)

    def _serve(self) -> None:
        self._server = self._make_server()
        # Looked at after it is made: a stop in between has told the one before.
        self._server.should_exit = self._serving.must_stop()
        # The port stays open for the next life, in which a server that has ended cannot serve again.
        listening = self._socket.dup()
        try:
            with asyncio.Runner(loop_factory=lambda: TlsLoop(self._tls)) as runner:
                runner.run(self._server.serve([listening]))
        finally:
            listening.close()


class _Server(uvicorn.Server):
    """Ends without waiting for anybody: a connection that is cut has no verdict."""

    def __init__(self, rules: Rules, doors: Doorkeeper) -> None:
        super().__init__(
            uvicorn.Config(
                make_app(rules),
                http=door_class(doors),
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="critical",
                access_log=False,
                # An address in a header is whatever the client likes it to be.
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=1,
                timeout_graceful_shutdown=1,
                h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
            )
        )
        self._doors = doors

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.force_exit = True
        self._doors.hang_up()
        # Each hears of its end.
        await asyncio.sleep(0)
        await super().shutdown(sockets)


class TlsLoop(asyncio.SelectorEventLoop):
    """Listens with TLS where there is a certificate, and waits for no handshake for long, which uvicorn cannot say."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__()
        self._tls = tls

    async def create_server(self, *arguments: Any, **options: Any) -> Any:
        """As every loop's, with TLS."""
        if self._tls is not None:
            options |= {"ssl": self._tls, "ssl_handshake_timeout": _HANDSHAKE_S}
        return await super().create_server(*arguments, **options)


def tls_context(certificate: Certificate) -> ssl.SSLContext:
    """TLS 1.2 or newer with this certificate.

    Raises:
        SourceError: if it cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Asked for at the terminal otherwise, where nobody may sit.
        context.load_cert_chain(certificate.chain, certificate.key, password="")
    except (OSError, ValueError) as error:
        raise SourceError(
            "The certificate {chain} cannot be used ({error}). Give a PEM file "
            "with the certificate, and one with its key without a password.",
            chain=certificate.chain,
            error=error,
        ) from error
    return context


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        SourceError: if the port is taken, or there is no such host here.
    """
    made = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind, protocol)
        if os.name == "posix":
            # Elsewhere it would let another program take the port over.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(_BACKLOG)
    except OSError as error:
        if made is not None:
            made.close()
        raise SourceError(
            "Port {port} of {host} cannot be used ({strerror}). Choose another.",
            port=port,
            host=host,
            strerror=error.strerror or error,
        ) from error
    return made


def _own_addresses(listening: socket.socket) -> set[str]:
    """Every address of the machine where all of them are listened on; else the one."""
    address = listening.getsockname()[0]
    if not ipaddress.ip_address(address.partition("%")[0]).is_unspecified:
        return {address}
    return {one.address.partition("%")[0] for ones in psutil.net_if_addrs().values() for one in ones}
