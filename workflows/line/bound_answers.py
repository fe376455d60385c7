"""Answers in the outbox held against the inspections of the chained record, before they are delivered or repeated.

Whoever can write the outbox's file could have a receiver told OK for a part that was NG, or was never judged.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from filo_core.naming.part_types import part_called
from filo_core.sentence import Sentence
from filo_core.types import EventKind, Verdict
from storage.audit.contents import sha256

if TYPE_CHECKING:
    from filo_core.line.results import LineResult
    from filo_core.types import InspectionRecord
    from storage.storage import Storage

logger = logging.getLogger(__name__)

_ALARM = "outbox"


class BoundAnswers:
    """Binds each answer to the inspection of its moment, by name and content, and that one to the audit chain.

    Args:
        storage: the record.
        station: kept with an alarm.
    """

    def __init__(self, storage: Storage, station: str = "") -> None:
        self._storage = storage
        self._station = station

    def why_not(self, result: LineResult) -> str:
        """Why an answer is not what the record says, as a part of a sentence; empty where it is.

        Raises:
            StorageError: if the record cannot be read.
        """
        with self._storage.reading() as transaction:
            found = [one for one in transaction.inspections.kept_at(result.decided_at) if _is_of(one, result)]
            if not found:
                return Sentence("belongs to no inspection of the record")
            same = [one for one in found if _says(one, result)]
            if not same:
                return Sentence("is another one than that of its inspection in the record")
            if not any(transaction.inspections.is_as_chained(one.inspection_id) for one in same):
                return Sentence("belongs to an inspection that is not as the audit chain has it")
        return ""

    def raise_alarm(self, trigger_id: str, why: str) -> str:
        """Keep in the audit chain that an answer was refused; back comes what is to be said.

        Raises:
            StorageError: if it cannot be kept.
        """
        sentence = Sentence(
            "The outbox was altered from outside: the answer to {trigger_id} {why}. It was not passed on.",
            trigger_id=trigger_id,
            why=why,
        )
        logger.error("%s", sentence)
        detail = {
            "key": _ALARM,
            "sentence": Sentence("{sentence} Call an admin.", sentence=sentence),
            "digest": sha256(sentence),
        }
        with self._storage.transaction() as transaction:
            detail |= {"found": 1, "first": [sentence]}  # type: ignore[dict-item]
            transaction.events.add(EventKind.ALARM_RAISED, "", self._station, "record", detail)
        return sentence


def _is_of(record: InspectionRecord, result: LineResult) -> bool:
    """Whether the two are of one part; a file that an earlier version asked for is known by its content."""
    if record.name in {result.file or result.trigger_id, result.trigger_id}:
        return True
    return bool(record.image_hash) and result.trigger_id == f"folder-{record.image_hash[:32]}"


def _says(record: InspectionRecord, result: LineResult) -> bool:
    if (record.recipe_hash, record.product) != (result.recipe_hash, result.product):
        return False
    if result.verdict is Verdict.NOT_INSPECTED:
        # Where a verdict was kept and could not be given in time, this is what was said, and it reads as NG. A code in
        # the picture may have said more of the part by then.
        return record.identity.includes(result.identity)
    worst = max(record.regions, key=lambda region: region.score, default=None)
    name, _ = part_called(record.verdict, record.regions, record.anomaly_types)
    found = (name, worst.position.value if worst is not None else "")
    kept = (record.verdict, record.image_score, *found, len(record.regions), record.identity)
    said = (result.verdict, result.score, result.anomaly_type, result.position, result.count, result.identity)
    return kept == said
