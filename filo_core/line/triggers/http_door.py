"""The connections of the HTTP trigger: how long one may stand at the door, and how many places there are inside."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_INSIDE = 16
"""Requests with the right token that are answered at a time."""
_MOST_WAITING, _MOST_WAITING_OF_ONE = 16, 8
HEADERS_S = 1.0
"""So long the headers of a request may take."""


@dataclass(slots=True)
class Doorkeeper:
    """All connections of one server. For its event loop only.

    Who has not shown the right token yet stands at the door. There the longest waiting makes room for a newcomer, so
    that requests which are never finished hold nobody back; places inside are for those with the token alone.

    Attributes:
        longest_s: longest life of a connection.
        waiting: those at the door, the longest waiting first.
        inside: those whose token was right.
    """

    longest_s: float
    waiting: list[Door] = field(default_factory=list)
    inside: set[Door] = field(default_factory=set)

    def come(self, newcomer: Door) -> None:
        """Somebody has connected."""
        of_one = [door for door in self.waiting if door.address == newcomer.address]
        if len(of_one) >= _MOST_WAITING_OF_ONE:
            of_one[0].hang_up()
        elif len(self.waiting) >= _MOST_WAITING:
            self.waiting[0].hang_up()
        self.waiting.append(newcomer)

    def enter(self, door: Door) -> bool:
        """The token was right: whether there is a place inside."""
        if len(self.inside) >= MOST_INSIDE:
            return False
        self.leave(door)
        self.inside.add(door)
        return True

    def leave(self, door: Door) -> None:
        """A connection has ended."""
        if door in self.waiting:
            self.waiting.remove(door)
        self.inside.discard(door)

    def hang_up(self) -> None:
        """End every connection."""
        for door in [*self.waiting, *self.inside]:
            door.hang_up()


class Door(H11Protocol):
    """One connection: its headers have to be there in time, and it ends in time. ``doors`` is set by a subclass."""

    doors: Doorkeeper

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has connected."""
        super().connection_made(transport)
        # The application finds its connection there.
        self.app_state = {"door": self}
        self._limits = [
            self.loop.call_later(HEADERS_S, self._on_headers_due),
            self.loop.call_later(self.doors.longest_s, self.hang_up),
        ]
        self.doors.come(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        super().connection_lost(exc)
        self._leave()

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client has said all it wants to; True keeps the connection for the answer, which closes it."""
        return self.scheme == "http" and self.conn.their_state is h11.DONE

    @property
    def address(self) -> str:
        """The client's."""
        return self.client[0] if self.client else ""

    def enter(self) -> bool:
        """The token was right: whether there is a place inside."""
        return self.doors.enter(self)

    def hang_up(self) -> None:
        """End the connection now."""
        self.transport.abort()
        self._leave()

    def _on_headers_due(self) -> None:
        if self.conn.their_state is h11.IDLE:
            self.hang_up()

    def _leave(self) -> None:
        for limit in self._limits:
            limit.cancel()
        self.doors.leave(self)


def door_class(doors: Doorkeeper) -> Any:
    """What uvicorn makes for each connection of one server."""
    return type("_Door", (Door,), {"doors": doors})
