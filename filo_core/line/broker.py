"""A broker as an address names it, and a connection to it that is not yet open."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from filo_core.errors import SourceError
from filo_core.line.sources.address import CameraAddress

if TYPE_CHECKING:
    import paho.mqtt.client as mqtt

PORT, SECURE_PORT = 1883, 8883


@dataclass(frozen=True, slots=True)
class Broker:
    """``mqtt://[user:password@]host[:port]/topic``; ``mqtts://`` asks for TLS.

    Attributes:
        name: the address for people; holds no password.
        topic: the path of the address; empty when there is none.
        ca_file: certificate authority for TLS; the system's own when not given.
    """

    name: str
    host: str
    port: int
    topic: str
    is_secure: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None

    @classmethod
    def at(cls, address: str, ca_file: Path | None = None) -> Broker:
        """The broker of an address.

        Raises:
            SourceError: if it names none.
        """
        name = CameraAddress(address).shown
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        if not host:
            raise SourceError("{name} names no broker. Write mqtt://host:1883/topic.", name=name)
        secure = parts.scheme == "mqtts"
        return cls(
            name,
            host,
            port or (SECURE_PORT if secure else PORT),
            unquote(parts.path.strip("/")),
            secure,
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            ca_file,
        )

    def client(self, client_id: str, timeout_s: float) -> mqtt.Client:
        """A client with what it signs in with; it connects when it is told to."""
        import paho.mqtt.client as mqtt
        from paho.mqtt.enums import CallbackAPIVersion

        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id)
        if self.user:
            client.username_pw_set(self.user, self.password)
        if self.is_secure:
            client.tls_set(ca_certs=str(self.ca_file) if self.ca_file else None, tls_version=ssl.PROTOCOL_TLS_CLIENT)
        client.connect_timeout = timeout_s
        return client


def pump_until(client: mqtt.Client, reached: Callable[[], bool], timeout_s: float) -> None:
    """Keep a connection going until something has come true.

    Raises:
        OSError: if it does not within that time, or the connection is lost.
    """
    until = time.monotonic() + timeout_s
    while not reached():
        if time.monotonic() > until:
            raise TimeoutError("no answer in time")
        code = client.loop(timeout=0.05)
        if code:
            from paho.mqtt.client import error_string

            raise ConnectionError(error_string(code))


def why(error: Exception) -> str:
    """What went wrong, in words that repeat no address: a driver's own could."""
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    return type(error).__name__
