"""Where the service listens: uvicorn on a thread of its own, ended by whoever started it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from filo_core.line.triggers.http import TlsLoop, listening_socket, tls_context
from filo_core.loops import Loop

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from filo_core.line.triggers.http import Certificate

_MOST_AT_ONCE = 128
_KEEP_ALIVE_S = 15
_STOP_S = 10.0
_FINISH_S = 8


class ApiServer:
    """Answers until it is stopped.

    Args:
        app: what answers.
        host: where it listens.
        port: 0 takes a free one, see ``port``.
        certificate: of TLS; None listens without.
        proxies: addresses whose ``X-Forwarded-For`` is believed; none unless given.

    Raises:
        SourceError: if the port is taken, or the certificate cannot be used.
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        certificate: Certificate | None = None,
        proxies: tuple[str, ...] = (),
    ) -> None:
        self._tls = None if certificate is None else tls_context(certificate)
        self._socket = listening_socket(host, port)
        self.port = int(self._socket.getsockname()[1])
        """Where it listens."""
        self._make: Callable[[], uvicorn.Server] = lambda: uvicorn.Server(
            uvicorn.Config(
                app,
                interface="asgi3",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=list(proxies),
                server_header=False,
                limit_concurrency=_MOST_AT_ONCE,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_FINISH_S,
            )
        )
        self._server = self._make()
        self._loop = Loop("filo-api", self._serve, "answers the API")

    @property
    def problem(self) -> str:
        """Why it does not answer now, as a sentence; empty when all is well."""
        return self._loop.problem

    def start(self) -> None:
        """Begin to listen."""
        self._loop.start()

    def stop(self) -> None:
        """Take no more requests, finish those under way within seconds, and close the port."""
        self._loop.ask_to_stop()
        self._server.should_exit = True
        self._loop.join(_STOP_S)
        self._socket.close()

    def _serve(self) -> None:
        self._server = self._make()
        # Looked at after it is made: a stop in between has told the one before.
        self._server.should_exit = self._loop.must_stop()
        listening = self._socket.dup()
        try:
            with asyncio.Runner(loop_factory=lambda: TlsLoop(self._tls)) as runner:
                runner.run(self._server.serve([listening]))
        finally:
            listening.close()
