"""What every output offers, and the one message it is given."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from filo_core.errors import FiloError

if TYPE_CHECKING:
    from filo_core.line.results import LineResult


ONLINE, NOT_READY, OFFLINE = "online", "not ready", "offline"


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


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the line would judge a part that came now."""

    problem: str
    """Why not, as a sentence; empty when it would."""
    at: datetime
    """Since when, UTC."""

    @property
    def state(self) -> str:
        """In a word or two: anything but ``online`` reads as NG."""
        return NOT_READY if self.problem else ONLINE

    def to_json(self) -> str:
        """One line of JSON."""
        content = {"state": self.state, "problem": self.problem, "at": self.at.isoformat()}
        return json.dumps(content if not self.problem else content | {"reads_as": "NG"}, ensure_ascii=False)


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

    def tell(self, readiness: Readiness) -> None:
        """Say that the line is not ready, or is again. First called when it is not; only the newest counts.

        Raises:
            SinkError: if nobody could be told; it is tried again.
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
