"""The outbox at rest, held against the chained record: forged, edited and missing answers, whoever they are for."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from filo_core.errors import StorageError
from filo_core.sentence import Sentence
from filo_core.types import EventKind
from storage.audit.problems import Problem
from storage.outbox_reading import KeptAnswer, OutboxContent, content_at
from workflows.line.bound_answers import BoundAnswers

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from storage.storage import Storage

SAMPLE = 5000
"""Delivered answers that are looked at in a night; those that wait are looked at always."""
_TABLE = "outbox"


def outbox_problems(storage: Storage, outbox: Path, sample: int | None = None, seed: int = 0) -> tuple[Problem, ...]:
    """What is in the outbox, or is not, though the record says otherwise.

    Answers from before the record was restored or begun anew are left to delivery, which passes on none of them that
    the record does not know.

    Args:
        storage: the record.
        outbox: the station's file; nothing is found where there is none.
        sample: how many of the delivered answers to look at; None for all.
        seed: of the choice.

    Raises:
        StorageError: if the record cannot be read.
    """
    try:
        content = content_at(outbox)
    except StorageError as error:
        return (Problem(0, _TABLE, 0, Sentence("it cannot be read: {error}", error=error)),)
    since, given_up = _known(storage)
    bound = BoundAnswers(storage)
    found = [
        Problem(0, _TABLE, answer.number, Sentence("the answer to {trigger} {why}", trigger=answer.trigger_id, why=why))
        for answer in _chosen(content.answers, sample, seed)
        if (why := _why_not(bound, answer, since))
    ]
    return (*found, *_gone(content, given_up))


def _chosen(answers: tuple[KeptAnswer, ...], sample: int | None, seed: int) -> list[KeptAnswer]:
    done = [answer for answer in answers if not answer.is_waiting]
    if sample is None or len(done) <= sample:
        return list(answers)
    numbers = {answer.number for answer in random.Random(seed).sample(done, sample)}
    return [answer for answer in answers if answer.is_waiting or answer.number in numbers]


def _why_not(bound: BoundAnswers, answer: KeptAnswer, since: datetime | None) -> str:
    result = answer.result
    if result is None:
        return Sentence("is gone or cannot be read")
    if result.trigger_id != answer.trigger_id:
        return Sentence("is that of another part")
    if since is not None and result.decided_at < since:
        return ""
    if why := bound.why_not(result):
        return why
    return Sentence("is that of the record, and is held back all the same") if answer.is_refused else ""


def _known(storage: Storage) -> tuple[datetime | None, int]:
    """Since when the record is in its place, None for ever; and how many messages people gave up."""
    with storage.reading() as transaction:
        places = transaction.events.of_kinds(EventKind.RESTORED, EventKind.BEGUN_ANEW)
        given_up = transaction.events.of_kinds(EventKind.VERDICTS_DISCARDED)
    counts = [json.loads(event.detail).get("count", 0) for event in given_up]
    return max((event.at for event in places), default=None), sum(one for one in counts if isinstance(one, int))


def _gone(content: OutboxContent, given_up: int) -> list[Problem]:
    found = []
    if content.triggers_gone:
        found.append(
            Problem(
                0,
                _TABLE,
                0,
                Sentence("{count} triggers with their answers were taken out", count=content.triggers_gone),
            )
        )
    # Those of a trigger that is gone are gone with it.
    if content.messages_gone > given_up and not content.triggers_gone:
        found.append(
            Problem(0, _TABLE, 0, Sentence("{count} messages were taken out", count=content.messages_gone - given_up))
        )
    return found
