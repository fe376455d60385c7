"""Whether a server of the line could listen on a port."""

from __future__ import annotations

import socket

from filo_core.errors import SourceError


def check_port(host: str, port: int) -> None:
    """Listen on ``port`` of ``host`` for a moment.

    Raises:
        SourceError: if that is not possible, in the words of the system.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the server does: a connection that has just ended must not look like a taken port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        raise SourceError(
            "Port {port} of {host} cannot be used ({strerror}). Choose another, or stop the line that listens there.",
            port=port,
            host=host,
            strerror=error.strerror or error,
        ) from error
