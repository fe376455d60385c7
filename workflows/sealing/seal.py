"""The head of the record's audit chain, signed, with the alarms that stand: it leaves with all that goes out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from filo_core.errors import StorageError
from filo_core.line.sinks.base import Seal
from filo_core.sentence import Sentence
from workflows.sealing.alarms import standing_alarms
from workflows.sealing.installation import Installation

if TYPE_CHECKING:
    from pathlib import Path

    from storage.storage import Storage

UNREADABLE = Sentence("The record cannot be read, so nobody can say whether it was altered. Call an admin.")

logger = logging.getLogger(__name__)


class RecordSeal:
    """Makes the seal of a record as it is at each call. Safe to use from several threads.

    Args:
        storage: the record.
        home: the data folder, whose installation signs.
    """

    def __init__(self, storage: Storage, home: Path) -> None:
        self._storage = storage
        self._installation = Installation(home)

    def __call__(self) -> Seal:
        """The seal; where the record cannot be read, an alarm says so and the message goes out all the same."""
        try:
            with self._storage.reading() as transaction:
                alarm = " ".join(one.sentence for one in standing_alarms(transaction))
            head = self._storage.head()
        except StorageError as error:
            logger.warning("messages go out without a head: %s", error)
            return Seal(self._installation.name, alarm=UNREADABLE)
        return Seal(self._installation.name, str(head), self._installation.sign(head), alarm)

    @property
    def words(self) -> str:
        """For a page or a line of a log: the head with its signature, and the alarms."""
        seal = self()
        signed = f"Record {seal.head}.{seal.signature}" if seal.head else "No head of the record"
        return f"{signed} of installation {seal.installation}" + (f". {seal.alarm}" if seal.alarm else "")
