"""What is to be known of a kind of output: how it is written, asked for, checked, made and explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from filo_core.errors import SourceError
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from filo_core.line.announcer import Reader
    from filo_core.line.plc.access import ModbusAccess
    from filo_core.line.sinks.base import Sink
    from filo_core.line.triggers.base import Asks, LineState
    from filo_core.types import Recipe

LONGEST_VALUE = 400
_YES, _NO = ("true", "yes", "1"), ("", "false", "no", "0")
_NO_HELP = Sentence("")


class FieldKind(StrEnum):
    """What a field takes."""

    TEXT = "text"
    NUMBER = "number"
    """A whole one."""
    SWITCH = "switch"
    """``true``, or nothing."""
    FILE = "file"


@dataclass(frozen=True, slots=True)
class OutputField:
    """Something to be told beside the address; it stands behind it as ``?NAME=VALUE``.

    Attributes:
        name: as it is written.
        caption: in the window.
        help: beneath it, in the window.
        kind: what it takes.
        default: what holds where nothing is written.
        least: of a number.
        most: of a number.
        only_secure: it means something over TLS alone.
        is_beside: kept beside the address and not in it, as older settings do.
    """

    name: str
    caption: Sentence
    help: Sentence = _NO_HELP
    kind: FieldKind = FieldKind.TEXT
    default: str = ""
    least: int = 0
    most: int = 65535
    only_secure: bool = False
    is_beside: bool = False

    def checked(self, value: str) -> str:
        """The value as it is kept; empty where it is the default.

        Raises:
            SourceError: if it cannot be one.
        """
        value = value.strip()
        if len(value) > LONGEST_VALUE or not value.isprintable():
            raise SourceError("{name} is too long, or holds signs that cannot be seen. Shorten it.", name=self.name)
        if self.kind is FieldKind.NUMBER and value:
            is_number = value.isascii() and value.isdecimal() and self.least <= int(value) <= self.most
            if not is_number:
                raise SourceError(
                    "{name} is a whole number from {least} to {most}, and not {value!r}. Correct it.",
                    name=self.name,
                    least=self.least,
                    most=self.most,
                    value=value[:80],
                )
            value = str(int(value))
        if self.kind is FieldKind.SWITCH:
            if value.lower() not in _YES + _NO:
                raise SourceError(
                    "{name} is true or false, and not {value!r}. Correct it.", name=self.name, value=value[:80]
                )
            value = "true" if value.lower() in _YES else ""
        return "" if value == self.default else value


CA_FILE = OutputField(
    "ca_file",
    Sentence("Certificate authority"),
    Sentence("A file. Leave empty for the system's own."),
    FieldKind.FILE,
    only_secure=True,
    is_beside=True,
)
"""For those that are reached with TLS and may have an authority of their own."""


class Where(StrEnum):
    """What the place of an output is."""

    HOST = "host"
    """``//HOST[:PORT][/PATH]``"""
    FILE = "file"
    LISTENS = "listens"
    """Written as HOST:PORT, behind ``//`` where there may be a user: the other side asks."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a sink is made from.

    Attributes:
        address: with its password, without its fields.
        name: what the outbox knows it by; holds no password.
        fields: every field of the spec, with its default where nothing was written.
        ca_file: certificate authority for TLS; the system's own when not given.
        secret: signs what is sent, where the spec says so; empty where none is kept.
        exports: the only folder that a file may lie in, which a relative path begins at; None for anywhere.
    """

    address: str
    name: str
    fields: Mapping[str, str] = field(default_factory=dict)
    ca_file: Path | None = None
    secret: str = field(default="", repr=False)
    exports: Path | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """What a server of the line is made from, which the other side reads, and may ask.

    Attributes:
        address: as of :class:`Opening`.
        host: where it listens.
        port: likewise.
        fields: as of :class:`Opening`.
        line: whose state is shown.
        recipe: of the product.
        asks: takes its triggers; None where it is only read.
        has_alarm: whether an alarm of the record stands; never waits.
        access: of servers that know no password.
        own_fields: what the customer calls the fields of their own.
        deadline_s: longest time from a trigger to its answer.
        longest_s: so long an answer is waited for.
    """

    address: str
    host: str
    port: int
    fields: Mapping[str, str]
    line: LineState
    recipe: Recipe
    asks: Asks | None
    has_alarm: Callable[[], bool]
    access: ModbusAccess
    own_fields: tuple[str, ...] = ()
    deadline_s: float = 2.0
    longest_s: float = 7.0


def needs(module: str, what: str, package: str = "") -> None:
    """Say what to install where the library of a protocol is missing.

    Args:
        module: that is imported.
        what: the protocol.
        package: that has the module, where it is called otherwise.

    Raises:
        SourceError: if it is.
    """
    if find_spec(module) is None:
        raise SourceError(
            "{what} needs the package {module}, which is not installed. Install it: pip install "
            "'filo-inspector[protocols]'.",
            what=what,
            module=package or module,
        )


class Server(Protocol):
    """Runs from its start to its stop."""

    @property
    def problem(self) -> str:
        """Why it cannot do its work now, as a sentence; empty when all is well."""
        ...

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSpec:
    """One kind of output. Its module holds it as ``SPEC``, and nothing else knows the kind.

    Attributes:
        kind: its name, and the scheme of its address.
        rank: its place where kinds are listed, the smallest first.
        called: in the window.
        where: what its place is.
        place_caption: what is asked for in the window.
        place_example: what a place looks like.
        forms: how its address is written, in sentences and on the command line.
        about: one line in the docs: what it is.
        delivered: one line in the docs: when a verdict counts as delivered.
        help: beneath the place, in the window.
        secure: scheme of the same over TLS; empty where there is none.
        ports: the port that is meant where an address names none, by scheme.
        takes_verdicts: whether verdicts go there; one that does not tells people of alarms and reports.
        has_user: whether somebody may sign in there, with a password that the secret store keeps.
        is_signed: whether a secret ``hook:HOST:PORT`` signs what is sent.
        fields: what may be told beside the address.
        keeps_parameters: whether what stands behind a ``?`` belongs to the receiver, and is none of the fields.
        library: what has to be installed for it, as a sentence names it; empty for what always is.
        open: makes what delivers; None for a server.
        serve: makes a server and what tells it of every answer; None for what is delivered to.
        refuse: raises a SourceError where such a server must not listen, given the address, the host that it names,
            its fields and who may reach servers that know no password; the port is tried in any case.
    """

    kind: str
    rank: int
    called: Sentence
    where: Where
    place_caption: Sentence
    place_example: str
    forms: tuple[str, ...]
    about: str
    delivered: str
    help: Sentence = _NO_HELP
    secure: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    takes_verdicts: bool = True
    has_user: bool = False
    is_signed: bool = False
    fields: tuple[OutputField, ...] = ()
    keeps_parameters: bool = False
    open: Callable[[Opening], Sink] | None = None
    serve: Callable[[Serving], tuple[Reader, Server]] | None = None
    refuse: Callable[[str, str, Mapping[str, str], ModbusAccess], None] | None = None

    @property
    def schemes(self) -> tuple[str, ...]:
        """Those that its address may begin with, the plain one first."""
        return (self.kind, self.secure) if self.secure else (self.kind,)

    @property
    def is_asked(self) -> bool:
        """True for a server, which the other side asks; everything else is delivered to."""
        return self.serve is not None

    @property
    def is_delivered(self) -> bool:
        """True for what every verdict is delivered to."""
        return not self.is_asked and self.takes_verdicts

    @property
    def has_authority(self) -> bool:
        """Whether it is written with ``//`` behind the scheme, where a user may stand."""
        return self.where is Where.HOST or self.has_user

    def whole(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Every field that stands in the address, checked, with its default where ``fields`` has none.

        Raises:
            SourceError: if one is not known, or cannot be what it is.
        """
        known = {one.name: one for one in self.fields if not one.is_beside}
        for name in fields:
            if name not in known:
                raise SourceError(
                    "{name!r} is no field of such an output. There are: {known}.",
                    name=name[:80],
                    known=", ".join(known) or "–",
                )
        return {name: one.checked(fields.get(name, "")) or one.default for name, one in known.items()}
