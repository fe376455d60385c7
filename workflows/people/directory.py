"""A directory (LDAP, Active Directory) that says who somebody is and which groups they are in. Asks, never writes."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from filo_core.errors import FiloError, SettingsError
from filo_core.types import Role

if TYPE_CHECKING:
    import ldap3

    from workflows.settings.declared import Declared

TIMEOUT_S = 5
_PLACE = "{name}"
_LONGEST_PASSWORD = 256
_INVALID_CREDENTIALS, _SUCCESS = 49, 0
_AWAY = frozenset({3, 51, 52, 80})
"""Time limit, busy, unavailable, other (RFC 4511): it says nothing of the person. Any other answer is a refusal: some
directories say that an account is disabled or locked by 53 or 19."""
_NESTED = "1.2.840.113556.1.4.1941"
"""Active Directory's rule that follows groups within groups."""


class DirectoryAwayError(FiloError):
    """The directory cannot be asked now: it does not answer, its certificate is not right, or it is busy."""


class DirectoryRefusedError(FiloError):
    """The directory does not know this name with this password, or no group of theirs has a role here."""


@dataclass(frozen=True, slots=True)
class DirectoryPerson:
    """Somebody whom the directory knows."""

    dn: str
    """Their distinguished name."""
    role: Role | None
    """The highest that one of their groups has; None where none has any."""


class AsksDirectory(Protocol):
    """What signing in needs of a directory."""

    def ask(self, name: str, password: str) -> DirectoryPerson:
        """Who it is, after signing in there as them.

        Raises:
            DirectoryAwayError: if it cannot be asked.
            DirectoryRefusedError: if name and password do not fit.
        """
        ...


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory. Passwords go over TLS alone, unless it is on this machine.

    Attributes:
        address: ``ldaps://host[:port]``, or ``ldap://host[:port]``, where TLS is begun by STARTTLS.
        bind_as: who signs in there, with ``{name}`` in it: a distinguished name, or a name as Active Directory takes it
            (``{name}@plant.example``).
        groups: where the groups lie; those elsewhere count for nothing.
        roles: by common name of a group.
        people: where people lie; needed where ``bind_as`` is no distinguished name.
        ca_file: certificate authority of the directory; the system's own when not given.

    Raises:
        SettingsError: if the address is none, or something that is needed is missing.
    """

    address: str
    bind_as: str
    groups: str
    roles: Mapping[str, Role]
    people: str = ""
    ca_file: Path | None = None
    timeout_s: int = TIMEOUT_S
    host: str = field(init=False)
    port: int = field(init=False)
    is_secure: bool = field(init=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.address)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            parts, host, port = urlsplit(""), "", None
        if parts.scheme not in {"ldap", "ldaps"} or not host or parts.username:
            raise SettingsError("The directory's address is none. Write FILO_DIRECTORY=ldaps://dc.plant.example.")
        if _PLACE not in self.bind_as or not self.groups or not self.roles:
            raise SettingsError(
                "The directory needs FILO_DIRECTORY_USER with {name} in it, FILO_DIRECTORY_GROUPS and "
                "FILO_DIRECTORY_ROLES. See docs/record.md.",
                name=_PLACE,
            )
        if not self._is_dn and not self.people:
            raise SettingsError("FILO_DIRECTORY_USER is no distinguished name, so FILO_DIRECTORY_PEOPLE is needed.")
        object.__setattr__(self, "host", host)
        object.__setattr__(self, "is_secure", parts.scheme == "ldaps")
        object.__setattr__(self, "port", port or (636 if self.is_secure else 389))

    @property
    def _is_dn(self) -> bool:
        return "=" in self.bind_as

    def ask(self, name: str, password: str) -> DirectoryPerson:
        """See :meth:`AsksDirectory.ask`."""
        _check(name, password)
        import ldap3
        from ldap3.core.exceptions import LDAPException
        from ldap3.utils.dn import escape_rdn

        bind_as = self.bind_as.replace(_PLACE, escape_rdn(name) if self._is_dn else name)
        try:
            connection = ldap3.Connection(
                self._server(),
                user=bind_as,
                password=password,
                authentication=ldap3.SIMPLE,
                # Whoever a directory refers to would get the password.
                auto_referrals=False,
                read_only=True,
                receive_timeout=self.timeout_s,
            )
            try:
                self._bind(connection)
                dn = bind_as if self._is_dn else self._found(connection, bind_as)
                return DirectoryPerson(dn, self._role(connection, dn, name))
            finally:
                connection.unbind()
        except (LDAPException, OSError) as error:
            raise DirectoryAwayError(
                "The directory {host} cannot be asked ({kind}).", host=self.host, kind=type(error).__name__
            ) from error

    def _server(self) -> ldap3.Server:
        import ldap3

        ca_file = str(self.ca_file) if self.ca_file is not None else None
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=ca_file)
        return ldap3.Server(
            self.host, self.port, use_ssl=self.is_secure, tls=tls, get_info=ldap3.NONE, connect_timeout=self.timeout_s
        )

    def _bind(self, connection: ldap3.Connection) -> None:
        connection.open()
        if not self.is_secure and not _is_loopback(self.host) and not connection.start_tls():
            raise DirectoryAwayError("The directory {host} has no STARTTLS. Write ldaps://.", host=self.host)
        if connection.bind():
            return
        code = connection.result.get("result")
        if code == _INVALID_CREDENTIALS:
            raise DirectoryRefusedError("Name or password is wrong. Try again, or ask an admin.")
        why = connection.result.get("description", code)
        if code in _AWAY:
            raise DirectoryAwayError("The directory {host} does not sign in ({why}).", host=self.host, why=why)
        raise DirectoryRefusedError("The directory {host} does not sign in ({why}).", host=self.host, why=why)

    def _found(self, connection: ldap3.Connection, principal: str) -> str:
        """The distinguished name of who has signed in by another name."""
        from ldap3.utils.conv import escape_filter_chars

        wanted = escape_filter_chars(principal)
        entries = self._search(connection, self.people, f"(|(userPrincipalName={wanted})(mail={wanted}))")
        if len(entries) != 1:
            raise DirectoryRefusedError(
                "The directory has {count} people of this name. Ask an admin.", count=len(entries)
            )
        return str(entries[0]["dn"])

    def _role(self, connection: ldap3.Connection, dn: str, name: str) -> Role | None:
        from ldap3.utils.conv import escape_filter_chars

        member = escape_filter_chars(dn)
        ways = [f"(member={member})", f"(uniqueMember={member})", f"(memberUid={escape_filter_chars(name)})"]
        if not self._is_dn:
            ways.append(f"(member:{_NESTED}:={member})")
        named = "".join(f"(cn={escape_filter_chars(group)})" for group in self.roles)
        entries = self._search(connection, self.groups, f"(&(|{named})(|{''.join(ways)}))")
        known = {group.casefold(): role for group, role in self.roles.items()}
        names = [str(one).casefold() for entry in entries for one in entry["attributes"].get("cn", ())]
        order = list(Role)
        return max((known[one] for one in names if one in known), key=order.index, default=None)

    def _search(self, connection: ldap3.Connection, base: str, wanted: str) -> list[dict[str, Any]]:
        import ldap3

        connection.search(base, wanted, search_scope=ldap3.SUBTREE, attributes=["cn"], time_limit=self.timeout_s)
        if connection.result.get("result") != _SUCCESS:
            raise DirectoryAwayError(
                "The directory {host} does not search below {base} ({why}).",
                host=self.host,
                base=base,
                why=connection.result.get("description", ""),
            )
        return [entry for entry in connection.response or () if entry.get("type") == "searchResEntry"]


def directory_of(settings: Declared) -> Directory | None:
    """The directory of the settings; None where they name none.

    Raises:
        SettingsError: if what they say cannot be one.
    """
    if not settings.directory:
        return None
    roles: dict[str, Role] = {}
    for word in settings.directory_roles:
        group, _, role = word.rpartition("=")
        if not group.strip() or role.strip() not in set(Role):
            raise SettingsError(
                "{word!r} gives no group a role. Write FILO_DIRECTORY_ROLES=GROUP=operator, and so on.", word=word[:80]
            )
        roles[group.strip()] = Role(role.strip())
    return Directory(
        settings.directory,
        settings.directory_user,
        settings.directory_groups,
        roles,
        settings.directory_people,
        settings.directory_ca,
    )


def _check(name: str, password: str) -> None:
    """Refuse what a directory would take for nobody at all: signing in without a password always works there."""
    if not password:
        raise DirectoryRefusedError("The password is missing. Type it.")
    if len(password) > _LONGEST_PASSWORD or "\0" in password:
        raise DirectoryRefusedError("Name or password is wrong. Try again, or ask an admin.")
    if not name.strip() or not name.isprintable() or "@" in name or "\\" in name:
        raise DirectoryRefusedError("Name or password is wrong. Try again, or ask an admin.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
