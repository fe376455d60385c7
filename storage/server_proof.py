"""How a server has to prove who it is: by its certificate, and by asking for passwords in a way that keeps them.

A connection that is only encrypted can be anybody's. The address may ask for less only where nobody is between: on a
socket of this machine, or its loopback.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator

from sqlalchemy import URL

from filo_core.errors import StorageError

DEMANDED = {"sslmode": "verify-full", "require_auth": "scram-sha-256", "gssencmode": "disable"}
"""Parameters of a connection unless its address says otherwise, as libpq calls them. A socket has no certificate."""
_ELSEWHERE = ("PGHOST", "PGHOSTADDR", "PGSERVICE")
"""Variables that libpq takes a host from where the address names none."""


def proven(url: URL) -> dict[str, str]:
    """What to demand of a server beside what its address says.

    Raises:
        StorageError: if the address asks for less, and the server is not on this machine.
    """
    for name, demanded in DEMANDED.items():
        given = url.query.get(name)
        if given not in {None, demanded} and not is_on_this_machine(url):
            raise StorageError(
                "{name}={given} in the address of the database does not prove who the server is. Leave it "
                "out: {name}={demanded} is demanded of every server that is not on this machine.",
                name=name,
                given=given,
                demanded=demanded,
            )
    return {name: demanded for name, demanded in DEMANDED.items() if name not in url.query}


def is_on_this_machine(url: URL) -> bool:
    """True if every host of the address is a socket or a loopback of this machine."""
    if "service" in url.query:
        return False
    hosts = list(_hosts(url))
    if not hosts:
        return not any(os.environ.get(name) for name in _ELSEWHERE)
    return all(_is_local(host) for host in hosts)


def _hosts(url: URL) -> Iterator[str]:
    if url.host:
        yield url.host
    for name in ("host", "hostaddr"):
        given = url.query.get(name, ())
        for several in (given,) if isinstance(given, str) else given:
            # SQLAlchemy takes HOST:PORT there as well, and libpq several with commas between.
            yield from (part for part in several.split(",") if part)


def _is_local(host: str) -> bool:
    if host.startswith(("/", "@")):
        return True
    name = host.rpartition(":")[0] if host.count(":") == 1 else host
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
