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

    def ask(self, trigger: Trigger) -> Ticket:
        self.asked.append(trigger)
        ticket = Ticket(trigger)
        if self.answers:
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
        return ticket


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
