"""One output of the line as it is kept: its address without a password, and the parts a person fills in."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, field_validator

from filo_core.errors import SourceError
from workflows.settings.bound import bound_to

MODBUS_PORT = 5020
_SECURE = {"mqtt": "mqtts", "http": "https"}
_PLAIN = {secure: plain for plain, secure in _SECURE.items()}


class OutputKind(StrEnum):
    """What takes the line's verdicts."""

    MQTT = "mqtt"
    WEBHOOK = "http"
    CSV = "csv"
    MODBUS = "modbus"


class Output(BaseModel):
    """``address`` holds no password; that lies in the secret store under :attr:`secret_name`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    address: str
    """``mqtt(s)://``, ``http(s)://``, ``csv:PATH`` or ``modbus:HOST:PORT``."""
    ca_file: str = ""
    """Certificate authority of an ``mqtts://`` broker; empty for the system's own."""

    @field_validator("address")
    @classmethod
    def _has_a_kind(cls, address: str) -> str:
        scheme = address.partition(":")[0]
        if scheme not in {*OutputKind, *_PLAIN}:
            raise ValueError("is no output")
        return address

    @classmethod
    def of(cls, kind: OutputKind, place: str, *, secure: bool = False, user: str = "", ca_file: str = "") -> Output:
        """An output from what a person fills in.

        Args:
            kind: of it.
            place: host, port and topic or path; a file; or what to listen on.
            secure: with TLS.
            user: to sign in as.
            ca_file: see the attribute.

        Raises:
            SourceError: if the place cannot be one.
        """
        place = place.strip()
        if not place:
            raise SourceError("The output has no address. Enter one.")
        if kind in {OutputKind.CSV, OutputKind.MODBUS}:
            made = cls(address=f"{kind.value}:{place}")
        else:
            _, _, bare = place.rpartition("://")
            if "@" in bare.partition("/")[0]:
                raise SourceError("The address holds a name or password. Leave them out, and enter them below.")
            scheme = _SECURE[kind.value] if secure else kind.value
            if "?" in bare or "#" in bare:
                raise SourceError(
                    "The address holds parameters, which would be shown. Leave them out, or use line run --output."
                )
            name = f"{quote(user.strip(), safe='')}@" if user.strip() else ""
            made = cls(address=f"{scheme}://{name}{bare}", ca_file=ca_file.strip() if scheme == "mqtts" else "")
        made.check()
        return made

    @property
    def kind(self) -> OutputKind:
        """What it is."""
        scheme = self.address.partition(":")[0]
        return OutputKind(_PLAIN.get(scheme, scheme))

    @property
    def is_asked(self) -> bool:
        """True for a Modbus server, which the PLC asks; everything else is delivered to."""
        return self.kind is OutputKind.MODBUS

    @property
    def place(self) -> str:
        """What :meth:`of` takes as the place."""
        if self.kind in {OutputKind.CSV, OutputKind.MODBUS}:
            return self.address.partition(":")[2]
        rest = self.address.partition("://")[2]
        user_and_host, slash, path = rest.partition("/")
        return user_and_host.rpartition("@")[2] + slash + path

    @property
    def secure(self) -> bool:
        """Whether it is reached with TLS."""
        return self.address.partition(":")[0] in _PLAIN

    @property
    def user(self) -> str:
        """Who signs in there; empty for nobody."""
        return unquote(urlsplit(self.address).username or "") if "://" in self.address else ""

    @property
    def secret_name(self) -> str:
        """Name of its password in the secret store; empty where there can be none."""
        return f"output:{bound_to(self.address)}" if self.user else ""

    @property
    def listens_on(self) -> tuple[str, int]:
        """Host and port of the Modbus server.

        Raises:
            SourceError: if the port is none.
        """
        host, _, port = self.place.rpartition(":")
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise SourceError(
                "{place!r} names no port. Write something like 127.0.0.1:{modbus_port}.",
                place=self.place[:80],
                modbus_port=MODBUS_PORT,
            )
        return host or "127.0.0.1", int(port)

    def check(self) -> None:
        """Whether the address can be one at all; nothing is asked.

        Raises:
            SourceError: if it cannot.
        """
        if self.kind is OutputKind.MODBUS:
            _ = self.listens_on
        elif self.kind is OutputKind.CSV:
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
        raise SourceError("The address names no host, or its port is none. Write something like broker.local:1883.")
