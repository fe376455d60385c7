"""Verdicts that wait in the outbox: for which output, or for one that the settings name no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filo_core.types import EventKind
from storage.outbox import backlog_at
from workflows.line.delivery import Delivery
from workflows.line.outputs import outbox_names
from workflows.people.access import Access, Right

if TYPE_CHECKING:
    from storage.storage import Storage
    from workflows.settings.output_address import Output
    from workflows.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Undelivered:
    """How many verdicts wait."""

    waiting: dict[str, int] = field(default_factory=dict)
    """By address of an output of the settings; 0 where none does."""
    strays: dict[str, int] = field(default_factory=dict)
    """By name of an output that was removed, or has another address now: nothing delivers them."""


def undelivered(settings: Settings, outputs: Sequence[Output]) -> Undelivered:
    """What waits in the outbox of ``settings``.

    Raises:
        StorageError: if the outbox cannot be read.
    """
    backlog = backlog_at(settings.outbox)
    names = outbox_names(outputs, settings.export_folder)
    waiting = {address: backlog.pop(name, 0) for address, name in names.items()}
    return Undelivered(waiting, backlog)


def most_waiting(settings: Settings) -> int:
    """How many verdicts the output furthest behind has yet to take; strays count, and lines of a service as well.

    Raises:
        StorageError: if the outbox cannot be read.
    """
    return max((waiting for outbox in settings.outboxes for waiting in backlog_at(outbox).values()), default=0)


def discard(storage: Storage, access: Access, settings: Settings, stray: str, operator: str = "") -> int:
    """Give up the verdicts that wait for an output; the record keeps them, and says who gave up how many.

    Args:
        storage: the record.
        access: to it.
        settings: name outbox and station.
        stray: name of the output in the outbox.
        operator: the name to keep while there are no users.

    Raises:
        AccessError: if the person may not do this.
        DatabaseInUseError: while a line or Live of this station runs.
        StorageError: if it cannot be written.
    """
    by = access.require(Right.DISCARD_VERDICTS, operator)
    # Holds the station: nothing delivers meanwhile.
    held = Delivery(settings.outbox)
    try:
        count = held.outbox.backlog().get(stray, 0)
        with storage.transaction() as transaction:
            detail = {"count": count}
            transaction.events.add(EventKind.VERDICTS_DISCARDED, by, settings.station, stray, detail)
        return held.outbox.discard(stray)
    finally:
        held.stop()
