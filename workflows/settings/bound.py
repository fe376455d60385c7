"""What a password belongs to: one scheme, host, port and user, so that no other address is ever given it."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from filo_core.errors import SourceError
from filo_core.line.outputs.known import specs

_CAMERA_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
_ENCRYPTED_CAMERAS = frozenset({"https", "rtsps", "rtmps"})


def bound_to(address: str) -> str:
    """``scheme://user@host:port`` of a URL, with the port that is meant where it names none; empty for no such URL."""
    try:
        parts = urlsplit(address)
        port = parts.port or _usual_port(parts.scheme)
    except ValueError:
        # Brackets that belong to no host, or a port that is none: whoever opens it says what is wrong with it.
        return ""
    if not (parts.scheme and parts.username and parts.hostname):
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{parts.username}@{host}" + (f":{port}" if port else "")


def refuse_clear(address: str, allowed: Collection[str] = ()) -> None:
    """Let no password travel in clear to another machine.

    Args:
        address: with its password, as it is about to be opened.
        allowed: hosts that somebody said an explicit yes to.

    Raises:
        SourceError: if it would.
    """
    try:
        parts = urlsplit(address)
        host, password = parts.hostname or "", parts.password
    except ValueError:
        return
    if not password or _is_encrypted(parts.scheme) or _is_loopback(host) or host in allowed:
        return
    raise SourceError(
        "The password for {scheme}://{host} would travel in clear, for everybody in the network "
        "to read. Use an encrypted address such as mqtts:// or https://, or say yes to it: add "
        "{host} to clear_passwords in the settings, or to FILO_CLEAR_PASSWORDS.",
        scheme=parts.scheme,
        host=host,
    )


def _usual_port(scheme: str) -> int | None:
    return _CAMERA_PORTS.get(scheme) or next((spec.ports[scheme] for spec in specs() if scheme in spec.ports), None)


def _is_encrypted(scheme: str) -> bool:
    return scheme in _ENCRYPTED_CAMERAS or any(scheme == spec.secure for spec in specs() if scheme)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
