"""What every output offers, and the one message it is given."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from filo_core.errors import FiloError

if TYPE_CHECKING:
    from filo_core.line.results import LineResult


class SinkError(FiloError):
    """A message could not be delivered now; it is kept and tried again. The message holds no password."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What leaves the machine with every message, so that the record behind it cannot be altered unseen afterwards."""

    installation: str = ""
    """Whose record it is."""
    head: str = ""
    """Newest entry of its audit chain, ``SEQUENCE:HASH``; empty where there is no record."""
    signature: str = ""
    """Of the head, by the key of the installation."""
    alarm: str = ""
    """What was found altered in the record, as a sentence; empty when nothing stands."""

    @property
    def fields(self) -> dict[str, str]:
        """As they stand in a message."""
        return {
            "installation": self.installation,
            "head": self.head,
            "head_signature": self.signature,
            "alarm": self.alarm,
        }


UNSEALED = Seal()


@dataclass(frozen=True, slots=True)
class Message:
    """A result on its way out. ``key`` stays the same at every try, so that a receiver can drop a repetition."""

    key: str
    result: LineResult
    seal: Seal = UNSEALED

    def to_json(self) -> str:
        """The result as one line of JSON, with the seal."""
        return json.dumps(json.loads(self.result.to_json()) | self.seal.fields, ensure_ascii=False, allow_nan=False)


class Sink(Protocol):
    """Delivers messages one at a time, always from the same thread."""

    @property
    def name(self) -> str:
        """What the outbox keeps its messages under; holds no password."""
        ...

    def deliver(self, message: Message) -> None:
        """Return once the receiver has taken the message.

        Raises:
            SinkError: if it has not, or it is not known whether it has.
        """
        ...

    def tell_alarm(self, seal: Seal) -> None:
        """Say that an alarm stands, or with an empty one that it was settled: a message of its own, and no verdict.

        Raises:
            SinkError: as :meth:`deliver`.
        """
        ...

    def check(self) -> None:
        """Try whether the receiver can be reached and lets us in, without delivering anything.

        Raises:
            SinkError: why not, and what to do.
        """
        ...

    def keep_alive(self) -> None:
        """Called every few seconds while nothing waits, first at the start: hold the connection, if there is one.

        Raises:
            SinkError: if the receiver is away.
        """
        ...

    def close(self) -> None:
        """Let go of connection and file; the sink opens them again when something is to be delivered."""
        ...
