"""The head of the record in a log of another machine, which whoever alters the record cannot reach."""

from __future__ import annotations

import logging
import logging.handlers
import socket
from urllib.parse import urlsplit

from filo_core.errors import SettingsError

_PORT = 514
_TIMEOUT_S = 5.0
_KINDS = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}


def send_head(place: str, words: str) -> None:
    """Write one line; nothing happens where no place is set.

    Args:
        place: ``udp://HOST:PORT``, ``tcp://HOST:PORT``, or the path of the local log's socket.
        words: the head and the alarms.

    Raises:
        SettingsError: if the place is none, or does not answer.
    """
    if not place:
        return
    try:
        handler = _handler(place)
    except (OSError, ValueError) as error:
        raise SettingsError(
            "The log {place} does not answer. Write FILO_SYSLOG as udp://HOST:PORT.", place=place
        ) from error
    try:
        handler.emit(logging.LogRecord("filo", logging.NOTSET + logging.WARNING, "", 0, words, None, None))
    finally:
        handler.close()


def _handler(place: str) -> logging.handlers.SysLogHandler:
    parts = urlsplit(place)
    if parts.scheme not in _KINDS:
        handler = logging.handlers.SysLogHandler(place)
    else:
        if not parts.hostname:
            raise ValueError("no host")
        before = socket.getdefaulttimeout()
        address = (parts.hostname, parts.port or _PORT)
        handler = logging.handlers.SysLogHandler(address, socktype=_KINDS[parts.scheme])
        assert before is None or before > 0, "a time-out is none, or some seconds"
    handler.ident = "filo-inspector: "
    return handler
