"""Who may reach the Modbus server, and write to it: Modbus knows no password."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field

from filo_core.errors import SourceError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many connections there may be, and how long one may go without a request."""

    most: int = 16
    most_of_one: int = 8
    """From one address."""
    idle_s: float = 30.0


@dataclass(frozen=True, slots=True)
class ModbusAccess:
    """Who may reach the server, and write to it.

    Attributes:
        writers: networks whose clients may write, one of them at a time; the first that does, where there are none.
        everywhere: listening on every network of the machine is wanted, and not a slip.
        bounds: of the connections.
    """

    writers: tuple[Network, ...] = ()
    everywhere: bool = False
    bounds: Bounds = field(default_factory=Bounds)


def is_everywhere(host: str) -> bool:
    """Whether listening on ``host`` means every network of the machine, however that is written."""
    try:
        found = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        # Nothing can be listened on there at all.
        return False
    return any(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_unspecified for *_, address in found)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on ``host``."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_everywhere(host: str) -> None:
    """Listening on every network of the machine was not asked for.

    Raises:
        SourceError: if ``host`` means that.
    """
    if is_everywhere(host):
        raise SourceError(
            "The Modbus server on {host} could be reached from every network of this machine. Name "
            "the address of the machine's own network, or set FILO_MODBUS_EVERYWHERE=true.",
            host=host,
        )


def networks_of(writers: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks as they are written in the settings: ``10.0.0.7``, ``10.0.3.0/24``.

    Raises:
        SourceError: if one is none.
    """
    try:
        return tuple(ipaddress.ip_network(writer.strip(), strict=False) for writer in writers)
    except ValueError as error:
        raise SourceError(
            "Who may write to the Modbus server: {error}. Write addresses such as 10.0.0.7 or 10.0.3.0/24.", error=error
        ) from error


def is_within(address: str, networks: Iterable[Network]) -> bool:
    """Whether an address lies in one of the networks; one that is none lies nowhere."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in networks)
