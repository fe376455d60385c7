"""Alarms of the record: what a check found that nobody of this program did. Each stands until an admin settles it.

They are events of the audit chain, so that nobody takes one away unseen, and every station of a shared record sees
them. A finding that was settled is raised again only once it is another one.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from filo_core.errors import FiloError
from filo_core.sentence import Sentence
from filo_core.types import EventKind
from storage.audit.contents import canonical, sha256
from workflows.people.access import Access
from workflows.people.rights import Right, asks, free

if TYPE_CHECKING:
    from storage.audit.problems import Problem
    from storage.storage import Storage, Transaction

_LISTED = 20
"""Findings that an event names; the number of all stands beside them."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that was found. ``key`` names the check: of each there is one alarm at a time."""

    key: str
    sentence: str
    since: datetime
    station: str
    """Where it was found."""
    digest: str
    """Of all its findings."""


class Alarms:
    """The alarms of a record. Safe to use from several threads.

    Args:
        storage: the record.
        station: kept with those that are raised here.
    """

    def __init__(self, storage: Storage, station: str = "") -> None:
        self._storage = storage
        self._station = station

    def standing(self) -> tuple[Alarm, ...]:
        """Those that nobody has settled, the oldest first.

        Raises:
            StorageError: if the record cannot be read.
        """
        with self._storage.reading() as transaction:
            return standing_alarms(transaction)

    def sentence(self) -> str:
        """All of them for a strip or a message, the oldest first; empty when there is none."""
        return " ".join(alarm.sentence for alarm in self.standing())

    @free("what a check of the program itself has found")
    def raise_for(self, key: str, problems: Sequence[Problem]) -> bool:
        """Raise the alarm of a check, unless it stands already or these findings were settled; True when it is new.

        Raises:
            StorageError: if it cannot be kept; the log has it all the same.
        """
        if not problems:
            return False
        sentences = [problem.sentence for problem in problems]
        digest = sha256(canonical(sorted(sentences)))
        more = Sentence(" and {sentences} more", sentences=len(sentences) - 1) if len(sentences) > 1 else ""
        sentence = Sentence(
            "The record was altered from outside: {sentences}{more}. Call an admin.", sentences=sentences[0], more=more
        )
        logger.error("%s", sentence)
        with self._storage.transaction() as transaction:
            if digest in {alarm.digest for alarm in _newest(transaction).values() if alarm.key == key}:
                return False
            detail = {"key": key, "sentence": sentence, "digest": digest, "found": len(sentences)}
            detail["first"] = sentences[:_LISTED]
            transaction.events.add(EventKind.ALARM_RAISED, "", self._station, "record", detail)
        return True

    @asks(Right.SETTLE_ALARMS)
    def settle(self, access: Access, reason: str, typed_name: str = "", pin: str | None = None) -> int:
        """Settle all that stand; back comes how many. Findings that come anew are raised anew.

        Args:
            access: who is signed in.
            reason: why they may be settled, in the person's words.
            typed_name: who says so while there are no users.
            pin: the person's once more, where one is signed in.

        Raises:
            AccessError: if the person may not, or the PIN is wrong.
            FiloError: if no reason is given.
        """
        if not reason.strip():
            raise FiloError("An alarm is settled with a reason. Say what was found out.")
        who = access.require(Right.SETTLE_ALARMS, typed_name, pin)
        with self._storage.transaction() as transaction:
            standing = standing_alarms(transaction)
            for alarm in standing:
                detail = {"key": alarm.key, "digest": alarm.digest, "reason": reason.strip()}
                transaction.events.add(EventKind.ALARM_SETTLED, who, self._station, "record", detail)
        return len(standing)


def standing_alarms(transaction: Transaction) -> tuple[Alarm, ...]:
    """As :meth:`Alarms.standing`, within a transaction."""
    newest = _newest(transaction, EventKind.ALARM_RAISED, EventKind.ALARM_SETTLED)
    return tuple(sorted((alarm for alarm in newest.values() if alarm.sentence), key=lambda alarm: alarm.since))


def _newest(transaction: Transaction, *kinds: EventKind) -> dict[str, Alarm]:
    """By check: its newest alarm; one without a sentence when the newest event of it settled it."""
    found: dict[str, Alarm] = {}
    for event in transaction.events.of_kinds(*kinds or (EventKind.ALARM_RAISED,)):
        detail = json.loads(event.detail)
        key, digest = str(detail.get("key")), str(detail.get("digest"))
        sentence = str(detail.get("sentence", ""))
        standing = found.get(key)
        # One that another has taken the place of meanwhile is not settled with the one before.
        if sentence or (standing is not None and standing.digest == digest):
            found[key] = Alarm(key, sentence, event.at, event.station, digest)
    return found
