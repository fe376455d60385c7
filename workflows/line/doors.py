"""How the servers of a line are reached: those of PLCs, and the HTTP trigger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import SourceError
from filo_core.line.plc.access import ModbusAccess, networks_of
from workflows.settings.secret_store import LINE, SecretStore

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
    """

    modbus: ModbusAccess = field(default_factory=ModbusAccess)
    token: Callable[[], str] = str
    hosts: tuple[str, ...] = ()
    certificate: Path | None = None
    certificate_key: Path | None = None
    own_fields: tuple[str, ...] = ()

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
    )
