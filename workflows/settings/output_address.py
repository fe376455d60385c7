"""One output of the line as it is kept: its address without a password, and the parts a person fills in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, field_validator

from filo_core.errors import SourceError
from filo_core.line.outputs.known import divided, spec_of, specs, with_fields
from filo_core.line.outputs.spec import OutputSpec, Where
from workflows.settings.bound import bound_to

LOOPBACK = "127.0.0.1"


class Output(BaseModel):
    """``address`` holds no password; that lies in the secret store under :attr:`secret_name`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    address: str
    """As the spec of its kind has it; see :mod:`filo_core.line.outputs`."""
    ca_file: str = ""
    """Certificate authority of one that is reached with TLS and may have its own; empty for the system's."""

    @field_validator("address")
    @classmethod
    def _has_a_kind(cls, address: str) -> str:
        if address.partition(":")[0] not in {scheme for spec in specs() for scheme in spec.schemes}:
            raise ValueError("is no output")
        return address

    @classmethod
    def of(
        cls,
        kind: str,
        place: str,
        *,
        secure: bool = False,
        user: str = "",
        fields: Mapping[str, str] | None = None,
        ca_file: str = "",
    ) -> Output:
        """An output from what a person fills in.

        Args:
            kind: of it, as its spec has it.
            place: host, port and topic or path; a file; or what to listen on.
            secure: with TLS.
            user: to sign in as.
            fields: of its kind, those that stand in the address; what is empty is left at its default.
            ca_file: see the attribute.

        Raises:
            SourceError: if the place or a field cannot be one.
        """
        spec = spec_of(f"{kind}:")
        place = place.strip()
        if not place:
            raise SourceError("The output has no address. Enter one.")
        scheme = spec.secure if secure and spec.secure else spec.kind
        if spec.has_authority:
            _, _, bare = place.rpartition("://")
            if "@" in bare.partition("/")[0]:
                raise SourceError("The address holds a name or password. Leave them out, and enter them below.")
            if "?" in bare or "#" in bare:
                raise SourceError(
                    "The address holds parameters, which would be shown. Leave them out, or use line run --output."
                )
            name = f"{quote(user.strip(), safe='')}@" if user.strip() else ""
            address = f"{scheme}://{name}{bare}"
        else:
            address = f"{scheme}:{place}"
        may_have = any(one.is_beside for one in spec.fields) and scheme == spec.secure
        told = {name: value for name, value in (fields or {}).items() if value.strip()}
        made = cls(address=with_fields(address, told), ca_file=ca_file.strip() if may_have else "")
        made.check()
        return made

    @property
    def spec(self) -> OutputSpec:
        """What is known of its kind."""
        return spec_of(self.address)

    @property
    def kind(self) -> str:
        """What it is."""
        return self.spec.kind

    @property
    def is_asked(self) -> bool:
        """True for a server, which the other side asks; everything else is delivered to."""
        return self.spec.is_asked

    @property
    def is_delivered(self) -> bool:
        """True for what every verdict is delivered to: neither a server, nor one that only tells people."""
        return self.spec.is_delivered

    @property
    def place(self) -> str:
        """What :meth:`of` takes as the place."""
        if not self.spec.has_authority:
            return self.address.partition(":")[2]
        rest = divided(self.address)[0].partition("://")[2]
        user_and_host, slash, path = rest.partition("/")
        return user_and_host.rpartition("@")[2] + slash + path

    @property
    def secure(self) -> bool:
        """Whether it is reached with TLS."""
        return self.address.partition(":")[0] == self.spec.secure

    @property
    def user(self) -> str:
        """Who signs in there; empty for nobody."""
        return unquote(urlsplit(self.address).username or "") if "://" in self.address else ""

    @property
    def fields(self) -> dict[str, str]:
        """What is written of it beside place and user, in its address; the defaults are not.

        Raises:
            SourceError: if its kind has no such field.
        """
        return divided(self.address)[1]

    @property
    def secret_name(self) -> str:
        """Name of its password in the secret store; empty where there can be none."""
        return f"output:{bound_to(self.address)}" if self.user else ""

    @property
    def listens_on(self) -> tuple[str, int]:
        """Host and port of one that is asked.

        Raises:
            SourceError: if the port is none.
        """
        host, _, port = self.place.rpartition(":")
        if not port.isdecimal() or not port.isascii() or not 0 < int(port) < 65536:
            raise SourceError(
                "{place!r} names no port. Write something like {example}.",
                place=self.place[:80],
                example=self.spec.place_example,
            )
        return host or LOOPBACK, int(port)

    def check(self) -> None:
        """Whether the address can be one at all; nothing is asked.

        Raises:
            SourceError: if it cannot.
        """
        spec = self.spec
        # Fields that cannot be are told.
        spec.whole(self.fields)
        if spec.where is Where.LISTENS:
            _ = self.listens_on
        elif spec.where is Where.FILE:
            if Path(self.place).is_dir():
                raise SourceError("{place} is a folder. Name a file in it.", place=self.place)
        else:
            _check_host(self.address)


def _check_host(address: str) -> None:
    try:
        parts = urlsplit(address)
        # Asking for the port checks it.
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise SourceError("The address names no host, or has no valid port. Write something like broker.local:1883.")
