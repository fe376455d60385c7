"""What every output offers, and the one message it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from filo_core.errors import FiloError

if TYPE_CHECKING:
    from filo_core.line.results import LineResult


class SinkError(FiloError):
    """A message could not be delivered now; it is kept and tried again. The message holds no password."""


@dataclass(frozen=True, slots=True)
class Message:
    """A result on its way out. ``key`` stays the same at every try, so that a receiver can drop a repetition."""

    key: str
    result: LineResult


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
