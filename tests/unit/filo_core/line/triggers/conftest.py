from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from filo_core.line.results import LineResult
from filo_core.line.triggers.base import Ticket, Trigger
from filo_core.types import Verdict


class Desk:
    """A station that answers every trigger at once, and writes down who asked."""

    problem = ""
    is_busy = False
    heartbeat = 7

    def __init__(self) -> None:
        self.asked: list[Trigger] = []
        self.answers = True
        self.remembers = False
        """Whether the same id again gets the first one's ticket, as of a station."""
        self.first: list[Ticket] = []
        self.open: list[Ticket] = []

    def ask(self, trigger: Trigger) -> Ticket:
        known = next((one for one in self.first if one.trigger.trigger_id == trigger.trigger_id), None)
        if self.remembers and known is not None:
            return known
        self.asked.append(trigger)
        ticket = Ticket(trigger)
        self.first.append(ticket)
        self.open.append(ticket)
        if self.answers:
            self.answer_all()
        return ticket

    def answer_all(self) -> None:
        """Answer what is still open."""
        while self.open:
            ticket = self.open.pop()
            trigger = ticket.trigger
            verdict = Verdict.NOT_INSPECTED if trigger.problem else Verdict.OK
            ticket.answer(
                LineResult(
                    trigger.trigger_id,
                    "nut",
                    "h",
                    verdict,
                    datetime.now(UTC),
                    reason=trigger.problem,
                    identity=trigger.identity,
                )
            )


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def run() -> Iterator[Callable[..., None]]:
    """Start a trigger; all are stopped at the end."""
    started = []

    def start(part) -> None:  # type: ignore[no-untyped-def]
        started.append(part)
        part.start()

    yield start
    for part in started:
        part.stop()
