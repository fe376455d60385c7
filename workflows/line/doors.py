"""How the servers of a line are reached: those of PLCs, and the HTTP trigger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from filo_core.errors import SourceError
from filo_core.line.outputs.known import specs
from filo_core.line.plc.access import ModbusAccess, networks_of
from workflows.settings.bound import bound_to, refuse_clear
from workflows.settings.secret_store import LINE, OUTPUT, SecretStore

if TYPE_CHECKING:
    from filo_core.line.triggers.http import Certificate
    from workflows.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Doors:
    """Who may reach the line's servers, and how.

    Attributes:
        modbus: of every Modbus server.
        token: gives the HTTP trigger's token, or several with commas between them; empty where there is none.
        hosts: further names under which the HTTP trigger may be addressed.
        certificate: of the HTTP trigger's TLS, in PEM; None listens without.
        certificate_key: its key, in PEM; None where it stands in ``certificate``.
        own_fields: what the customer calls the fields of their own.
        ca_file: certificate authority of the MQTT trigger's broker, where its address names none.
        filled: an address with the password that is kept for it.
    """

    modbus: ModbusAccess = field(default_factory=ModbusAccess)
    token: Callable[[], str] = str
    hosts: tuple[str, ...] = ()
    certificate: Path | None = None
    certificate_key: Path | None = None
    own_fields: tuple[str, ...] = ()
    filled: Callable[[str], str] = str
    ca_file: Path | None = None

    @property
    def tls(self) -> Certificate | None:
        """What the HTTP trigger shows for itself.

        Raises:
            SourceError: if there is a key without a certificate.
        """
        from filo_core.line.triggers.http import Certificate

        if self.certificate is None:
            if self.certificate_key is not None:
                raise SourceError("The HTTP trigger has a key and no certificate. Name the certificate as well.")
            return None
        return Certificate(self.certificate, self.certificate_key)

    def with_certificate(self, certificate: Path | None, key: Path | None) -> Doors:
        """These with another certificate, if one is named."""
        return self if certificate is None else replace(self, certificate=certificate, certificate_key=key)


def doors_of(settings: Settings) -> Doors:
    """As the settings say.

    Raises:
        SourceError: if an address of those that may write to Modbus servers is none.
    """
    return Doors(
        ModbusAccess(networks_of(settings.modbus_writers), settings.modbus_everywhere),
        # The keyring may ask for its own password: only where a token is needed.
        lambda: settings.line_token.get_secret_value() or SecretStore(settings.home).get(LINE),
        settings.line_hosts,
        settings.line_certificate,
        settings.line_certificate_key,
        settings.identity_fields,
        partial(with_password, secrets=SecretStore(settings.home), clear=settings.clear_passwords),
    )


def with_password(address: str, secrets: SecretStore, clear: Sequence[str] = ()) -> str:
    """An output's address with its password, which is kept under the name that an output of the settings has.

    Args:
        address: of it.
        secrets: where passwords are kept.
        clear: hosts that one may travel to in clear.

    Raises:
        SourceError: if the address names no host, or a password would travel in clear.
    """
    try:
        parts = urlsplit(address)
        # Asking for the port checks it.
        _ = parts.port
    except ValueError as error:
        raise SourceError(
            "An output's address names no host, or has no valid port. Write it like mqtt://broker.local:1883/topic."
        ) from error
    secrets.require_bound(address, OUTPUT)
    address = secrets.filled(address, f"{OUTPUT}{bound_to(address)}")
    if any(parts.scheme in spec.schemes for spec in specs()):
        # What is no output at all is told so, rather than to say yes to it.
        refuse_clear(address, clear)
    return address
